"""One source of truth for what is installed, and a README whose commands exist."""

import ast
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def locked() -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", LOCK, re.M))


def wanted() -> list[str]:
    return PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]


def test_environment_yml_asks_for_the_same_python_and_leaves_the_rest_to_pyproject():
    told = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    assert told[0] == f"python {PROJECT['project']['requires-python']}"
    assert told[1:] == ["pip", {"pip": ["-e ."]}]


def test_the_lock_admits_every_range_of_pyproject():
    from packaging.requirements import Requirement

    versions = locked()
    for line in wanted():
        requirement = Requirement(line)
        assert requirement.name in versions, f"{requirement.name} is not locked: make lock"
        assert requirement.specifier.contains(versions[requirement.name]), (
            f"{line}: locked {versions[requirement.name]}"
        )


def test_every_locked_package_has_a_hash_and_no_address():
    assert LOCK.count("==") <= LOCK.count("--hash=sha256:")
    assert "://" not in LOCK
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def imported(path: Path) -> set[str]:
    """The packages a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    given = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in plain | given}


def test_every_imported_package_is_declared():
    declared = {re.split(r"[<>=\[;~! ]", line)[0].lower().replace("-", "_") for line in wanted()}
    names = {
        "sklearn": "scikit_learn",
        "pptx": "python_pptx",
        "matplotlib_inline": "matplotlib",
        "IPython": "jupyterlab",
    }
    names |= dict.fromkeys(("nbformat", "nbclient", "jupyter_client", "ipykernel"), "jupyterlab")
    names |= dict.fromkeys(("jinja2", "mistune", "bs4", "traitlets", "pygments", "markupsafe"), "nbconvert")
    names |= {
        "threadpoolctl": "scikit_learn",
        "psutil": "jupyterlab",
        "yaml": "jupyterlab",
        "packaging": "pytest",
        "fontTools": "matplotlib",
    }
    for path in (ROOT / "kamlib").rglob("*.py"):
        for package in imported(path):
            if package in ("kamlib",) or package in __import__("sys").stdlib_module_names:
                continue
            assert names.get(package, package).lower() in declared, (
                f"{path.name} imports {package}, which pyproject does not name"
            )


def test_the_commands_of_the_readme_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    used = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text("utf-8")))
    assert {"report", "test"} <= used <= targets


def test_nothing_names_a_machine_or_a_registry():
    pattern = re.compile(r"/home/\w|/Users/\w|/root/|/work/|pypi\.org|registry\.npmjs|files\.pythonhosted")
    suffixes = {".py", ".md", ".toml", ".yml", ".yaml", ".csv", ".lock", ".ipynb", ".po", ""}
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and path.suffix in suffixes and not parts[0].startswith((".", "build", "reports")):
            if path.name in ("test_setup.py", "test_notebooks.py") or path.stat().st_size > 3_000_000:
                continue
            found = pattern.search(path.read_text("utf-8", errors="replace"))
            assert not found, f"{path.relative_to(ROOT)}: {found[0]}"
