"""Find, verify and fetch the public tables: from a folder of yours, from the cache, or from their source.

No table is used and none enters the cache before its SHA-256 has been compared with the registry's.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from recourse.datasets.dataset import Dataset
from recourse.datasets.registry import SOURCES
from recourse.datasets.source import Source
from recourse.errors import InputError, RecourseError, nearest


def _source(name: str) -> Source:
    """The facts of a data set by its name, or an error with the nearest one."""
    if name == "lender":
        raise InputError("'lender' is generated, not stored: call lender(n).")
    if name not in SOURCES:
        raise InputError(f"{name!r} is not a data set of this package. {nearest(name, ['lender', *SOURCES])}")
    return SOURCES[name]


def sha256_of(content: bytes) -> str:
    """The checksum of a file's bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def cache_folder() -> Path:
    """Name the folder that `fetch` fills: in the user's cache, by the custom of the platform.

    Returns
    -------
    Path
        It may not exist yet.

    Examples
    --------
    >>> cache_folder().name
    'openrecourse'
    """
    home = Path.home()
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        root = home / "Library" / "Caches"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    return Path(root) / "openrecourse"


def folders_of(data_home: str | os.PathLike[str] | None) -> list[Path]:
    """Where tables are looked for, in this order."""
    folders = [cache_folder()]
    if named := os.environ.get("RECOURSE_DATA"):
        folders.insert(0, Path(named))
    if data_home is not None:
        if not Path(data_home).is_dir():
            raise InputError(f"data_home is not a folder: {os.fspath(data_home)!r}.")
        folders.insert(0, Path(data_home))
    return folders


def load(name: str, *, data_home: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a real data set from this machine, if it is byte for byte the table that the figures use.

    Looks for `NAME.csv` in `data_home`, then in the folder that the environment variable `RECOURSE_DATA`
    names, then in the cache that `fetch` fills. Never downloads. Write `rs.datasets.load("credit").X` and `.y` to fit,
    and `.frame` to group by a column that is not a feature.

    Parameters
    ----------
    name : {"credit", "german", "german_raw", "compas", "adult"}
        Which one.
    data_home : path, optional
        A folder to look in first.

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        For an unknown name, for a file with another SHA-256, and where there is none: the message says the ways to
        get it.

    Notes
    -----
    These are people's records: use them to test and to measure, never to identify anyone. Each set has known
    harms; read `Dataset.known_harms` (here in brief) before you print a number.

    * **credit** (30,000; `NoDefaultNextMonth` = 1): card clients in Taiwan, 2005. Everyone already had
      credit. Sex was dropped; marital status and age are features; people of 40 are in two age bands.
    * **german** (1,000; `GoodCustomer` = 1, else −1): sex and marital status share one field and can't be
      told apart; several published code meanings are wrong, and the recoding adds mistakes (`MissedPayments`
      is upside down). `Gender` and `PurposeOfLoan` are text: in `frame`, not in `X`.
    * **german_raw** (1,000; `class` = 1, else 2): the same people with the original codes, all 20 columns.
    * **compas** (7,214, of whom 6,907 in `X`; `two_year_recid` = 0): an arrest is not a crime, and the
      two-year rate is inflated by an error in the source. `X` has the benchmark's nine features; `score_text`
      = "Low" in `frame` is the other favourable outcome in use, and never a feature. 307 people without a
      length of stay are not in `X`.
    * **adult** (32,561; `income` = ">50K"): an income, not a decision; 1994; unknown values are "?". `X`
      leaves out the survey weight `fnlwgt`.
    """
    # find it
    source = _source(name)
    folders = folders_of(data_home)
    path = next((path for folder in folders if (path := folder / f"{name}.csv").is_file()), None)
    if path is None:
        looked = ", ".join(f"{folder}" if folder.is_dir() else f"{folder} (no such folder)" for folder in folders)
        raise InputError(
            f"The data set {name!r} is not on this machine (looked for {name}.csv in {looked}). Either set "
            f"RECOURSE_DATA to a folder that has it, or download it with 'recourse data fetch {name}', or, "
            f"where there is no network, import a copy with 'recourse data fetch {name} --from FILE'."
        )

    # use nothing but the bytes that the figures are about
    content = path.read_bytes()
    if (got := sha256_of(content)) != source.sha256:
        raise InputError(
            f"{path} is not the data set {name!r}: its SHA-256 is {got}, expected {source.sha256}. Was it "
            f"edited, or its line ends changed? Remove it and run 'recourse data fetch {name}'."
        )

    frame = pd.read_csv(io.BytesIO(content))
    kept = frame.dropna(subset=list(source.complete)) if source.complete else frame
    return Dataset(
        name=name,
        X=kept.drop(columns=[source.target, *source.left_out]),
        y=kept[source.target].copy(),
        target=source.target,
        desired=source.desired,
        frame=frame,
        description=source.description,
        licence=source.licence,
        citation=source.citation,
        known_harms=source.known_harms,
    )


def fetch(
    name: str,
    *,
    from_file: str | os.PathLike[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Put a data set into the cache, from its public source or from a file of yours, and return where it is.

    The table is converted in memory, its SHA-256 is compared, and only then is it moved into place: the cache never
    holds anything unverified or half-written, and a download never outlives the call (the public COMPAS file has names
    and birth dates).

    Parameters
    ----------
    name : {"credit", "german", "german_raw", "compas", "adult"}
        Which one.
    from_file : path, optional
        Byte for byte the public file or the finished table; needs no network. Without it the public file is downloaded
        (needs the extra: ``pip install 'openrecourse[data]'``), unless the cache has the table already.
    progress : function, optional
        Told each step in a sentence.

    Returns
    -------
    Path
        The table in the cache.

    Raises
    ------
    InputError
        For an unknown name, a failed download, and a file or a conversion with another checksum.
    RecourseError
        If a download is needed and pooch is not installed.

    Notes
    -----
    How far the conversions are tested: those of adult, german and german_raw rebuild our tables exactly from files
    whose checksums are those published for UCI's. That of credit is tested on its own inverse only, and that of COMPAS
    on made-up people only: if either differs from the source, `fetch` refuses; it never adapts.
    """
    source = _source(name)
    say = progress or (lambda step: None)
    place = cache_folder() / f"{name}.csv"

    # get the bytes
    if from_file is None:
        if place.is_file() and sha256_of(place.read_bytes()) == source.sha256:
            say(f"{name} is already in the cache")
            return place
        say(f"downloading {source.url}")
        content = _download(source)
    else:
        try:
            content = Path(from_file).read_bytes()
        except OSError as error:
            raise InputError(f"{os.fspath(from_file)!r} can't be read: {error.strerror}.") from error

    # make the table of them, and store it whole
    content = _table_of(source, content, say)
    try:
        _replace(place, content)
    except OSError as error:
        raise InputError(f"{place} can't be written: {error.strerror}. Nothing was stored.") from error
    say(f"verified and stored {place}")
    return place


def _table_of(source: Source, content: bytes, say: Callable[[str], None]) -> bytes:
    """The table, verified: what was given is the table already, or the public file that is converted to it."""
    got = sha256_of(content)
    if got == source.sha256:
        return content
    if got != source.url_sha256:
        raise InputError(
            f"The file has SHA-256 {got}. It should be the table {source.name}.csv ({source.sha256}) or the "
            f"unchanged file {source.url} ({source.url_sha256}). Nothing was stored."
        )
    say("converting")
    table = source.convert(content)
    if (got := sha256_of(table)) != source.sha256:
        raise InputError(
            f"Converting the public file did not give the table of {source.name!r}: its SHA-256 is {got}, "
            f"expected {source.sha256}. Nothing was stored. Please report this."
        )
    return table


def _download(source: Source) -> bytes:
    """The public file's bytes, verified; no copy of it stays."""
    try:
        import pooch
    except ImportError:
        raise RecourseError(
            "Downloading needs pooch: pip install 'openrecourse[data]'. Or get "
            f"{source.url} in another way and import it with --from FILE (from_file= in Python)."
        ) from None
    file = source.url.rsplit("/", 1)[1]
    logger = pooch.get_logger()  # it would write to stderr even where nobody is watching
    level = logger.level
    logger.setLevel("ERROR")
    try:
        with tempfile.TemporaryDirectory() as folder:
            shelf = pooch.create(
                folder,
                base_url="",
                registry={file: source.url_sha256},
                urls={file: source.url},
                retry_if_failed=1,
            )
            return Path(shelf.fetch(file, downloader=pooch.HTTPDownloader(timeout=60))).read_bytes()
    except (OSError, ValueError) as error:  # no network or no such page; a wrong checksum
        raise InputError(
            f"{source.url} could not be downloaded as it should be: {error}. Nothing was stored. Get the "
            "file in another way and import it with --from FILE (from_file= in Python)."
        ) from error
    finally:
        logger.setLevel(level)


def _replace(place: Path, content: bytes) -> None:
    """Write all of it or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, place)
    except BaseException:
        os.unlink(temporary)
        raise
