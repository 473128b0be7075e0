"""Tasks in processes of their own, several at once, each with a time and a memory limit; none can harm another.

All are forked from one small server process that has imported what they need, so that no task pays for it again.
"""

import contextlib
import importlib
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import connection, get_all_start_methods, get_context, parent_process

import psutil

PRELOADED = ("kamlib.driver.quick", "kamlib.driver.execution", "kamlib.driver.binding")
GRACE = 15.0
"""Seconds beyond its limit after which a task that did not end by itself is ended."""
_LARGEST_FILE = 1 << 30


@dataclass(frozen=True, eq=False)
class Task:
    """``function`` (``module:name``) applied to ``argument`` in a process of its own."""

    key: tuple[str, ...]
    function: str
    argument: object
    seconds: float = 600.0
    memory: int = 4 << 30


@dataclass(frozen=True)
class Answer:
    """What a task returned; ``ended`` says why there is nothing: ``time``, ``died`` or ``error`` with its message."""

    value: object = None
    ended: str = ""
    seconds: float = 0.0
    message: str = ""


@dataclass
class _Run:
    process: object
    answers: connection.Connection
    started: float


def _context():
    method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    context = get_context(method)
    context.set_forkserver_preload(list(PRELOADED))
    return context


def warm_up() -> None:
    """Start the server process, so that it imports while the caller still reads its data."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # several processes side by side: one thread of algebra each
    if _context().get_start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver.ensure_running()


class Pool:
    """At most ``workers`` tasks at once. Leaving the ``with`` block ends those still running, children and all."""

    def __init__(self, workers: int):
        self.workers = workers
        self._context = _context()
        self._runs: dict[Task, _Run] = {}

    def __enter__(self) -> "Pool":
        warm_up()
        return self

    def __exit__(self, *_error: object) -> None:
        for run in self._runs.values():
            end_tree(run.process.pid)
            run.process.join(5)

    @property
    def free(self) -> int:
        """How many more tasks may be started now."""
        return self.workers - len(self._runs)

    @property
    def tasks(self) -> list[Task]:
        """The tasks that are running, longest first."""
        return list(self._runs)

    def start(self, task: Task) -> None:
        """Start a task."""
        receiving, sending = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(task, sending), daemon=False)
        process.start()
        sending.close()
        self._runs[task] = _Run(process, receiving, time.monotonic())

    def finished(self, wait: float) -> Iterable[tuple[Task, Answer]]:
        """The tasks that ended, after waiting up to ``wait`` seconds for the first."""
        ready = connection.wait([run.answers for run in self._runs.values()], wait)
        ended = [(task, run) for task, run in self._runs.items() if run.answers in ready or _overdue(task, run)]
        for task, run in ended:
            yield task, self._collect(task, run)

    def _collect(self, task: Task, run: _Run) -> Answer:
        seconds = time.monotonic() - run.started
        try:
            answer = (
                Answer(**run.answers.recv(), seconds=seconds)
                if run.answers.poll()
                else Answer(ended="time", seconds=seconds)
            )
        except (EOFError, OSError):
            answer = Answer(ended="died", seconds=seconds)
        if answer.ended:
            end_tree(run.process.pid)
        run.process.join(GRACE)
        run.answers.close()
        del self._runs[task]
        return answer


def _overdue(task: Task, run: _Run) -> bool:
    return time.monotonic() - run.started > task.seconds + GRACE


def _work(task: Task, answers: connection.Connection) -> None:
    """Runs in the child."""
    os.setsid()  # Ctrl-C at the terminal is for the driver, which then ends its children
    threading.Thread(target=_end_with_driver, daemon=True).start()
    _limit(task.memory)
    module, _colon, name = task.function.partition(":")
    try:
        answer = {"value": getattr(importlib.import_module(module), name)(task.argument)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the driver names it
        answer = {"ended": "error", "message": f"{type(error).__name__}: {error}"}
    answers.send(answer)
    answers.close()


def _end_with_driver() -> None:
    """When the driver is gone, even by ``kill -9``, end what this process started, then this process."""
    parent_process().join()
    end_tree(os.getpid(), itself=False)
    os._exit(1)


def _limit(memory: int) -> None:
    """Cap the memory of this process and, each by itself, of those it starts. Linux keeps to it, others may not."""
    try:
        import resource
    except ImportError:
        return
    # RLIMIT_DATA counts what is really writable: the address space that thread pools merely reserve does no harm
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def end_tree(pid: int, *, itself: bool = True) -> None:
    """Kill everything that process ``pid`` has started, and the process."""
    try:
        process = psutil.Process(pid)
        family = [*process.children(recursive=True), *([process] if itself else [])]
    except psutil.NoSuchProcess:
        return
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
