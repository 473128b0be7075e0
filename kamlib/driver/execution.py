"""The ordinary engine: a notebook in a kernel of its own, through papermill's Python API, and nothing taken on trust.

papermill calls a notebook completed whose kernel died, and a success that called ``sys.exit(0)``; it runs the default
region when a parameter is misspelt. Here a chapter counts only when every code cell has run without an error.
"""

import contextlib
import functools
import math
import os
import re
import time
from pathlib import Path
from queue import Empty

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from kamlib.driver.jobs import Failure, Job

MOST_OUTPUT = 20 << 20
"""Bytes of output after which a notebook is stopped."""
_ENGINE = "kam"
_LONGEST_MESSAGE = 600
_TURN = 0.5
"""Seconds after which a waiting run looks again whether a message has come."""
_PRIVATE = ".kam"
"""Within the run's folder: what the engine itself needs."""
_LOG = f"{_PRIVATE}/log.txt"
_IN_FOLDER = Config({"KernelManager": {"transport": "ipc", "ip": f"{_PRIVATE}/k"}})
"""Sockets in the run's own folder: no ports to collide over, and nobody else can connect."""
_PROFILE = "c = get_config()\nc.HistoryManager.enabled = False\n"


def execute(job: Job) -> tuple[Failure | None, float]:
    """Run a job here and now; the executed notebook is written to ``job.result``.

    Returns
    -------
    failure, cpu
        None if every cell ran, and the CPU seconds used, the kernel's included.
    """
    _settle_in(job)
    notebook = nbformat.reads(job.notebook, 4)
    failure = refusal(notebook, job.parameters)
    if failure is None:
        notebook, failure = _run(notebook, job)
    _write(Path(job.result), nbformat.writes(tidy(notebook, job.folder)))
    return failure, sum(os.times()[:4])


def _settle_in(job: Job) -> None:
    """Make this process and the kernels it starts live in the job's folder, speak its language and leave no trace."""
    os.chdir(job.folder)
    profile = Path(_PRIVATE, "ipython", "profile_default")
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_config.py").write_text(_PROFILE)
    os.environ.update(
        KAM_LANG=job.language,
        PYTHONHASHSEED="0",
        IPYTHONDIR=str(profile.parent.absolute()),
        JUPYTER_RUNTIME_DIR=str(Path(_PRIVATE, "runtime").absolute()),
        JUPYTER_PREFER_ENV_PATH="1",
    )
    log = os.open(_LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)


def refusal(notebook: NotebookNode, parameters: dict[str, str]) -> Failure | None:
    """Why a notebook must not be run with these parameters: papermill would run it with its own instead."""
    declared = papermill.inspect_notebook(notebook)
    if not any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells):
        return Failure("no parameters")
    unknown = [name for name in parameters if name not in declared]
    return Failure("unknown parameters", ", ".join(unknown)) if unknown else None


class _Client(PapermillNotebookClient):
    """papermill's client, but for a limit to what a notebook may print and show."""

    written = 0

    def process_message(self, msg, cell, cell_index):
        self.written += _size(msg["content"])
        if self.written <= MOST_OUTPUT:
            return super().process_message(msg, cell, cell_index)
        self.task_poll_for_reply.cancel()  # ends the run the way a dead kernel does
        return None


def _size(content: dict) -> int:
    data = content.get("data", {})
    shown = sum(len(value) for value in data.values() if isinstance(value, str)) if isinstance(data, dict) else 0
    return len(content.get("text", "")) + shown


class _Engine(NBClientEngine):
    """papermill's engine, but for the client; ``seen`` tells the caller how far it came, whatever happens."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, seen: dict, deadline: float, **_kwargs):
        client = _Client(
            nb_man,
            on_notebook_start=lambda notebook: _look_again(client.kc),
            kernel_name=kernel_name,
            startup_timeout=60,
            timeout_func=lambda _cell: max(0.1, deadline - time.monotonic()),
            on_cell_execute=lambda cell, cell_index: seen.update(cell=cell.id),
            iopub_timeout=60,
            record_timing=False,
            shutdown_kernel="immediate",
            config=_IN_FOLDER,
        )
        seen.update(notebook=nb_man.nb, client=client)
        client.execute()


def _look_again(kernel) -> None:
    """Wait for the kernel's messages in short turns.

    zmq's asyncio sockets miss a wake-up now and then (about one in some thousand cells on a busy machine); the message
    is there, and is found when the wait ends. Without this a run sits idle until its time limit.
    """
    for channel in (kernel.shell_channel, kernel.iopub_channel):
        channel.get_msg = functools.partial(_in_turns, channel.get_msg)


async def _in_turns(get_msg, timeout: float | None = None) -> dict:
    end = time.monotonic() + (math.inf if timeout is None else timeout)
    while True:
        left = end - time.monotonic()
        try:
            return await get_msg(timeout=max(0.0, min(_TURN, left)))
        except Empty:
            if left <= _TURN:
                raise


papermill_engines.register(_ENGINE, _Engine)


def _run(notebook: NotebookNode, job: Job) -> tuple[NotebookNode, Failure | None]:
    seen = {"notebook": notebook, "cell": None}
    error: Exception | None = None
    deadline = time.monotonic() + job.limits.seconds
    try:
        papermill.execute_notebook(
            notebook,
            None,
            parameters=job.parameters,
            engine_name=_ENGINE,
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            seen=seen,
            deadline=deadline,
        )
    except (PapermillExecutionError, DeadKernelError, CellTimeoutError, RuntimeError, OSError) as caught:
        error = caught
    if isinstance(error, CellTimeoutError) and time.monotonic() < deadline:
        error = DeadKernelError(_last_words())
    return seen["notebook"], _judged(seen, error, job)


def _judged(seen: dict, error: Exception | None, job: Job) -> Failure | None:
    """The failure of a run, or None when every cell has run."""
    cells = _code_cells(seen["notebook"])
    at = next((number for number, cell in enumerate(cells, 1) if cell.get("id") == seen["cell"]), None)
    if "client" in seen and seen["client"].written > MOST_OUTPUT:
        return Failure("output", f"{MOST_OUTPUT >> 20} MB", at)
    if isinstance(error, CellTimeoutError):
        return Failure("time", f"{job.limits.seconds:g}", at)
    for number, cell in enumerate(cells, 1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return _raised(output, number, job)
    if error is not None:
        kind = "died" if isinstance(error, DeadKernelError | RuntimeError) else "error"
        return Failure(kind, _last_words() if kind == "died" else scrub(str(error), job.folder), at)
    unrun = [number for number, cell in enumerate(cells, 1) if cell.source.strip() and not cell.execution_count]
    return Failure("unfinished", cell=unrun[0]) if unrun else None


def _raised(output: NotebookNode, number: int, job: Job) -> Failure:
    message = scrub(f"{output.ename}: {output.evalue}".removesuffix(": "), job.folder)[:_LONGEST_MESSAGE]
    if output.ename == "SystemExit":
        return Failure("exit", message, number)
    return Failure("memory" if "Memory" in output.ename else "error", message, number)


def _last_words() -> str:
    """The last line a dead kernel wrote, if any."""
    lines = [line.strip() for line in Path(_LOG).read_text("utf-8", "replace").splitlines()]
    ours = ("Kernel died", "Timeout waiting", "Error occurred while starting")
    lines = [line for line in lines if line and not line.startswith(ours)]
    return scrub(lines[-1], str(Path.cwd()))[:_LONGEST_MESSAGE] if lines else ""


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Code cells in order, without the one papermill put in: their numbers are those of the stored notebook."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", [])
    ]


# --- what may be published ---

_KEPT = ("tags",)
_KERNEL_FILE = re.compile(r"(/|[A-Za-z]:\\)[^\s:'\"]*ipykernel_\d+[/\\]\d+\.py")
_PYTHON_FILE = re.compile(r"(?:/|[A-Za-z]:\\)(?:[^\s:'\"<>]+[/\\])+([^\s:'\"<>/\\]+\.py)")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_REPOSITORY = str(Path(__file__).parents[2])


def scrub(text: str, folder: str) -> str:
    """Text without this machine's paths, process numbers and memory addresses."""
    text = _KERNEL_FILE.sub("<cell>", _ANSI.sub("", text))
    return _placeless(_PYTHON_FILE.sub(r"\1", text), folder)


def _placeless(text: str, folder: str) -> str:
    for place in (folder, _REPOSITORY, str(Path.home())):
        text = text.replace(f"{place}/", "") if len(place) > 1 else text
    return _ADDRESS.sub("", text).replace(folder, ".")


def tidy(notebook: NotebookNode, folder: str) -> NotebookNode:
    """The executed notebook as it is published: the same run gives the same bytes on any day and machine."""
    kept = notebook.metadata.get("kam", {})
    notebook.metadata = NotebookNode(kernelspec=notebook.metadata.get("kernelspec", {}), kam=kept)
    notebook.metadata["language_info"] = NotebookNode(name="python")
    notebook.cells = [c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = f"parameters-{number}"
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in _KEPT if key in cell.metadata})
        if cell.cell_type == "code":
            cell.outputs = [_tidy_output(output, folder) for output in cell.outputs if not _is_widget(output)]
    return notebook


def _is_widget(output: NotebookNode) -> bool:
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {})


def _tidy_output(output: NotebookNode, folder: str) -> NotebookNode:
    if output.output_type == "error":
        output.evalue, output.traceback = scrub(output.evalue, folder)[:_LONGEST_MESSAGE], []
    elif output.output_type == "stream":
        output.text = scrub(output.text, folder)
    for mime in ("text/plain", "text/html", "text/markdown"):
        if mime in output.get("data", {}):
            output.data[mime] = _placeless(output.data[mime], folder)
    return output


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        with contextlib.suppress(OSError):
            os.fsync(file.fileno())
    draft.replace(path)
