"""What leaves a command: documents, whole files or none, progress on stderr, and exit codes."""

from __future__ import annotations

import json
import operator
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

import recourse as rs

if TYPE_CHECKING:
    pass


FAILED, BAD_INPUT, REFUSED, UNDECIDED, BUG, UNREAD = 1, 2, 3, 4, 70, 141


def condition_of(text: str, *, grouped: bool) -> Callable[[rs.Audit], str]:
    """Read 'measure<number' or 'difference.measure>number'; the answer says how it was hit, or nothing.

    A measure that nobody is there to tell (a share of nobody, a gap of one group) hits, too: it proves nothing.
    """
    from recourse.audits.tally import Tally

    match = re.fullmatch(r"\s*(difference\.)?(\w+)\s*(<=|>=|<|>)\s*([-+.\deE]+)\s*", text)
    measures = list(Tally().measures())
    if match is None or match[2] not in measures:
        raise rs.InputError(
            f"--fail-if: {text!r} must be like 'feasible<0.9' or 'difference.feasible>0.05'; the measures are "
            f"{', '.join(measures)}."
        )
    compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[match[3]]
    measure = match[2]
    try:
        limit = float(match[4])
    except ValueError:
        raise rs.InputError(f"--fail-if: {match[4]!r} is not a number.") from None
    if match[1] and not grouped:
        raise rs.InputError(f"--fail-if: {text.strip()!r} needs --group-by: there is no difference without groups.")

    def check(result: rs.Audit) -> str:
        if match[1]:
            known = result.difference(measure)["difference"].to_dict()
            values = {group: known.get(group) for group in dict.fromkeys(name for name, _ in result.partial.groups)}
        else:
            values = {"everybody": result.overall[measure]}
        hits = [
            f"{name}: nobody to tell {measure} from" if value is None else f"{name}: {value:.4g}"
            for name, value in values.items()
            if value is None or compare(value, limit)
        ]
        return f"{text.strip()} ({', '.join(hits)})" if hits else ""

    return check


def as_json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def check_output(path: Path) -> None:
    """Raise `InputError` where nothing could be written, before anything is computed."""
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


@contextmanager
def progress_bar(doing: str = "searching", unit: str = "people") -> Iterator[Callable[[int, int], object] | None]:
    """A progress bar on stderr; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def fail(error: Exception, code: int) -> NoReturn:
    click.echo(f"error: {error}", err=True)
    sys.exit(code)
