"""The plan's slides: native charts, inert text cut to its place, nothing of ours alone, the same bytes."""

import io
import re
import shutil
import subprocess
import zipfile

import openpyxl
import pandas as pd
import pptx
import pytest
from plans import HOSTILE, demo_like, remade
from pptx.util import Inches

from kamlib import edition, exports, slides, workbooks

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture(params=["en", "zh"])
def language(request):
    edition.use(request.param)
    yield request.param
    edition.use("en")


def deck(plan, folder):
    return pptx.Presentation(exports.jbp_slides(plan, folder / "jbp.pptx"))


def texts(presentation) -> list[str]:
    found = []
    for slide in presentation.slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                found.append(shape.text_frame.text)
            if shape.has_table:
                found += [cell.text for row in shape.table.rows for cell in row.cells]
    return found


def long_plan(name="临江一院"):
    plan = demo_like(name)
    many = pd.concat([plan.initiatives.iloc[:1]] * 30, ignore_index=True)
    many["goal"] = "Standardise intensive care monitoring 重症监护标准化 " * 12
    many["our_owner"] = many["their_owner"] = "A very long name of a person 欧阳长名 " * 5
    goals = pd.concat([plan.goals] * 5, ignore_index=True).assign(goal="word " * 300)
    return remade(plan, initiatives=many, goals=goals, risks=plan.risks.assign(risk="长" * 400, answer="long " * 200))


def test_there_are_eight_slides_with_three_native_charts(tmp_path, language):
    presentation = deck(demo_like(), tmp_path)
    assert len(presentation.slides) == 8
    assert sum(shape.has_chart for slide in presentation.slides for shape in slide.shapes) == 3
    assert not [shape for slide in presentation.slides for shape in slide.shapes if shape.shape_type == 13]
    assert all(slide.shapes.title.text_frame.text for slide in presentation.slides)


@pytest.mark.parametrize("plan", ["usual", "blank", "long"])
def test_nothing_stands_outside_a_slide(plan, tmp_path, language):
    made = {"usual": demo_like, "long": long_plan}.get(plan, demo_like)()
    if plan == "blank":
        names = ("initiatives", "goals", "history", "scorecard", "cadence", "risks")
        made = remade(made, **{name: getattr(made, name).iloc[:0] for name in names})
    for slide in deck(made, tmp_path).slides:
        boxes = []
        for shape in slide.shapes:
            height = sum(row.height for row in shape.table.rows) if shape.has_table else shape.height
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= Inches(slides.WIDTH) + 2
            assert shape.top + height <= Inches(slides.HEIGHT) + 2
            boxes.append((shape.top, shape.top + height, shape.left, shape.left + shape.width, shape.name))
        for at, (top, bottom, left, right, name) in enumerate(boxes):
            for other_top, other_bottom, other_left, other_right, other in boxes[at + 1 :]:
                apart = (
                    bottom <= other_top + 2
                    or other_bottom <= top + 2
                    or right <= other_left + 2
                    or other_right <= left + 2
                )
                assert apart, f"{name} lies over {other}"


def test_a_plan_of_many_lines_counts_the_rest(tmp_path):
    said = texts(deck(long_plan(), tmp_path))
    assert said.count("… and 22 more in the workbook.") == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text, tmp_path):
    plan = demo_like(text)
    plan = remade(
        plan, initiatives=plan.initiatives.assign(goal=text, our_owner=text), history=plan.history.assign(period=text)
    )
    presentation = deck(plan, tmp_path)
    assert any(text.split()[0][:10] in said for said in texts(presentation))
    archive = zipfile.ZipFile(tmp_path / "jbp.pptx")
    for name in archive.namelist():
        part = archive.read(name)
        if name.endswith(".xlsx"):
            book = openpyxl.load_workbook(io.BytesIO(part))
            kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
            assert "f" not in kinds
            assert all(cell.hyperlink is None for sheet in book for row in sheet.iter_rows() for cell in row)
        else:
            assert b"hlinkClick" not in part
            assert b"<script" not in part
            assert b'TargetMode="External"' not in part


def test_our_cost_of_goods_and_contribution_are_not_shown(tmp_path, language):
    plan = demo_like()
    presentation = deck(plan, tmp_path)
    said = set(texts(presentation))
    goods = workbooks._word("cogs"), workbooks._word("plan_margin")
    assert not [word for word in goods if word in said]
    ours = plan.goals.loc[plan.goals["metric"] == "plan_margin", ["baseline", "aim"]].to_numpy().ravel()
    assert not [edition.compact(amount) for amount in ours if edition.compact(amount) in said]
    charts = [shape.chart for slide in presentation.slides for shape in slide.shapes if shape.has_chart]
    names = {series.name for chart in charts for series in chart.plots[0].series}
    assert len(names) == 4


def test_the_convention_stands_beside_the_return(tmp_path, language):
    assert workbooks.convention() in texts(deck(demo_like(), tmp_path))


def test_the_same_plan_gives_the_same_bytes(tmp_path, language):
    one, two = (exports.jbp_slides(demo_like(), tmp_path / f"{name}.pptx").read_bytes() for name in "ab")
    assert one == two
    stamps = {info.date_time for info in zipfile.ZipFile(tmp_path / "a.pptx").infolist()}
    assert stamps == {(1980, 1, 1, 0, 0, 0)}


def test_every_run_names_a_face_for_hanzi(tmp_path, language):
    exports.jbp_slides(demo_like(), tmp_path / "jbp.pptx")
    archive = zipfile.ZipFile(tmp_path / "jbp.pptx")
    for name in archive.namelist():
        if re.match(r"ppt/slides/slide\d+\.xml", name):
            runs = re.findall(rb"<a:rPr[^>]*>.*?</a:rPr>", archive.read(name))
            assert runs
            assert all(b'<a:ea typeface="Microsoft YaHei"/>' in run for run in runs)


def test_a_text_is_cut_by_its_width_on_screen():
    assert slides.fitted("short", 2, 12) == "short"
    assert slides.fitted("长" * 100, 2, 12) == "长" * 9 + "…"
    assert len(slides.fitted("x" * 100, 2, 12)) == 21
    assert slides.fitted("a\nb\tc", 2, 12) == "a b c"


@pytest.mark.slow
@pytest.mark.skipif(not OFFICE or not shutil.which("pdftotext"), reason="LibreOffice or poppler is not installed")
@pytest.mark.parametrize("plan", ["usual", "long"])
def test_rendered_no_slide_spills_over_and_every_text_is_inside(plan, tmp_path, language):
    made = long_plan() if plan == "long" else demo_like()
    path = exports.jbp_slides(made, tmp_path / "jbp.pptx")
    command = [OFFICE, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(path)], capture_output=True, timeout=180, check=True)
    layout = subprocess.run(["pdftotext", "-bbox", str(tmp_path / "jbp.pdf"), "-"], capture_output=True, check=True)
    pages = layout.stdout.decode().split("<page ")[1:]
    assert len(pages) == 8
    for page in pages:
        width, height = (float(x) for x in re.match(r'width="([\d.]+)" height="([\d.]+)"', page).groups())
        words = [
            tuple(map(float, found))
            for found in re.findall(r'xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"', page)
        ]
        assert words
        assert all(x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height for x0, y0, x1, y1 in words)
        foot = max(y0 for _x0, y0, _x1, _y1 in words)
        body = [y1 for _x0, y0, _x1, y1 in words if y0 < foot - 6]
        assert not body or max(body) <= foot + 4, "a table or text runs into the foot"
