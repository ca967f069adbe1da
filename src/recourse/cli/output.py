"""What leaves a command: documents, whole files or none, and progress on stderr."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import click

import recourse as rs
from recourse.cli.packed import shown

FORMATS = ("text", "json", "csv", "html")
"""What a result can be written as."""


FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How text begins that spreadsheets run."""


def write_result(result: Any, format_: str | None, output: Path | None, *, raw_csv: bool = False) -> None:
    """Write a result to a file, or to stdout; without a format, as the file's ending says, else as text.

    raw_csv : whether text in CSV stays as it is, even where a spreadsheet would run it
    """
    content = _content(result, format_ or _format_of(output), raw_csv)
    if output is None:
        click.echo(content, nl=False)
        return
    write(output, content)
    click.echo(f"wrote {output}", err=True)


def _content(result: Any, format_: str, raw_csv: bool) -> str:
    if format_ == "json":
        return as_json(result.to_dict())
    if format_ == "csv":
        frame = result.to_frame()
        return as_csv(frame if raw_csv else harmless(frame))
    if format_ == "html":
        html: str = result.to_html()
        return html
    return f"{rs.errors.spelled_out(repr(result))}\n"


def _format_of(output: Path | None) -> str:
    """The format that a file's ending names; text where it names none."""
    ending = "" if output is None else output.suffix.lower().lstrip(".")
    return ending if ending in FORMATS else "text"


def as_json(document: Any) -> str:
    """Write a document as indented JSON, with a line break at its end."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(frame: Any) -> str:
    """Write a table as CSV, with its index where that has a name."""
    text: str = frame.to_csv(index=frame.index.name is not None)
    return text


def harmless(frame: Any) -> Any:
    """Return a table whose words a spreadsheet takes for words: those that begin as formulas do get a `'` in front.

    Numbers stay as they are, negative ones included.
    """
    import pandas as pd

    frame = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            frame.isetitem(place, [_quoted(value) for value in frame.iloc[:, place]])
    frame.columns = [_quoted(name) for name in frame.columns]
    if frame.index.name is not None:
        frame.index = pd.Index([_quoted(value) for value in frame.index], name=_quoted(frame.index.name))
    return frame


def _quoted(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(FORMULA) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


def check_output(path: Path) -> None:
    """Raise `InputError` where nothing could be written, before anything is computed."""
    try:
        path.stat()
    except FileNotFoundError:
        pass  # it will be made
    except OSError as error:  # a name that is too long, a folder that is a file
        raise rs.InputError(f"--output: can't write {shown(path)}: {error.strerror or error}.") from None
    folder = Path(os.path.realpath(path)).parent
    if path.is_dir():
        raise rs.InputError(f"--output: {path} is a folder; name a file in it.")
    if _is_special(path):
        if not os.access(path, os.W_OK):
            raise rs.InputError(f"--output: {path} can't be written to.")
    elif not folder.is_dir():
        raise rs.InputError(f"--output: there is no folder {path.parent}.")
    elif not os.access(folder, os.W_OK):
        raise rs.InputError(f"--output: nothing can be written to the folder {path.parent}.")


def _is_special(path: Path) -> bool:
    """Whether this is a pipe or a device: something to write into, never to replace."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write(path: Path, content: str) -> None:
    """Write a whole file or nothing; behind a symbolic link it is the link's target that changes."""
    if path == Path("/dev/stdout"):  # `run` has moved it: by that name it would be stderr
        click.echo(content, nl=False)
        return
    try:
        if _is_special(path):
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise rs.InputError(f"can't write {path}: {error.strerror or error}.") from None


def _replace(path: Path, content: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
