"""The plan's workbook: what comes back is what went in; formulas say what the library says; hostile text stays text."""

import io
import re
import shutil
import subprocess
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plans import DAY, HOSTILE, Calculator, demo_like, remade, same

from kamlib import edition, exports, jointforms, jointplan, planning, planreading, workbooks
from kamlib.intake import formsheets
from kamlib.problems import DataError

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture(params=["en", "zh"])
def language(request):
    edition.use(request.param)
    yield request.param
    edition.use("en")


@pytest.fixture
def here(monkeypatch):
    """Read workbooks in this process, many times faster: the child process has its own tests below."""
    limits = (40, 2000, 60, 100_000_000)
    monkeypatch.setattr(planreading.forms, "read_sheets", lambda path: formsheets.main(str(path), *limits)["sheets"])


# --- there and back ---


def test_a_plan_comes_back_as_it_went(tmp_path, language):
    plan = demo_like()
    path = exports.jbp_workbook(plan, tmp_path / "jbp.xlsx")
    assert same(planning.read_jbp_workbook(path), plan)


def test_a_workbook_of_one_language_is_read_in_the_other(tmp_path, language, here):
    plan = demo_like()
    path = exports.jbp_workbook(plan, tmp_path / "jbp.xlsx")
    edition.use("zh" if language == "en" else "en")
    assert same(planning.read_jbp_workbook(path), plan)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_and_is_no_formula_or_link(text, tmp_path, here):
    plan = demo_like(text)
    rows = plan.initiatives.assign(goal=text, our_owner=text, initiative_id=text)
    plan = remade(plan, initiatives=rows, risks=plan.risks.assign(risk=text), cadence=plan.cadence.assign(people=text))
    path = exports.jbp_workbook(plan, tmp_path / "jbp.xlsx")
    assert same(planning.read_jbp_workbook(path), plan)
    assert plan.account_name == text
    ours = re.compile(r"^(IF|SUM|-?'|-?[A-Z]\d|t_|0$)")
    parts = zipfile.ZipFile(path)
    sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    formulas = re.findall(r"<f>([^<]*)</f>", " ".join(sheets))
    assert formulas
    assert [formula for formula in formulas if not ours.match(formula.replace("&apos;", "'"))] == []
    assert "<hyperlink" not in " ".join(sheets)
    assert not [name for name in parts.namelist() if "external" in name.lower() or "vba" in name.lower()]


texts = st.one_of(st.none(), st.text(max_size=40), st.sampled_from(HOSTILE))
dates = st.one_of(st.none(), st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2099-12-31").date()))
money = st.one_of(st.none(), st.floats(0, 9.99e12), st.floats(0, 1e6).map(lambda x: round(x, 2)))
share = st.one_of(st.none(), st.floats(0, 1))
codes = {name: st.one_of(st.none(), st.sampled_from(words)) for name, words in jointforms.CODES.items()}
KINDS = {"text": texts, "date": dates, "money": money, "number": st.one_of(share, money)}


@st.composite
def plans(draw):
    tables = {}
    for name, columns in jointforms.FORMS.items():
        size = draw(st.integers(0, 4))
        cells = {
            column: [draw(codes[column] if kind == "code" else KINDS[kind]) for _row in range(size)]
            for column, kind in columns.items()
        }
        tables[name] = pd.DataFrame(cells, columns=list(columns))
    tables["terms"]["setting"] = None if tables["terms"].empty else 0.25
    number = draw(st.text("ABC019", min_size=1, max_size=6))
    return jointforms.make_plan(number, draw(texts) or "x", currency="CNY", as_of=DAY, **tables)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans(), spoken=st.sampled_from(["en", "zh"]))
def test_any_plan_comes_back_cell_by_cell(plan, spoken, tmp_path_factory, here):
    path = tmp_path_factory.mktemp("any") / "jbp.xlsx"
    edition.use(spoken)
    try:
        exports.jbp_workbook(plan, path)
        assert same(planning.read_jbp_workbook(path), plan)
    finally:
        edition.use("en")


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(plan=plans())
def test_a_hundred_plans_come_back_cell_by_cell(plan, tmp_path_factory, here):
    path = exports.jbp_workbook(plan, tmp_path_factory.mktemp("many") / "jbp.xlsx")
    assert same(planning.read_jbp_workbook(path), plan)


def test_making_a_plan_again_changes_nothing():
    plan = demo_like()
    assert same(remade(plan), plan)


def test_the_same_plan_gives_the_same_bytes(tmp_path, language):
    one, two = (exports.jbp_workbook(demo_like(), tmp_path / f"{name}.xlsx").read_bytes() for name in "ab")
    assert one == two


# --- what people do to it ---


def edited(plan, path, change):
    exports.jbp_workbook(plan, path)
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def test_what_is_typed_in_excel_is_read(tmp_path, here):
    def change(book):
        sheet = book["Initiatives"]
        sheet["C5"] = "赵敏 Zhao Min"
        sheet["G5"] = "9万"
        sheet["F5"] = "2026/3/31"
        sheet["L5"] = "完成"
        for at, cell in enumerate(["J9", "New one", "Li", 123, "2026-01-05", "2026-06-30", 5, 0, "1,500.5"], 1):
            sheet.cell(9, at, cell)
        sheet["L9"] = "planned"
        book["Terms"]["B7"] = 0.41
        book.create_sheet("Notes", 0)["A1"] = "ours"

    got = planning.read_jbp_workbook(edited(demo_like(), tmp_path / "jbp.xlsx", change))
    first, last = got.initiatives.iloc[0], got.initiatives.iloc[4]
    assert first[["our_owner", "our_cost", "status"]].tolist() == ["赵敏 Zhao Min", 90000, "done"]
    assert first["end"] == pd.Timestamp("2026-03-31")
    assert last[["goal", "their_owner", "expected_amount"]].tolist() == ["New one", "123", 1500.5]
    assert jointplan.settled(got.terms)["cogs_rate"] == 0.41


def test_a_deleted_line_and_moved_columns_are_no_problem(tmp_path, here):
    def change(book):
        sheet = book["Initiatives"]
        sheet.delete_rows(6)
        sheet.move_range(f"A4:A{sheet.max_row}", cols=20)

    got = planning.read_jbp_workbook(edited(demo_like(), tmp_path / "jbp.xlsx", change))
    assert got.initiatives["initiative_id"].tolist() == ["J1", "J3", "J4"]


def test_every_wrong_cell_is_named_at_once(tmp_path, here):
    def change(book):
        book["Initiatives"]["G5"] = "a lot"
        book["Initiatives"]["E5"] = "soon"
        book["Initiatives"]["L7"] = "almost"
        book["Goals"]["B4"] = "Wish"
        del book["Risks and exit"]
        book["Plan"]["B8"] = None

    with pytest.raises(DataError) as caught:
        planning.read_jbp_workbook(edited(demo_like(), tmp_path / "jbp.xlsx", change))
    found = {(problem.row, problem.column, problem.value) for problem in caught.value.problems}
    assert {(5, "our_cost", "a lot"), (5, "start", "soon"), (7, "status", "almost")} <= found
    text = str(caught.value)
    for said in ("Risks and exit", "columns are missing", "as_of: is missing", "Choose one of: planned, active"):
        assert said in text
    assert all(problem.what_to_do for problem in caught.value.problems)


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_says_so(content, tmp_path):
    path = tmp_path / "jbp.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"not a readable \.xlsx"):
        planning.read_jbp_workbook(path)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        planning.read_jbp_workbook(tmp_path / "none.xlsx")


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path):
    path = exports.jbp_workbook(demo_like(), tmp_path / "jbp.xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", bytes(120_000_000))
    assert path.stat().st_size < 300_000
    with pytest.raises(DataError, match="larger than a form"):
        planning.read_jbp_workbook(path)


def test_a_far_cell_does_not_read_for_ever(tmp_path):
    def change(book):
        book["Initiatives"]["XFD1048576"] = "far"

    got = planning.read_jbp_workbook(edited(demo_like(), tmp_path / "jbp.xlsx", change))
    assert len(got.initiatives) == 4


# --- what a plan refuses ---


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"wishes": pd.DataFrame()}, "has no .*wishes"),
        ({"goals": pd.DataFrame({"hope": [1]})}, r"goals\.hope"),
        ({"initiatives": pd.DataFrame({"status": ["soon"]})}, "status cannot be soon"),
        ({"initiatives": pd.DataFrame({"our_cost": [1e14]})}, "too large"),
        ({"initiatives": pd.DataFrame({"our_cost": [float("inf")]})}, "too large"),
        ({"risks": pd.DataFrame({"risk": ["x" * 40_000]})}, "40000 characters"),
    ],
)
def test_a_plan_refuses_what_a_workbook_cannot_hold(tables, said):
    with pytest.raises(ValueError, match=said):
        jointforms.make_plan("A", "a", currency="CNY", as_of=DAY, **tables)


def test_text_is_kept_but_for_what_no_cell_can_hold():
    form = jointforms.initiative_form({"goal": "a\x00b\r\nc\ud800\x0bd", "our_owner": "  ", "their_owner": " x "})
    assert form.loc[0, ["goal", "their_owner"]].tolist() == ["ab\ncd", " x "]
    assert pd.isna(form.at[0, "our_owner"])


# --- formulas ---


def difference(ours: object, theirs: object) -> bool:
    ours, theirs = ("" if value is None else value for value in (ours, theirs))
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return not np.isclose(float(ours), float(theirs), rtol=1e-9, atol=1e-7)
    return str(ours) != str(theirs)


def wrong(path, computed) -> tuple[int, list]:
    """How many formulas there are, and those whose saved result is not what ``computed(sheet, cell)`` says."""
    saved = openpyxl.load_workbook(path, data_only=True)
    every = list(Calculator(path).formulas())
    pairs = [(where, saved[where[0]][where[1]].value, computed(*where)) for where in every]
    return len(every), [pair for pair in pairs if difference(*pair[1:])]


@pytest.mark.parametrize("case", ["full", "blank", "no terms", "odd"])
def test_every_formula_gives_the_number_the_library_computed(case, tmp_path, language):
    plan = demo_like()
    if case == "blank":
        plan = remade(plan, initiatives=plan.initiatives.iloc[:0], scorecard=plan.scorecard.iloc[:0])
    elif case == "no terms":
        terms = plan.terms.iloc[[3, 2]].assign(setting=[None, 0.4])
        plan = remade(plan, terms=terms)
    elif case == "odd":
        odd = plan.initiatives.assign(status=None, low_amount=9e9, high_amount=0.0, end=pd.Timestamp("1999-01-01"))
        plan = remade(plan, initiatives=odd)
    path = exports.jbp_workbook(plan, tmp_path / "jbp.xlsx")
    calculator = Calculator(path)
    count, found = wrong(path, calculator.cell)
    assert count > 200
    assert found == []


def test_the_calculator_sees_a_changed_term(tmp_path):
    path = edited(demo_like(), tmp_path / "jbp.xlsx", lambda book: book["Terms"].__setitem__("B7", 0.9))
    plan = demo_like()
    cheap = plan.terms.assign(setting=plan.terms["setting"].where(plan.terms["term"] != "cogs_rate", 0.9))
    expected = jointplan.joint_pnl(plan.initiatives, cheap)
    assert Calculator(path).cell("Joint P&L", "E10") == pytest.approx(expected.loc[4, "p50"])


def recalculated(path, folder):
    """The workbook as LibreOffice saves it after computing every formula: saved results were taken out before."""
    bare = folder / "bare.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/"):
                part, taken = re.subn(rb'(<c [^>]*?)( t="str")?>(<f>[^<]*</f>)<v>[^<]*</v>', rb"\1>\3", part)
                assert part.count(b"<f>") == taken
            new.writestr(name, part)
    made = folder / "made"
    command = [OFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx"]
    done = subprocess.run([*command, "--outdir", str(made), str(bare)], capture_output=True, timeout=180, check=False)
    assert (made / "bare.xlsx").exists(), done.stderr.decode()
    return openpyxl.load_workbook(made / "bare.xlsx", data_only=True)


@pytest.mark.slow
@pytest.mark.skipif(not OFFICE, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_computes_the_same_numbers(tmp_path, language):
    path = exports.jbp_workbook(demo_like(), tmp_path / "jbp.xlsx")
    theirs = recalculated(path, tmp_path)
    count, found = wrong(path, lambda sheet, cell: theirs[sheet][cell].value)
    assert count > 200
    assert found == []
    errors = [cell.coordinate for sheet in theirs for row in sheet.iter_rows() for cell in row if cell.data_type == "e"]
    assert errors == []


def test_no_input_cell_looks_like_a_result(tmp_path):
    """What people fill in is yellow, what follows is blue: a formula in yellow would be typed over."""
    book = openpyxl.load_workbook(exports.jbp_workbook(demo_like(), tmp_path / "jbp.xlsx"))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert cell.fill.fgColor.rgb == "FFE3EBF2", (sheet.title, cell.coordinate)


def test_the_convention_stands_beside_every_return(tmp_path, language):
    book = openpyxl.load_workbook(exports.jbp_workbook(demo_like(), tmp_path / "jbp.xlsx"))
    sheet = book[workbooks.sheet_names()["pnl"]]
    said = [cell.value for row in sheet.iter_rows() for cell in row if cell.value == workbooks.convention()]
    assert len(said) == 2


def test_a_plan_goes_through_the_executed_notebook():
    plan = demo_like()
    bundle = exports.PublishedPlan(plan)._repr_mimebundle_()
    assert "text/html" in bundle
    assert same(exports.plan_from_payload(bundle[exports.PLAN_MIME]), plan)
    hostile = exports.PublishedPlan(demo_like("<script>alert(1)</script>"))._repr_mimebundle_()["text/html"]
    assert "<script" not in hostile


def test_written_into_memory_nothing_is_left_on_the_disk(tmp_path):
    exports.jbp_workbook(demo_like(), tmp_path / "jbp.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["jbp.xlsx"]
    assert zipfile.is_zipfile(io.BytesIO((tmp_path / "jbp.xlsx").read_bytes()))
