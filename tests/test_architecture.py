"""The doors: who may import whom. A module that is not listed here does not exist."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "kamlib"
LEAVES = {"edition"}
METHOD = {"schema", "stats", "edition"}
DOORS: dict[str, set[str]] = {
    "schema": set(),
    "stats": set(),
    "edition": set(),
    "vocabulary": set(),
    "problems": LEAVES,
    "glossary": LEAVES,
    "data": {"schema", "problems", "intake"} | LEAVES,
    "intake": {"schema", "problems"} | LEAVES,  # behind the door of data
    "templates": {"schema", "intake"} | LEAVES,
    # the methods: frames in, frames out; they meet in the notebook
    "market": METHOD,
    "segmentation": METHOD | {"weighting"},
    "weighting": METHOD,  # decade 1 is four rooms: they may see each other downwards
    "stability": METHOD | {"segmentation", "weighting"},
    "classes": METHOD | {"segmentation"},
    "profiles": METHOD | {"grouping"},
    "grouping": set(),
    "behaviour": METHOD | {"profiles"},
    "dossier": METHOD | {"behaviour"},
    "value": METHOD | {"lifetime", "order_history"},
    "retention": METHOD,
    "wallet": METHOD,
    "matrix": METHOD,
    "accountplan": METHOD,
    "roles": METHOD,
    "hierarchy": set(),  # parameters of regions that resemble each other
    "order_model": set(),
    "spend_model": set(),
    "order_history": METHOD,
    "lifetime": METHOD | {"hierarchy", "order_history", "order_model", "spend_model"},
    "forecast_origins": METHOD | {"order_history", "order_model", "lifetime"},
    "contracts": METHOD | {"hierarchy", "lifetime"},
    "funnel": METHOD | {"backtesting", "commitment", "forecast", "propensity"},
    "leads": METHOD,
    "progress": METHOD,
    "leadtocash": METHOD,
    "receivables": METHOD,
    "triangle": METHOD,
    "flywheel": METHOD,
    "planning": METHOD
    | {"cascade", "targets", "outlook", "smart", "whitespace", "response", "allocation", "strategy"}
    | {"jointforms", "jointplan", "planreading"},
    "cascade": METHOD,  # behind the door of planning
    "outlook": METHOD,
    "smart": METHOD | {"outlook"},
    "targets": METHOD | {"cascade"},
    "whitespace": METHOD,
    "response": METHOD,
    "allocation": METHOD | {"response"},
    # one joint plan: its form, what it computes, how it goes, and the draft that brings the three together
    "jointforms": METHOD,
    "jointplan": METHOD,
    "jointreview": METHOD,
    "jointdraft": METHOD | {"jointforms", "jointplan", "jointreview"},
    # the forecast behind the door of funnel
    "scoring": {"stats"},
    "deallog": METHOD,
    "seasons": {"stats"},
    "transitions": METHOD | {"deallog"},
    "tempo": {"scoring"},
    "paces": METHOD | {"deallog", "seasons", "tempo", "transitions"},
    "onward": METHOD | {"deallog", "paces", "seasons", "tempo", "transitions"},
    "baselines": METHOD | {"deallog", "paces"},
    "blending": METHOD | {"deallog", "onward", "paces", "baselines", "scoring"},
    "simulating": METHOD | {"deallog", "onward", "transitions"},
    "pooling": METHOD | {"deallog", "paces", "seasons", "transitions"},
    "cautions": METHOD | {"deallog", "onward", "paces", "blending", "transitions"},
    "backtesting": METHOD | {"deallog", "forecast", "onward", "paces", "pooling", "scoring", "simulating"},
    "forecast": METHOD
    | {"deallog", "onward", "paces", "blending", "simulating", "pooling", "cautions", "scoring", "transitions"},
    "commitment": METHOD | {"cautions", "forecast"},
    "propensity": METHOD,
    "strategy": METHOD,
    # what people see
    "charts": {"schema"} | LEAVES,
    "exports": {"schema", "vocabulary", "jointforms", "workbooks", "slides"} | LEAVES,
    "workbooks": {"vocabulary", "jointforms", "jointplan", "jointreview"} | LEAVES,
    "slides": {"vocabulary", "jointforms", "jointplan", "jointreview", "workbooks"} | LEAVES,
    "planreading": {"schema", "vocabulary", "jointforms", "workbooks", "problems", "intake"} | LEAVES,
    "grids": {"schema", "vocabulary", "jointforms", "jointreview"} | LEAVES,
    "worksheets": {"data", "schema", "vocabulary", "exports"} | LEAVES,
    # the report driver: reports and cli are its doors
    "driver": {"data", "exports", "glossary", "schema", "problems", "jointforms"} | LEAVES,
    "reports": {"driver", "problems"} | LEAVES,
    "cli": {"driver", "reports", "data", "templates", "problems"} | LEAVES,
    # for the people who keep the workbook
    "catalogues": {"schema", "intake", "vocabulary", "glossary"} | LEAVES,
    "stored": set(),
}
INTAKE: dict[str, set[str]] = {
    "characters": set(),
    "workbook": set(),
    "formsheets": {"workbook"},
    "forms": set(),
    "texts": set(),
    "amounts": {"characters"},
    "dates": {"characters"},
    "parsers": {"characters", "amounts", "dates"},
    "layout": {"texts"},
    "sources": {"texts", "layout", "workbook"},
    "mapping": {"texts", "parsers"},
    "rules": {"texts", "amounts"},
    "strays": {"characters"},
    "checks": {"texts", "parsers", "mapping", "rules", "strays"},
    "places": {"sources", "mapping"},
    "databases": {"sources"},
    "scans": set(),
    "books": {"checks"},
}
"""The doors inside the room behind `data`."""
ONLY_IN = {
    "matplotlib": {"charts"},
    "papermill": {"driver"},
    "duckdb": {"intake"},
    "sqlalchemy": {"intake"},
    "xlsxwriter": {"workbooks", "templates"},
    "pptx": {"slides"},
}
LONGEST_FUNCTION_MEDIAN = 10


def modules() -> list[Path]:
    return sorted(path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py")


def room(path: Path) -> str:
    """``charts`` for everything in the charts folder, else the module's name."""
    first = path.relative_to(LIBRARY).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Top-level packages, and for our own the module: ``kamlib.schema`` is ``kamlib.schema``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module in ("kamlib", "kamlib.intake")
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if whole else {node.module}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_a_module_imports_only_through_its_doors(path):
    name = room(path)
    assert name in DOORS, f"{name} is not in the table of doors: decide what it may import, and list it."
    ours = {part.split(".")[1] for part in imported(path) if part.startswith("kamlib.")} - {name}
    assert ours <= DOORS[name], f"{name} may not import {sorted(ours - DOORS[name])}"


def test_inside_the_room_of_data_imports_point_down():
    for path in (path for path in modules() if room(path) == "intake"):
        inside = {part.split(".")[2] for part in imported(path) if part.startswith("kamlib.intake.")}
        assert inside <= INTAKE[path.stem], f"{path.stem} may not import {sorted(inside - INTAKE[path.stem])}"


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_heavy_package_is_imported_in_one_room_only(package):
    users = {room(path) for path in modules() if any(part.split(".")[0] == package for part in imported(path))}
    assert users <= ONLY_IN[package]


def test_init_reexports_nothing():
    for path in LIBRARY.rglob("__init__.py"):
        body = ast.parse(path.read_text("utf-8")).body
        assert len(body) == 1, f"{path} holds more than a docstring"
        assert isinstance(body[0], ast.Expr), f"{path} holds more than a docstring"


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)]


def body_lines(function: ast.FunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_stay_small():
    lengths = sorted(body_lines(function) for path in modules() for function in functions(path))
    assert lengths[len(lengths) // 2] <= LONGEST_FUNCTION_MEDIAN


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text("utf-8"))
    public = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]
    assert ast.get_docstring(tree), f"{path.name} has no docstring"
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_no_warning_is_silenced_and_no_error_swallowed(path):
    text = path.read_text("utf-8")
    assert "filterwarnings" not in text
    assert "simplefilter" not in text
    handlers = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler)]
    assert all(handler.type is not None for handler in handlers), "a bare except"


OUTSIDE = {
    "value": ("customer_summary", "fit_order_model", "expected_orders", "lifetime_value"),
    "funnel": ("forecast", "win_propensity", "backtest"),
    "planning": ("decompose_target", "fit_response", "allocate", "joint_pnl", "check_smart", "read_jbp_workbook"),
    "exports": ("jbp_workbook", "publish"),
}
"""Names that people call from outside: the contract of each pillar's door."""


@pytest.mark.parametrize("door", OUTSIDE)
def test_a_pillar_can_be_called_by_the_names_of_its_contract(door):
    module = import_module(f"kamlib.{door}")
    assert [name for name in OUTSIDE[door] if not callable(getattr(module, name, None))] == []
