"""Run the stored notebooks anew and write them back clean: ``python -m kamlib.stored notebooks/10_*.ipynb``.

For whoever changes a notebook: outputs of the default region, execution counts 1..n, no time stamps, no widget state.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

SECONDS = 300
_KEPT = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}


def store(path: Path) -> None:
    """Execute one notebook in its own folder and write it back. Raises nbclient's CellExecutionError."""
    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook, timeout=SECONDS, resources={"metadata": {"path": path.parent}}, record_timing=False
    )
    client.execute()
    notebook.metadata = {**_KEPT, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter")}
        _tidy(cell)
    nbformat.write(notebook, path)


def _tidy(cell) -> None:
    """Widgets are stored as their text only: their ids change from run to run."""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "application/vnd.jupyter.widget-view+json" in data:
            output["data"] = {"text/plain": "(a slider lives here when the notebook runs)"}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"running {name}", flush=True)
        store(Path(name))
