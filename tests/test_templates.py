"""The empty tables of ``kam new``, and the dictionary that stands in ``data/README.md``."""

import shutil
import tomllib
import zipfile
from pathlib import Path

import openpyxl
import pytest

from kamlib import data, edition, schema, templates
from kamlib.intake import sources
from kamlib.intake.rules import RULES

README = Path(__file__).parents[1] / "data" / "README.md"


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> Path:
    """A fresh folder of templates; nobody changes it."""
    folder = tmp_path_factory.mktemp("templates") / "company"
    templates.write_templates(folder)
    return folder


def test_a_new_folder_lacks_nothing_but_regions_and_accounts(new):
    found = data.open_company(new).check().problems
    assert found[["file", "rule"]].to_numpy().tolist() == [
        ["regions.csv", "the table has no rows"],
        ["accounts.csv", "the table has no rows"],
    ]


def test_every_table_is_there_with_its_columns_and_a_row_of_help(new):
    company = data.open_company(new)
    assert set(company.tables) == set(schema.TABLES)
    for name, table in schema.TABLES.items():
        raw = (new / table.folder / f"{name}.csv").read_text("utf-8-sig").splitlines()
        assert raw[0].split(",") == list(table.by_name)
        assert raw[1].strip('"').startswith(sources.HELP_MARK)


def test_a_new_folder_is_a_company_once_its_first_rows_are_filled_in(new, tmp_path):
    folder = shutil.copytree(new, tmp_path / "company")
    with (folder / "regions.csv").open("a", encoding="utf-8") as file:
        file.write("East,East,华东,CNY,1,8%\n")
    with (folder / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write("A1,东海医院,East,customer" + "," * 13 + "\n")
    assert data.open_company(folder).check().ok
    assert data.open_company(folder).book("East").accounts["account_id"].tolist() == ["A1"]


def test_a_workbook_may_take_the_place_of_its_csv(new, tmp_path):
    folder = shutil.copytree(new, tmp_path / "company")
    for name in ("regions", "accounts", "leads", "judgements/weights"):
        (folder / f"{name}.csv").unlink()
        shutil.copy(folder / templates.WORKBOOKS / f"{name}.xlsx", folder / f"{name}.xlsx")
    found = data.open_company(folder).check().problems
    assert found["file"].tolist() == ["regions.xlsx", "accounts.xlsx"]


def test_a_workbook_offers_the_allowed_values_and_keeps_identifiers_as_text(new):
    sheet = openpyxl.load_workbook(new / templates.WORKBOOKS / "accounts.xlsx").active
    assert [cell.value for cell in sheet[1]] == list(schema.TABLES["accounts"].by_name)
    assert sheet.freeze_panes == "B2"
    offered = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert offered["D3:D10001"] == '"customer,prospect,dealer"'
    assert sheet.column_dimensions["A"].width >= 14
    assert all(cell.data_type == "s" for cell in sheet[2])


def test_no_cell_of_a_workbook_is_a_formula(new):
    for path in (new / templates.WORKBOOKS).rglob("*.xlsx"):
        with zipfile.ZipFile(path) as archive:
            assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml"), path.name


def test_templates_are_the_same_bytes_on_every_run(new, tmp_path):
    templates.write_templates(tmp_path / "again")
    for path in (path for path in new.rglob("*") if path.is_file()):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(new)).read_bytes(), path.name


def test_the_mapping_is_valid_harmless_and_valid_without_its_comment_marks(new):
    text = (new / "mapping.toml").read_text("utf-8")
    assert tomllib.loads(text) == {"company": {"name_en": "", "name_zh": ""}}
    bare = "\n".join(line.removeprefix("# ") for line in text.splitlines()[1:])
    assert set(tomllib.loads(bare)["tables"]["orders"]) == {"file", "where", "columns"}


def test_help_is_in_the_language_spoken(tmp_path):
    edition.use("zh")
    try:
        templates.write_templates(tmp_path / "company")
    finally:
        edition.use("en")
    assert "必填" in (tmp_path / "company" / "regions.csv").read_text("utf-8-sig")


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(FileExistsError, match="name a new folder") as error:
        templates.write_templates(tmp_path)
    assert error.value.filename == str(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(FileExistsError):
        templates.write_templates(tmp_path / "mine.txt")


def test_an_empty_folder_may_be_filled(tmp_path):
    templates.write_templates(tmp_path)
    assert (tmp_path / "regions.csv").exists()


# --- the dictionary ---


def test_the_dictionary_in_the_readme_is_the_contract():
    text = README.read_text("utf-8")
    between = text.partition(templates.BEGIN)[2].partition(templates.END)[0]
    assert between.strip() == templates.dictionary().strip(), "run: python -m kamlib.templates data/README.md"


def test_the_dictionary_names_every_table_column_allowed_value_and_rule():
    text = templates.dictionary()
    for table in schema.TABLES.values():
        assert f"### {table.name}\n" in text
        for column in table.columns:
            assert f"| `{column.name}` | {column.kind} |" in text
            assert all(f"`{value}`" in text for value in column.allowed)
    assert all(f"- `{rule.id}` — " in text for rule in RULES)


def test_writing_the_dictionary_keeps_what_stands_around_it(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{templates.BEGIN}\nOUTDATED\n{templates.END}\nafter\n", "utf-8")
    templates.refresh(path)
    text = path.read_text("utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "OUTDATED" not in text
    templates.refresh(path)
    assert path.read_text("utf-8") == text


def test_the_example_of_a_mapping_in_the_readme_is_valid():
    example = README.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    told = tomllib.loads(example)
    assert set(told["tables"]["orders"]["columns"]) <= set(schema.TABLES["orders"].by_name)
    assert set(told["company"]["accept"]) <= {rule.id for rule in RULES}
