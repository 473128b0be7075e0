"""Notebooks in another language: at home in their folder, and what a learner wrote in them is never lost."""

import ast

import nbformat
import pytest
from small import notebook

from kamlib.driver import lab

PARAMETERS = 'data_dir = "../data/demo"  # folder\nregion = "East"  # region\nas_of = "2025-12-31"  # day'


@pytest.fixture
def house(tmp_path):
    """A repository in small."""
    (tmp_path / "data" / "demo").mkdir(parents=True)
    (tmp_path / "GLOSSARY.md").write_text("# Glossary")
    links = "%% A [term](../GLOSSARY.md#key-account), [next](./11_b.ipynb), [gone](../none.md)"
    for name in ("10_a", "11_b"):
        notebook(tmp_path / "notebooks", name, "from kamlib import data", links, parameters=PARAMETERS)
    return tmp_path


def render(house) -> list[str]:
    said = []
    lab.render(house / "notebooks", house / "build/zh/notebooks", "zh", said.append)
    return said


def read(house, name="10_a"):
    return nbformat.read(house / "build/zh/notebooks" / f"{name}.ipynb", 4)


def test_paths_lead_where_they_led(house):
    assert render(house) == []
    made = read(house)
    assert 'data_dir = "../../../data/demo"' in made.cells[1].source
    assert "(../../../GLOSSARY.md#key-account)" in made.cells[3].source
    assert "(./11_b.ipynb)" in made.cells[3].source
    assert "(../none.md)" in made.cells[3].source


def test_the_first_import_speaks_the_language(house):
    render(house)
    lines = read(house).cells[2].source.splitlines()
    assert lines[0] == 'from kamlib import edition; edition.use("zh")'
    ast.parse("\n".join(lines))


def test_rendering_again_leaves_a_notebook_that_was_only_run(house):
    render(house)
    place = house / "build/zh/notebooks/10_a.ipynb"
    made = nbformat.read(place, 4)
    made.cells[2].outputs = [nbformat.v4.new_output("stream", text="ran")]
    nbformat.write(made, place)
    before = place.read_bytes()
    assert render(house) == []
    assert place.read_bytes() == before


def test_a_changed_notebook_is_kept_and_the_new_edition_put_beside_it(house):
    render(house)
    place = house / "build/zh/notebooks/10_a.ipynb"
    made = nbformat.read(place, 4)
    made.cells[2].source += "\nanswer = 42"
    nbformat.write(made, place)
    assert render(house) == []
    notebook(house / "notebooks", "10_a", "from kamlib import data, schema", parameters=PARAMETERS)
    notebook(house / "notebooks", "11_b", "from kamlib import data, schema", parameters=PARAMETERS)
    said = render(house)
    assert len(said) == 1
    assert "10_a.ipynb" in said[0]
    assert "answer = 42" in read(house).cells[2].source
    assert "schema" in read(house, "10_a.new").cells[2].source
    assert "schema" in read(house, "11_b").cells[2].source
