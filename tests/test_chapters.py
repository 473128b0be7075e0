"""What a notebook needs and asks for is read from the notebook itself."""

import nbformat
import pytest
from small import BOOK, PARAMETERS, notebook

from kamlib import segmentation
from kamlib.driver import chapters


def test_numbers_and_ranges_select_what_is_there():
    known = {0, 10, 11, 20, 31}
    assert chapters.numbers_in("10-24,31", known) == {10, 11, 20, 31}
    assert chapters.numbers_in(" 0 , 11 - 11", known) == {0, 11}


@pytest.mark.parametrize("text", ["12", "10,12", "32-40", "ten", "10-", "-10", "10,,11", "10;11", "100"])
def test_a_number_nobody_has_and_nonsense_are_named(text):
    with pytest.raises(ValueError, match=r"notebook|number"):
        chapters.numbers_in(text, {10, 11})


def test_the_title_card_tells_title_and_tables(tmp_path):
    chapter = chapters.read_chapter(notebook(tmp_path, "31_double_funnel", tables="`stages`, `orders`, `none such`"))
    assert chapter.title("en") == "Double funnel"
    assert chapter.needs == ("stages", "orders")
    assert chapter.number == 31


def test_learners_cells_go_with_the_words_that_only_introduce_them(tmp_path):
    path = notebook(
        tmp_path,
        "10_x",
        "%% ## One\n\nkept",
        "1",
        "%% ## Exercises",
        "%% Work it out.",
        "#!exercise\nanswer = None",
        "#!solution\nanswer = 1",
        "%% ## Takeaways\n\nkept",
    )
    sources = [cell.source for cell in chapters.read_chapter(path).in_language("en").cells]
    assert [source.split("\n")[0] for source in sources[2:]] == ["## One", "1", "## Takeaways"]


def test_a_section_that_holds_more_than_an_exercise_stays(tmp_path):
    path = notebook(tmp_path, "10_x", "%% ## One", "1", "#!exercise\nanswer = None", "%% more")
    sources = [cell.source for cell in chapters.read_chapter(path).in_language("en").cells]
    assert sources[2:] == ["## One", "1", "more"]


def test_ready_forgets_the_last_run(tmp_path):
    path = notebook(tmp_path, "10_x", "1")
    made = nbformat.read(path, 4)
    made.cells[2].execution_count = 7
    made.cells[2].outputs = [nbformat.v4.new_output("stream", text="old")]
    made.metadata["papermill"] = {"input_path": "/somewhere/x.ipynb"}
    ready = chapters.ready(made)
    assert ready.cells[2].execution_count is None
    assert ready.cells[2].outputs == []
    assert "papermill" not in ready.metadata


FUNCTION = next(name for name in dir(segmentation) if callable(getattr(segmentation, name)) and name[0].islower())


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from kamlib import segmentation", f"segmentation.{FUNCTION}"),
        ("from kamlib import segmentation as seg", f"seg.{FUNCTION}"),
        ("import kamlib.segmentation", f"kamlib.segmentation.{FUNCTION}"),
        ("import kamlib.segmentation as s", f"s.{FUNCTION}"),
        (f"from kamlib.segmentation import {FUNCTION} as f", "f"),
    ],
)
def test_aggregates_are_found_however_they_are_imported(tmp_path, imports, call):
    path = notebook(tmp_path, "10_x", imports, BOOK, f'prior = book.pooled({call}, "orders", "accounts").head()')
    assert chapters.pooled_calls(nbformat.read(path, 4)) == [(getattr(segmentation, FUNCTION), ("orders", "accounts"))]


@pytest.mark.parametrize("call", ["lambda f: f", "os.system", "segmentation.no_such", "segmentation"])
def test_an_aggregate_that_is_no_function_of_the_library_is_refused(tmp_path, call):
    path = notebook(tmp_path, "10_x", "import os\nfrom kamlib import segmentation", f'book.pooled({call}, "orders")')
    with pytest.raises(ValueError, match="pool"):
        chapters.pooled_calls(nbformat.read(path, 4))


def test_a_cell_that_does_not_parse_is_left_to_the_run(tmp_path):
    path = notebook(tmp_path, "10_x", "this is no python", PARAMETERS)
    assert chapters.pooled_calls(nbformat.read(path, 4)) == []
