"""What is typed into the grid is kept in initiatives.csv, and nothing else there changes by a letter."""

import pandas as pd
import pytest

from kamlib import grids, jointforms

HEADER = "initiative_id,account_id,goal,our_owner,their_owner,start,end,our_cost,their_cost,expected_amount,status"
LINES = [
    'J1,B,"one, two",Li,,2025-01-05,2025-06-30,1e3,0,007,active',
    "J2,A,重症监护,Li,Wang,2025-01-05,2025-06-30,10,5,100,planned",
    'J3,C,"say ""hi""\nthere",,,,,,,,',
    "J4,A,stock,Li,Wang,2025/1/5,,10.50,5,100,planned",
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "initiatives.csv").write_text("\n".join([HEADER, *LINES, ""]), "utf-8")
    return tmp_path


def own() -> pd.DataFrame:
    rows = [
        {"initiative_id": "J2", "goal": "重症监护", "our_cost": 12.5, "start": "2025-01-05", "status": "done"},
        {"initiative_id": "J9", "goal": '=HYPERLINK("http://x"), "x"\nnew', "their_cost": 0.0},
    ]
    return jointforms.initiative_form(*rows)


def test_only_the_accounts_own_lines_change(folder):
    grids.save_initiatives(folder, "A", own())
    text = (folder / "initiatives.csv").read_text("utf-8")
    assert text.startswith(HEADER + "\n" + LINES[0] + "\n")
    assert LINES[2] in text
    assert "J2,A,重症监护,,,2025-01-05,,12.50,,,done\n" in text
    assert "J4" not in text
    back = pd.read_csv(folder / "initiatives.csv", dtype="str")
    assert back["initiative_id"].tolist() == ["J1", "J2", "J9", "J3"]
    assert back.loc[2, "goal"] == '=HYPERLINK("http://x"), "x"\nnew'
    assert [path.name for path in folder.iterdir()] == ["initiatives.csv"]


def test_saving_twice_is_saving_once(folder):
    grids.save_initiatives(folder, "A", own())
    once = (folder / "initiatives.csv").read_bytes()
    grids.save_initiatives(folder, "A", own())
    assert (folder / "initiatives.csv").read_bytes() == once


def test_an_account_new_to_the_table_comes_last(folder):
    grids.save_initiatives(folder, "Z", own().assign(initiative_id=["J7", "J8"]))
    back = pd.read_csv(folder / "initiatives.csv", dtype="str")
    assert back["account_id"].tolist() == ["B", "A", "C", "A", "Z", "Z"]


@pytest.mark.parametrize("numbers", [["J1", "J9"], ["J9", "J9"], [None, "J9"]])
def test_a_number_belongs_to_one_initiative(folder, numbers):
    before = (folder / "initiatives.csv").read_bytes()
    with pytest.raises(ValueError, match="number that no other"):
        grids.save_initiatives(folder, "A", own().assign(initiative_id=numbers))
    assert (folder / "initiatives.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "kept elsewhere"),
        ("编号,客户\nJ1,A\n".encode("gb18030"), "UTF-8"),
        ("编号,客户\nJ1,A\n".encode(), "column names"),
        (f"{HEADER}\nJ1,A\n".encode(), "column names"),
    ],
)
def test_a_table_kept_otherwise_is_left_alone(tmp_path, content, said):
    if content is not None:
        (tmp_path / "initiatives.csv").write_bytes(content)
    with pytest.raises(ValueError, match=said):
        grids.save_initiatives(tmp_path, "A", own())
    if content is not None:
        assert (tmp_path / "initiatives.csv").read_bytes() == content


def boxes(grid, row: int):
    return dict(zip(grids.TYPED, grid.children[row].children, strict=True))


def test_typing_is_kept_at_once_and_says_what_is_missing(folder):
    mine = own().assign(initiative_id=["J2", "J4"])
    grid = grids.plan_grid(folder, "A", mine)
    assert "no owner on our side" in grid.children[-1].value
    boxes(grid, 1)["our_owner"].value = "赵敏 <b>"
    boxes(grid, 1)["expected_amount"].value = "1,234.5"
    back = pd.read_csv(folder / "initiatives.csv", dtype="str").set_index("initiative_id")
    assert back.loc["J2", ["our_owner", "expected_amount"]].tolist() == ["赵敏 <b>", "1234.50"]
    assert grid.children[-1].value.count("no owner on our side") == 1


def test_a_slip_of_the_pen_is_not_kept_and_is_named(folder):
    grid = grids.plan_grid(folder, "A", own().assign(initiative_id=["J2", "J4"]))
    before = (folder / "initiatives.csv").read_bytes()
    boxes(grid, 1)["our_cost"].value = "<b>lots"
    assert (folder / "initiatives.csv").read_bytes() == before
    assert "is no amount" in grid.children[-1].value
    assert "<b>" not in grid.children[-1].value


def test_the_grid_of_an_account_without_initiatives_is_only_its_head(folder):
    grid = grids.plan_grid(folder, "Q", jointforms.initiative_form())
    assert len(grid.children) == 2
