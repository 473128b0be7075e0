"""Where reports go: safe names, one writer at a time, and folders that are complete or not there at all.

A region's pages are made in a folder beside the published one, flushed to disk, sealed by a manifest of sha256 sums and
swapped in by one rename. Whatever moment the power fails at, readers find the old report or the new one, and the next
run clears up.
"""

import contextlib
import ctypes
import errno
import hashlib
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

MANIFEST = "manifest.json"
WORK = ".work"
"""Everything unfinished, inside the folder of a company and day."""
_LONGEST = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(10))}
_AT_HERE, _EXCHANGE = -100, 2


class BusyError(Exception):
    """Another run is writing the same company's reports of the same day."""


# --- names ---


def slug(name: str) -> str:
    """A name as a folder name on any system: letters and digits of any script and ``_``, all else a dash."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" or c == "_" else "-" for c in plain)
    short = "-".join(part for part in kept.split("-") if part)
    return short if _sound(short) else f"{short[:_LONGEST].strip('-') or 'region'}-{_mark(name)}"


def _sound(short: str) -> bool:
    return bool(short) and len(short) <= _LONGEST and len(short.encode()) <= 200 and short.lower() not in _RESERVED


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def slugs(names: Iterable[str]) -> dict[str, str]:
    """A folder name for each of several names, no two the same even where case does not count."""
    names = list(dict.fromkeys(names))
    plain = {name: slug(name) for name in names}
    folded = [_folded(short) for short in plain.values()]
    return {
        name: short if folded.count(_folded(short)) == 1 else f"{short[:_LONGEST]}-{_mark(name)}"
        for name, short in plain.items()
    }


def _folded(short: str) -> str:
    return unicodedata.normalize("NFKC", short).casefold()


# --- one writer ---


@contextlib.contextmanager
def only_writer(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a folder for writing. The hold ends with the process, however it ends.

    Raises
    ------
    BusyError
        If another process holds it.
    """
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise BusyError(str(folder)) from error
    try:
        yield
    finally:
        os.close(handle)


# --- whole files and folders ---


def write(path: Path, text: str | bytes) -> None:
    """Write a file whole or not at all, and to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("wb") as file:
        file.write(text.encode() if isinstance(text, str) else text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def seal(folder: Path, facts: dict) -> None:
    """Flush a finished folder to disk and write its manifest: ``facts`` and the sha256 of every file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    sums = {path.relative_to(folder).as_posix(): checksum(path) for path in files}
    for path in (*files, *(place for place in folder.rglob("*") if place.is_dir()), folder):
        _flush(path)
    write(folder / MANIFEST, json.dumps({**facts, "files": sums}, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    _flush(folder)


def checksum(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def manifest(folder: Path) -> dict:
    """The manifest of a published folder; empty if there is none that can be read."""
    try:
        return json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def intact(folder: Path, name: str) -> bool:
    """Whether a published file is still what the manifest says."""
    path = folder / name
    return path.is_file() and manifest(folder).get("files", {}).get(name) == checksum(path)


# --- the swap ---


def publish(new: Path, target: Path, old: Path) -> None:
    """Put the folder ``new`` in the place of ``target``; ``old`` is a free place on the same disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        new.rename(target)
    elif _exchange(new, target):
        shutil.rmtree(new)
    else:
        old.parent.mkdir(parents=True, exist_ok=True)
        target.rename(old)
        new.rename(target)
        shutil.rmtree(old)
    _flush(target.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step, where the system can (Linux)."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    done = library.renameat2(_AT_HERE, os.fsencode(one), _AT_HERE, os.fsencode(other), _EXCHANGE)
    if done != 0 and ctypes.get_errno() not in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(other))
    return done == 0


def heal(folder: Path) -> None:
    """After a run that was killed: put back what was being swapped out, and clear all but finished chapters."""
    work = folder / WORK
    for old in sorted(work.glob("old/*/*")):
        target = folder / old.parent.name / old.name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            old.rename(target)
    for place in ("old", "new", "books", "runs"):
        shutil.rmtree(work / place, ignore_errors=True)
    for draft in folder.glob(".*.draft"):
        draft.unlink()
