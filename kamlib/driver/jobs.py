"""What travels between the driver and its helpers: a notebook to run, how it failed, and a region's pages to make."""

from dataclasses import dataclass, field

from kamlib.edition import _

ALL_PAGES = "*"
"""Among the pages of a sibling: it is being made with the same pages."""


@dataclass(frozen=True)
class Limits:
    """What one job may use."""

    seconds: float = 600.0
    memory: int = 4 << 30


@dataclass(frozen=True)
class Job:
    """All an engine needs to run a notebook, in plain values that can travel to another process."""

    name: str
    notebook: str
    """The notebook as JSON, in its language and without learners' cells."""
    parameters: dict[str, str]
    language: str
    folder: str
    """A private folder to run in; `parameters["data_dir"]` leads from here to the region's book."""
    result: str
    """Where the executed notebook goes."""
    fingerprint: str
    limits: Limits = Limits()


@dataclass(frozen=True)
class Failure:
    """Why a chapter has no result."""

    kind: str
    """error · exit · time · memory · output · died · unfinished · no parameters · unknown parameters"""
    message: str = ""
    cell: int | None = None
    """The number of the code cell, as Jupyter shows it in brackets."""


@dataclass
class Entry:
    """A chapter in one region's report in one language."""

    name: str
    title: str
    status: str = ""
    """done · failed · skipped; empty while it is waited for."""
    source: str = ""
    """The executed notebook."""
    fingerprint: str = ""
    failure: Failure | None = None
    missing: tuple[str, ...] = ()
    """Tables for want of which it was skipped."""


@dataclass
class Report:
    """One region's report in one language: all that its pages need."""

    language: str
    company: dict[str, str]
    """Language -> the company's name."""
    region: dict[str, str]
    """Language -> the region's name."""
    key: str
    """The region as the data spells it."""
    slug: str
    as_of: str
    data: str
    """What the data is called, without this machine's path."""
    folder: str = ""
    """Where the pages go."""
    siblings: dict[str, list[str]] = field(default_factory=dict)
    """The other languages this report comes in, with their pages."""
    entries: list[Entry] = field(default_factory=list)
    health: list[dict[str, object]] = field(default_factory=list)
    """Per table: table, rows, first, last."""
    absent: list[str] = field(default_factory=list)
    """Tables the company or region has no rows of."""
    conversions: int = 0
    currency: str = ""
    """Of every amount in it; empty when its regions do not share one."""


def describe(failure: Failure) -> str:
    """A failure in one sentence, in the language spoken now."""
    sentence = _what(failure)
    return _("cell {cell}: {what}", cell=failure.cell, what=sentence) if failure.cell else sentence


def _what(failure: Failure) -> str:
    message = failure.message
    if failure.kind == "time":
        return _("stopped at the time limit of {seconds} s (KAM_TIMEOUT)", seconds=message)
    if failure.kind == "memory":
        return _("needed more than the memory limit (KAM_MEMORY): {said}", said=message)
    if failure.kind == "output":
        return _("wrote more than {most} of output", most=message)
    if failure.kind == "died":
        return _("its process died before the end{why}", why=f" ({message})" if message else "")
    if failure.kind == "exit":
        return _("left with sys.exit before its last cell")
    if failure.kind == "no parameters":
        return _("not run: it has no cell tagged 'parameters'")
    if failure.kind == "unknown parameters":
        return _("not run: its parameters cell does not set {names}", names=message)
    if failure.kind == "unfinished":
        return _("not every cell has run")
    return message
