"""The driver: notebooks × regions × languages to published reports, in parallel, each run by itself.

One region's book is cut out and saved before its notebooks start, so that no run can see another region. A chapter that
fails, fails alone. What has not changed since it was published is taken over, what an interrupted run had finished can
be picked up, and a region's pages are swapped in only when they are complete.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat

from kamlib import edition
from kamlib.driver import chapters, publishing, shelf, snapshots
from kamlib.driver.chapters import Chapter
from kamlib.driver.console import Screen, duration, plain
from kamlib.driver.jobs import ALL_PAGES, Entry, Failure, Job, Report, describe
from kamlib.driver.plans import Plan, Wish, WishError, plan
from kamlib.driver.running import Answer, Pool, Task, warm_up
from kamlib.edition import _
from kamlib.problems import DataError

ENGINE = "kamlib.driver.execution:execute"
"""``module:function`` that runs a `Job`: the one place where the engine is chosen."""
_BINDER = "kamlib.driver.binding:bind"


@dataclass(frozen=True)
class Mishap:
    """Something that went wrong, for the table at the end."""

    region: str
    notebook: str
    what: str


def make(wish: Wish, screen: Screen) -> list[Mishap]:
    """Make and publish reports.

    Returns
    -------
    list
        What went wrong, chapter by chapter; empty when all is well.

    Raises
    ------
    WishError
        If a region, a notebook or a combination of companies is asked for that there is not.
    FaultyError
        If a company's data has problems. Nothing has run then.
    BusyError
        If another run is writing the same reports.
    """
    warm_up()
    try:
        book = chapters.read_chapters(wish.folder, wish.notebooks)
    except ValueError as error:
        raise WishError(str(error)) from error
    plans = [plan(location, wish, screen) for location in wish.companies]
    if len({each.folder for each in plans}) < len(plans):
        raise WishError(_("Two companies have the same name; report them into different folders (--out)."))
    with contextlib.ExitStack() as stack:
        for each in plans:
            stack.enter_context(publishing.only_writer(each.folder))
            _clear(each, wish, screen)
            stack.callback(publishing.heal, each.folder)
        mishaps = _Making(wish, plans, book, screen).run()
        for each in plans:
            shutil.rmtree(each.work, ignore_errors=True)
    return mishaps


def _clear(each: Plan, wish: Wish, screen: Screen) -> None:
    """Put right what a killed run left; its finished chapters stay if they are to be picked up."""
    publishing.heal(each.folder)
    finished = len(list(each.work.glob("staged/*/*/*.json")))
    if finished and not wish.resume:
        shutil.rmtree(each.work / "staged")
        screen.say(_("Cleared {n} finished chapters of an interrupted run (--resume keeps them).", n=finished))
    each.work.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass
class _Leaf:
    """One region in one language, on its way to being published."""

    plan: Plan
    report: Report
    book: Path
    """The saved book its notebooks open."""
    book_mark: str = ""
    waiting: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str, str, str]:
        return str(self.plan.folder), self.report.slug, self.report.language

    @property
    def label(self) -> str:
        return plain(f"{self.report.region[edition.language()]} · {self.report.language}")

    @property
    def place(self) -> Path:
        return Path(self.report.slug, self.report.language)

    @property
    def target(self) -> Path:
        return self.plan.folder / self.place

    def staged(self, chapter: str) -> Path:
        return self.plan.work / "staged" / self.place / f"{chapter}.ipynb"

    def entry(self, chapter: str) -> Entry:
        return next(entry for entry in self.report.entries if entry.name == chapter)


class _Making:
    """The state of one run: what is still to be cut, what is queued, what went wrong."""

    def __init__(self, wish: Wish, plans: list[Plan], book: list[Chapter], screen: Screen):
        self.wish, self.book, self.screen = wish, book, screen
        self.regions = deque((each, region) for each in plans for region in each.regions)
        self.queue: deque[Task] = deque()
        self.leaves: dict[tuple[str, ...], _Leaf] = {}
        self.mishaps: list[Mishap] = []
        self._texts: dict[tuple[str, str], str] = {}
        self._run, self._kept, self._cpu = 0, 0, 0.0

    def run(self) -> list[Mishap]:
        """Cut, run, bind and publish until nothing is left, a region at a time."""
        started = time.monotonic()
        self.screen.begin(len(self.regions) * len(self.wish.languages) * len(self.book))
        try:
            with Pool(self.wish.workers) as pool:
                while self.regions or self.queue or pool.tasks:
                    self._advance(pool)
        finally:
            self.screen.end()
        spent, cpu = duration(time.monotonic() - started), duration(self._cpu)
        run, kept = self._run, self._kept
        self.screen.say(
            _("{run} run, {kept} taken over, in {spent} ({cpu} of processor)", run=run, kept=kept, spent=spent, cpu=cpu)
        )
        return self.mishaps

    def _advance(self, pool: Pool) -> None:
        while pool.free and self.queue:
            pool.start(self.queue.popleft())
        if self.regions and len(self.queue) < pool.workers:
            self._cut(*self.regions.popleft())  # one region ahead, so that nobody waits for it
        elif pool.tasks:
            self.screen.at(", ".join(" ".join(task.key[1:]) for task in pool.tasks[:2]))
            for task, answer in list(pool.finished(0.5)):
                self._take(task, answer)

    # --- before the notebooks ---

    def _cut(self, each: Plan, region: str) -> None:
        """Save a region's book, take over what is still good, and queue the rest."""
        try:
            book = each.company.book(region, each.as_of)
            names = snapshots.in_each(edition.LANGUAGES, lambda: book.name)
            self.screen.say(_("Reading {region} …", region=plain(names[edition.language()])))
            health, absent = snapshots.health(book)
        except DataError as error:
            self.mishaps.append(Mishap(plain(region), "", str(error)))
            return
        published = {name: publishing.manifest(each.folder / each.slugs[region] / name) for name in edition.LANGUAGES}
        whole = self._whole(published)
        able = [c for c in whole if not set(c.needs) & set(absent) and not each.pools.failure(c)]
        titles = {language: each.titles[language] for language in self.wish.languages}
        books = snapshots.save(book, each.work / "books" / each.slugs[region], titles, each.pools, able)
        for language, place in books.items():
            report = self._report(each, region, names, language, published)
            report.health, report.absent = health, absent
            self._open(_Leaf(each, report, place, snapshots.mark_of(place)), whole)

    def _whole(self, published: dict[str, dict]) -> list[Chapter]:
        """The chapters asked for, and those published before: they stay beside them as long as they are good."""
        wanted = {chapter.name for chapter in self.book}
        before = {name for manifest in published.values() for name in manifest.get("chapters", {})}
        paths = [self.wish.folder / f"{name}.ipynb" for name in before - wanted]
        earlier = [chapters.read_chapter(path) for path in paths if path.exists()]
        return sorted([*self.book, *earlier], key=lambda chapter: chapter.name)

    def _report(self, each: Plan, region: str, names: dict, language: str, published: dict[str, dict]) -> Report:
        slug = each.slugs[region]
        files = {name: list(manifest.get("files", {})) for name, manifest in published.items()}
        files |= {name: [ALL_PAGES] for name in self.wish.languages}
        return Report(
            language=language,
            company=each.titles,
            region=names,
            key=region,
            slug=slug,
            as_of=f"{each.as_of:%Y-%m-%d}",
            data=each.called,
            folder=str(each.work / "new" / slug / language),
            siblings={name: pages for name, pages in files.items() if pages and name != language},
            conversions=each.conversions,
            currency=each.currency_of(region),
        )

    def _open(self, leaf: _Leaf, whole: list[Chapter]) -> None:
        """Give every chapter its place in a report, and bind at once if none has to run."""
        self.leaves[leaf.key] = leaf
        wanted = {chapter.name for chapter in self.book}
        for chapter in whole:
            entry, job = self._enter(leaf, chapter)
            self._kept += bool(entry.source)
            if chapter.name not in wanted and not entry.source:
                self.screen.say(_("{where}: left out, out of date: {what}", where=leaf.label, what=entry.name))
                continue
            leaf.report.entries.append(entry)
            if not entry.status:
                self._queue(leaf, job)
            elif chapter.name in wanted:
                self._report_step(leaf, entry, 0)
        if not leaf.waiting:
            self._queue_binding(leaf)

    def _enter(self, leaf: _Leaf, chapter: Chapter) -> tuple[Entry, Job | None]:
        """A chapter skipped, failed, taken over, or (its status empty) with the job that runs it."""
        entry = Entry(chapter.name, chapter.title(leaf.report.language))
        entry.missing = tuple(name for name in chapter.needs if name in leaf.report.absent)
        if entry.missing:
            entry.status = "skipped"
            return entry, None
        entry.failure = leaf.plan.pools.failure(chapter)
        if entry.failure:
            entry.status = "failed"
            return entry, None
        job = self._job(leaf, chapter)
        entry.fingerprint = job.fingerprint
        entry.source = str(self._still_good(leaf, job) or "")
        entry.status = "done" if entry.source else ""
        return entry, job

    def _job(self, leaf: _Leaf, chapter: Chapter) -> Job:
        language = leaf.report.language
        job = Job(
            name=chapter.name,
            notebook=self._text(chapter, language),
            parameters={"data_dir": leaf.plan.called, "region": leaf.report.key, "as_of": leaf.report.as_of},
            language=language,
            folder=str(leaf.plan.work / "runs" / leaf.place / chapter.name),
            result=str(leaf.staged(chapter.name)),
            fingerprint="",
            limits=self.wish.limits,
        )
        parts = [job.notebook, job.parameters, language, snapshots.mark_of_library(), leaf.book_mark]
        mark = hashlib.sha256(json.dumps([*parts, leaf.plan.pools.mark(chapter)], sort_keys=True).encode())
        return replace(job, fingerprint=mark.hexdigest())

    def _text(self, chapter: Chapter, language: str) -> str:
        key = chapter.name, language
        if key not in self._texts:
            self._texts[key] = nbformat.writes(chapter.in_language(language))
        return self._texts[key]

    def _still_good(self, leaf: _Leaf, job: Job) -> Path | None:
        """A finished run of the same job: of an interrupted run, or as published."""
        staged, file = leaf.staged(job.name), f"{job.name}.ipynb"
        if self.wish.force:
            return None
        if staged.exists() and _staged_mark(staged) == job.fingerprint:
            return staged
        known = publishing.manifest(leaf.target).get("chapters", {}).get(job.name, {})
        same = known.get("status") == "done" and known.get("fingerprint") == job.fingerprint
        return leaf.target / file if same and publishing.intact(leaf.target, file) else None

    def _queue(self, leaf: _Leaf, job: Job) -> None:
        """Lay out a private folder, from which the book is seen under the data's own name, and queue the run."""
        seen_as = Path(job.folder, leaf.plan.called)
        seen_as.parent.mkdir(parents=True)
        seen_as.symlink_to(os.path.relpath(leaf.book, seen_as.parent), target_is_directory=True)
        leaf.waiting.add(job.name)
        self.queue.append(Task((*leaf.key, job.name), ENGINE, job, job.limits.seconds, job.limits.memory))

    # --- after each ---

    def _take(self, task: Task, answer: Answer) -> None:
        leaf = self.leaves[task.key[:3]]
        if task.function == _BINDER:
            self._publish(leaf, answer)
            return
        entry, staged = leaf.entry(task.argument.name), leaf.staged(task.argument.name)
        entry.failure = _failure(task, answer)
        entry.status = "failed" if entry.failure else "done"
        entry.source = str(staged) if staged.exists() else ""
        if entry.status == "done":
            publishing.write(staged.with_suffix(".json"), json.dumps({"fingerprint": entry.fingerprint}))
        shutil.rmtree(task.argument.folder, ignore_errors=True)
        self._run, self._cpu = self._run + 1, self._cpu + (answer.value[1] if answer.value else 0.0)
        self._report_step(leaf, entry, answer.seconds)
        leaf.waiting.discard(entry.name)
        if not leaf.waiting:
            self._queue_binding(leaf)

    def _report_step(self, leaf: _Leaf, entry: Entry, seconds: float) -> None:
        """Tell how a chapter went, and remember what went wrong."""
        if entry.failure:
            what = describe(entry.failure)
            self.mishaps.append(Mishap(leaf.label, entry.name, plain(what)))
        elif entry.missing:
            what = _("left out, no data: {tables}", tables=", ".join(entry.missing))
        else:
            what = duration(seconds) if seconds else _("unchanged, taken over")
        self.screen.step(f"{leaf.label} · {entry.name} · {plain(what)}", worked=seconds > 0)

    def _queue_binding(self, leaf: _Leaf) -> None:
        self.queue.appendleft(Task(leaf.key, _BINDER, leaf.report))

    def _publish(self, leaf: _Leaf, answer: Answer) -> None:
        """Swap a region's finished pages in."""
        if answer.ended:
            what = _("its pages could not be made: {why}", why=answer.message or answer.ended)
            self.mishaps.append(Mishap(leaf.label, "", what))
            self.screen.say(f"{leaf.label} · {what}")
            return
        publishing.publish(Path(leaf.report.folder), leaf.target, leaf.plan.work / "old" / leaf.place)
        shutil.rmtree(leaf.plan.work / "staged" / leaf.place, ignore_errors=True)
        shelf.shelve(leaf.plan.folder, leaf.plan.slugs.values())
        self.screen.say(_("Published {page}", page=leaf.target / "index.html"))


def _staged_mark(staged: Path) -> str:
    try:
        return json.loads(staged.with_suffix(".json").read_text("utf-8"))["fingerprint"]
    except (OSError, ValueError, KeyError):
        return ""


def _failure(task: Task, answer: Answer) -> Failure | None:
    if answer.ended == "time":
        return Failure("time", f"{task.seconds:g}")
    if answer.ended:
        return Failure("died", answer.message)
    return answer.value[0]
