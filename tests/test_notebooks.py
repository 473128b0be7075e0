"""The anatomy every notebook shares; nbval alone passes on cleared outputs and on misspelt tags."""

import ast
import json
import re
import statistics
from pathlib import Path

import nbformat
import pytest

from kamlib import edition, vocabulary

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TAGS = {"parameters", "hand", "widget", "decide", "headline", "exercise", "solution", "nbval-check-output"}
ONCE = ("parameters", "hand", "decide", "headline")
PARAMETERS = {"data_dir", "region", "as_of"}
DECADES = "012345679"
NAME = re.compile(rf"[{DECADES}]\d_[a-z0-9_]+\.ipynb")
MOST_LINES, MOST_MEDIAN = 12, 4
CELLS = range(24, 41)
CARD = ("You decide", "Tables", "Minutes", "Terms")
GLOSSARY = (ROOT / "GLOSSARY.md").read_text("utf-8")
ANCHORS = set(re.findall(r'<a id="([^"]+)"></a>', GLOSSARY))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path):
    return nbformat.read(path, 4)


def code(path: Path) -> list:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prose(path: Path) -> str:
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def tagged(path: Path, tag: str) -> list:
    return [cell for cell in read(path).cells if tag in cell.metadata.get("tags", [])]


def lines(cell) -> int:
    return len([line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")])


def test_there_are_notebooks_and_their_names_tell_pillar_and_subject():
    assert NOTEBOOKS
    assert [path.name for path in NOTEBOOKS if not NAME.fullmatch(path.name)] == []


def test_the_map_of_the_method_knows_which_notebooks_are_here():
    table = edition.reference("notebooks").set_index("notebook")["here"]
    assert sorted(table.index[table == "yes"]) == [path.stem[:2] for path in NOTEBOOKS]


@each_notebook
def test_only_known_tags(path):
    used = {tag for cell in read(path).cells for tag in cell.metadata.get("tags", [])}
    assert used <= TAGS


@each_notebook
def test_every_part_is_there_once(path):
    assert {tag: len(tagged(path, tag)) for tag in ONCE} == dict.fromkeys(ONCE, 1)
    assert len(tagged(path, "widget")) >= 1
    assert 3 <= len(tagged(path, "exercise")) <= 4


@each_notebook
def test_length_and_cells_stay_readable(path):
    assert len(read(path).cells) in CELLS
    lengths = [lines(cell) for cell in code(path)]
    assert max(lengths) <= MOST_LINES
    assert statistics.median(lengths) <= MOST_MEDIAN


@each_notebook
def test_the_title_card_comes_first(path):
    card = read(path).cells[0].source
    assert card.startswith(f"# {path.stem[:2]} · ")
    for line in CARD:
        assert f"| **{line}** |" in card, f"the card has no line {line}"


@each_notebook
def test_terms_lead_to_the_glossary(path):
    terms = re.findall(r"\(\.\./GLOSSARY\.md#([^)]+)\)", prose(path))
    assert terms
    assert set(terms) <= ANCHORS, f"not in GLOSSARY.md: {sorted(set(terms) - ANCHORS)}"


@each_notebook
def test_parameters_are_literals_with_a_comment(path):
    cell = tagged(path, "parameters")[0]
    assigned = {}
    for node in ast.parse(cell.source).body:
        assert isinstance(node, ast.Assign), "parameters are plain assignments"
        assigned[node.targets[0].id] = ast.literal_eval(node.value)
    assert assigned.keys() >= PARAMETERS
    assert 1 <= len(assigned) - len(PARAMETERS) <= 3, "one to three knobs"
    assert all(" # " in line for line in cell.source.splitlines()), "every parameter says its unit or allowed values"
    assert assigned["data_dir"] == "../data/demo"


@each_notebook
def test_no_functions_no_classes_no_magics_no_filters(path):
    for cell in code(path):
        assert not re.search(
            r"^\s*(def|class) |^\s*[%!]|sys\.path|filterwarnings|simplefilter|os\.chdir", cell.source, re.M
        )


@each_notebook
def test_imports_stand_in_one_cell_of_three_to_five_lines(path):
    importing = [cell for cell in code(path) if re.search(r"^(import|from) ", cell.source, re.M)]
    assert len(importing) == 1
    assert 3 <= lines(importing[0]) <= 6


@each_notebook
def test_the_hand_calculation_is_short_and_checked_against_the_library(path):
    cells = code(path)
    hand = tagged(path, "hand")[0]
    assert lines(hand) <= 8
    assert "kamlib" not in hand.source
    later = cells[[cell.id for cell in cells].index(hand.id) + 1 :]
    assert any("assert " in cell.source for cell in later[:3]), "an assert compares the hand calculation"


@each_notebook
def test_exercises_are_checked_and_solved(path):
    for tag in ("exercise", "solution"):
        for cell in tagged(path, tag):
            assert "worksheets.check(" in cell.source
    exercises, solutions = tagged(path, "exercise"), tagged(path, "solution")
    assert len(exercises) == len(solutions)
    for cell in exercises:
        assert "answer = None" in cell.source
        assert "Not answered yet" in text_of(cell)
    for cell in solutions:
        assert cell.metadata.get("jupyter", {}).get("source_hidden"), "a solution is collapsed"
        assert "Right" in text_of(cell), f"the solution is not right: {cell.source}"


def text_of(cell) -> str:
    return " ".join(str(output.get("data", {}).get("text/plain", output.get("text", ""))) for output in cell.outputs)


@each_notebook
def test_it_is_stored_executed_in_order_and_without_error_or_warning(path):
    cells = code(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [output for cell in cells for output in cell.outputs]
    assert [o.get("ename") or o.get("name") for o in kinds if o.output_type in ("error", "stream")] == []


@each_notebook
def test_nothing_of_the_machine_is_stored(path):
    raw = path.read_text("utf-8")
    assert not re.search(r"/home/|/Users/|/root/|/tmp/|/work/|[A-Z]:\\\\", raw)
    notebook = read(path)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "jupyter"}


@each_notebook
def test_headline_and_decisions_are_published(path):
    headline = tagged(path, "headline")[0]
    assert "nbval-check-output" in headline.metadata["tags"]
    frame = published(headline)
    assert frame["name"] == "headline"
    assert 3 <= len(frame["columns"]) <= 6
    assert len(frame["rows"]) == 1
    assert published(tagged(path, "decide")[0])["name"] == "decisions"


def published(cell) -> dict:
    from kamlib.exports import MIME

    return next(output["data"][MIME] for output in cell.outputs if MIME in output.get("data", {}))


@each_notebook
def test_published_columns_have_a_label_and_a_format(path):
    from kamlib.exports import MIME

    frames = [o["data"][MIME] for cell in code(path) for o in cell.outputs if MIME in o.get("data", {})]
    used = {column for frame in frames for column in frame["columns"]}
    assert used <= vocabulary.COLUMNS.keys(), f"not in the vocabulary: {sorted(used - vocabulary.COLUMNS.keys())}"


@each_notebook
def test_every_sentence_is_written_where_it_is_said_so_that_the_catalogue_finds_it(path):
    calls = [n for cell in code(path) for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call) and n.args]
    said = [n for n in calls if getattr(n.func, "id", getattr(n.func, "attr", "")) in ("say", "sentences")]
    unseen = [ast.unparse(n) for n in said if not isinstance(n.args[0], ast.Constant)]
    assert unseen == [], "a message behind a name is never translated"


@each_notebook
def test_prose_is_true_for_every_region(path):
    text = prose(path)
    payloads = json.dumps([o.get("data", {}).get("text/plain", "") for cell in code(path) for o in cell.outputs])
    names = {"East", "South", "North", "Central", "Southwest", "Northwest", "Northeast", "华东", "华南", "华北", "华中"}
    said = {name for name in names if re.search(rf"\b{name}\b", text)}
    assert not said, f"prose names a region: {said}; compute the sentence instead ({len(payloads)} outputs)"


@each_notebook
def test_it_closes_with_take_aways_limits_next_and_sources(path):
    last = read(path).cells[-1].source
    for word in ("Take away", "Limits", "Next", "Sources"):
        assert word in last


@each_notebook
def test_blocks_of_prose_split_without_loss(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            assert "".join(text for text, _block in edition.blocks(cell.source)) == cell.source
