"""A joint plan as eight slides a customer can be shown: native charts and tables, no cost of goods, no other account.

Every text goes in as text and is cut to its place by its width on screen, so that nothing runs out of a slide.
"""

import io
import re
import unicodedata
import zipfile
from pathlib import Path

import pandas as pd

from kamlib import edition, jointplan, jointreview, vocabulary
from kamlib.edition import MISSING, _, compact
from kamlib.jointforms import JointPlan
from kamlib.workbooks import FONTS, convention

WIDTH, HEIGHT, MARGIN = 13.333, 7.5, 0.6
INK, MUTED, DARK, MID, PALE, ORANGE = "1C2733", "6B7785", "12355B", "5B8FB9", "E3EBF2", "E08E45"
MOST_ROWS = 8
"""Lines of a table on a slide; the rest is counted below it and stands in the workbook."""
SHOWN_METRICS = ("net_sales", "benefit", "service_income", "csat", "other")
"""What a goal may be measured by on a slide: our contribution is our own affair."""
_CREATED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(<)")
_PERIOD = re.compile(r"\d[\w年季度月 -]{0,11}")
_DAY_ONE = (1980, 1, 1, 0, 0, 0)


def jbp_slides(plan: JointPlan, path: str | Path) -> Path:
    """Write a joint plan as ``.pptx``; the same plan gives the same bytes.

    Parameters
    ----------
    plan
        See `jointforms.make_plan`.
    path
        Where to; an existing file is replaced.

    Returns
    -------
    Path
        The file: cover, review of the business, goals of both sides, who brings what, action plan, the customer's
        account of the plan, evaluation, risks and sign-off.
    """
    import pptx

    deck = _Deck(pptx.Presentation(), plan)
    for slide in (_cover, _review, _goals, _exchange, _actions, _benefit, _evaluation, _sign_off):
        slide(deck, plan)
    raw = io.BytesIO()
    deck.presentation.save(raw)
    Path(path).write_bytes(_same_bytes(raw.getvalue()))
    return Path(path)


def _same_bytes(package: bytes) -> bytes:
    """The package with the dates of its parts, and of the workbooks behind its charts, set to a fixed day."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith(".xlsx"):
                part = _same_bytes(part)
            elif name.endswith("docProps/core.xml"):
                part = _CREATED.sub(rb"\g<1>1980-01-01T00:00:00Z\g<3>", part)
            info = zipfile.ZipInfo(name, _DAY_ONE)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, part)
    return made.getvalue()


def fitted(text: object, inches: float, points: float, lines: int = 1) -> str:
    """A text cut so that it fits on ``lines`` lines of a given width; a hanzi is as wide as two letters.

    >>> fitted("Intensive care standard", 1.0, 12), fitted("重症监护标准化", 1.0, 12)
    ('Intensive…', '重症监护…')
    """
    room = int(inches * 72 / (points * 0.56)) * lines - (3 if lines > 1 else 0)
    text = " ".join(str(text).split())
    taken = 0
    for at, character in enumerate(text):
        taken += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if taken > room:
            return text[: max(at - 1, 0)].rstrip() + "…"
    return text


class _Deck:
    """The presentation on its way, with the house's title, text, table and charts."""

    def __init__(self, presentation, plan: JointPlan):
        from pptx.util import Inches

        self.presentation, self.plan, self.font = presentation, plan, FONTS[edition.language()]
        presentation.slide_width, presentation.slide_height = Inches(WIDTH), Inches(HEIGHT)
        presentation.core_properties.title = _("Joint business plan")
        presentation.core_properties.author = ""
        self.slide = None

    def page(self, title: str, subtitle: str = ""):
        """A new slide with a title, a line below it and a foot."""
        self.slide = self.presentation.slides.add_slide(self.presentation.slide_layouts[5])
        self.place(self.slide.shapes.title, (MARGIN, 0.35, WIDTH - 2 * MARGIN, 0.7))
        self.fill(self.slide.shapes.title.text_frame, title, 26, bold=True, colour=DARK)
        if subtitle:
            self.text(subtitle, (MARGIN, 1.06, WIDTH - 2 * MARGIN, 0.45), 13, colour=MUTED)
        number = len(self.presentation.slides)
        name = fitted(self.plan.account_name or MISSING, 6.5, 10)
        foot = _(
            "{account} · as of {day:date} · amounts in {currency}",
            account=name,
            day=self.plan.as_of,
            currency=self.plan.currency,
        )
        self.text(foot, (MARGIN, HEIGHT - 0.5, WIDTH - 3, 0.35), 10, colour=MUTED)
        self.text(str(number), (WIDTH - MARGIN - 1, HEIGHT - 0.5, 1, 0.35), 10, colour=MUTED, right=True)
        return self.slide

    def place(self, shape, box: tuple[float, float, float, float]) -> None:
        from pptx.util import Inches

        shape.left, shape.top, shape.width, shape.height = (Inches(side) for side in box)

    def text(self, text: str, box: tuple[float, float, float, float], points: float, *, lines: int = 1, **look) -> None:
        """A text box; the text is cut to it."""
        from pptx.util import Inches

        shape = self.slide.shapes.add_textbox(*(Inches(side) for side in box))
        self.fill(shape.text_frame, fitted(text, box[2] - 0.2, points, lines), points, **look)

    def fill(
        self, frame, text: str, points: float, *, bold: bool = False, colour: str = INK, right: bool = False
    ) -> None:
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

        frame.word_wrap = True
        frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        paragraph = frame.paragraphs[0]
        paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        run = paragraph.add_run()
        run.text = text
        self.letters(run.font, points, bold=bold, colour=colour)

    def letters(self, font, points: float, *, bold: bool = False, colour: str = INK) -> None:
        """Size and face of letters; hanzi get a face of their own that Windows and Mac both have with Office."""
        from pptx.dml.color import RGBColor
        from pptx.util import Pt

        font.size, font.bold, font.name = Pt(points), bold, self.font
        font.color.rgb = RGBColor.from_string(colour)
        east = font._rPr.find("{http://schemas.openxmlformats.org/drawingml/2006/main}ea")
        if east is None:
            east = font._rPr.makeelement("{http://schemas.openxmlformats.org/drawingml/2006/main}ea", {})
            latin = font._rPr.find("{http://schemas.openxmlformats.org/drawingml/2006/main}latin")
            latin.addnext(east)
        east.set("typeface", FONTS["zh"])

    def table(
        self,
        heads: list[str],
        rows: list[list[str]],
        widths: list[float],
        top: float,
        *,
        lines: int = 1,
        points: float = 12,
        left: float = MARGIN,
        right: tuple[int, ...] = (),
        strong: tuple[int, ...] = (),
    ) -> float:
        """A table; returns where it ends, in inches from the top."""
        from pptx.dml.color import RGBColor
        from pptx.enum.text import MSO_ANCHOR
        from pptx.util import Inches

        each = 0.14 + lines * points * 1.3 / 72
        shown, more = rows[:MOST_ROWS], len(rows) - MOST_ROWS
        box = (left, top, sum(widths), each * (len(shown) + 1))
        shape = self.slide.shapes.add_table(len(shown) + 1, len(heads), *(Inches(side) for side in box))
        table = shape.table
        for at, width in enumerate(widths):
            table.columns[at].width = Inches(width)
        for at, row in enumerate([heads, *shown]):
            table.rows[at].height = Inches(each)
            for place, text in enumerate(row):
                cell = table.cell(at, place)
                cell.margin_top = cell.margin_bottom = Inches(0.04)
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                cell.fill.solid()
                cell.fill.fore_color.rgb = RGBColor.from_string(DARK if at == 0 else "FFFFFF" if at % 2 else PALE)
                text = fitted(text, widths[place] - 0.2, points, lines)
                colour = "FFFFFF" if at == 0 else INK
                self.fill(
                    cell.text_frame, text, points, bold=at == 0 or at - 1 in strong, colour=colour, right=place in right
                )
        end = top + box[3]
        if more > 0:
            self.text(_("… and {n} more in the workbook.", n=more), (left, end, 5, 0.35), 11, colour=MUTED)
        return end

    def chart(self, kind: str, categories: list[str], series: dict[str, list[float]], box: tuple, title: str) -> None:
        """A native chart, its numbers in the unit its title names. ``kind``: columns or bars."""
        from pptx.chart.data import CategoryChartData
        from pptx.dml.color import RGBColor
        from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
        from pptx.util import Inches

        scale, unit = edition.money_scale(max((abs(v) for values in series.values() for v in values), default=0))
        data = CategoryChartData(number_format="#,##0.##")
        data.categories = categories
        for name, values in series.items():
            data.add_series(name, [round(value / scale, 4) for value in values])
        types = {"columns": XL_CHART_TYPE.COLUMN_CLUSTERED, "bars": XL_CHART_TYPE.BAR_CLUSTERED}
        chart = self.slide.shapes.add_chart(types[kind], *(Inches(side) for side in box), data).chart
        self.letters(chart.font, 12)
        chart.has_title = True
        unit = " ".join(part for part in (unit, self.plan.currency) if part)
        self.fill(chart.chart_title.text_frame, _("{title} ({unit})", title=title, unit=unit), 13)
        chart.has_legend = len(series) > 1
        if chart.has_legend:
            chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        chart.value_axis.major_gridlines.format.line.color.rgb = RGBColor.from_string("DDE2E8")
        chart.value_axis.format.line.fill.background()
        chart.category_axis.reverse_order = kind == "bars"
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 60, 0
        for one, colour in zip(plot.series, (DARK, ORANGE, MID), strict=False):
            one.format.fill.solid()
            one.format.fill.fore_color.rgb = RGBColor.from_string(colour)


# --- the slides ---


def _cover(deck: _Deck, plan: JointPlan) -> None:
    slide = deck.page("")
    start, end = jointplan.plan_window(plan.initiatives, as_of=plan.as_of)
    title = slide.shapes.title
    deck.place(title, (MARGIN, 1.9, WIDTH - 2 * MARGIN, 1.0))
    title.text_frame.clear()
    deck.fill(title.text_frame, _("Joint business plan"), 40, bold=True, colour=DARK)
    deck.text(plan.account_name or MISSING, (MARGIN, 3.0, WIDTH - 2 * MARGIN, 1.1), 26, lines=2)
    when = _("{start:date} to {end:date}", start=start, end=end)
    deck.text(when, (MARGIN, 4.3, WIDTH - 2 * MARGIN, 0.5), 18, colour=MUTED)
    steps = " → ".join(edition.reference("jbp_steps")["name"])
    deck.text(steps, (MARGIN, 5.0, WIDTH - 2 * MARGIN, 0.5), 16, colour=MUTED)


def _review(deck: _Deck, plan: JointPlan) -> None:
    amounts = plan.history["amount"].fillna(0).tolist()
    year, before = sum(amounts[-4:]), sum(amounts[-8:-4])
    change = year / before - 1 if before > 0 else float("nan")
    said = _(
        "Last four quarters: {year:money}; the four before: {before:money}; change {change:percent}.",
        year=year,
        before=before,
        change=change,
    )
    deck.page(_("Where do we stand together?"), said)
    if amounts:
        periods = [_period(at, period) for at, period in enumerate(plan.history["period"], 1)]
        box = (MARGIN, 1.6, WIDTH - 2 * MARGIN, 5.2)
        deck.chart("columns", periods, {_("Purchases"): amounts}, box, _("Purchases by quarter"))
    else:
        deck.text(_("No orders are on record yet."), (MARGIN, 3, 8, 0.5), 16)


def _period(at: int, period: object) -> str:
    """A label on the axis: only what looks like a period, as the chart's own workbook takes ``=…`` for a formula."""
    return period if isinstance(period, str) and _PERIOD.fullmatch(period) else str(at)


def _goals(deck: _Deck, plan: JointPlan) -> None:
    deck.page(_("1 · What does each side want?"), _("Goals of both sides, where they stand and where they shall be."))
    hidden = plan.goals["metric"].notna() & ~plan.goals["metric"].isin(SHOWN_METRICS)
    goals = plan.goals[~hidden].sort_values("side", key=lambda side: side != "us", kind="stable")
    rows = [
        [
            _word(row.side),
            _cell(row.goal),
            _word(row.metric),
            _number(row.baseline),
            _number(row.aim),
            edition.date(row.due),
            _cell(row.owner),
        ]
        for row in goals.itertuples()
    ]
    heads = [_head(name) for name in ("side", "goal", "metric", "baseline", "aim", "due", "owner")]
    deck.table(
        heads, rows or _blank_rows(7), [1.2, 3.7, 1.7, 1.1, 1.1, 1.3, 2.0], 1.7, lines=2, points=11, right=(3, 4)
    )


def _live(plan: JointPlan) -> pd.DataFrame:
    return plan.initiatives[plan.initiatives["status"] != "stopped"].reset_index(drop=True)


def _exchange(deck: _Deck, plan: JointPlan) -> None:
    live = _live(plan)
    ours, theirs = (live[name].fillna(0) for name in ("our_cost", "their_cost"))
    both = ours.sum() + theirs.sum()
    said = _(
        "We bring {ours:money}, you bring {theirs:money}: {share:percent} and {rest:percent} of the whole.",
        ours=ours.sum(),
        theirs=theirs.sum(),
        share=ours.sum() / both if both else float("nan"),
        rest=theirs.sum() / both if both else float("nan"),
    )
    deck.page(_("2 · Who brings what?"), said)
    rows = [
        [str(at), _cell(row.goal), _number(row.our_cost), _number(row.their_cost)]
        for at, row in enumerate(live.itertuples(), 1)
    ]
    heads = [_("No."), _head("goal"), _("We bring"), _("You bring")]
    deck.table(heads, rows or _blank_rows(4), [0.6, 3.3, 1.15, 1.15], 1.7, lines=2, points=11, right=(2, 3))
    if len(live):
        shown = live.head(MOST_ROWS)
        numbers = [str(at) for at in range(1, len(shown) + 1)]
        series = {_("We bring"): ours.head(MOST_ROWS).tolist(), _("You bring"): theirs.head(MOST_ROWS).tolist()}
        deck.chart("bars", numbers, series, (7.1, 1.6, WIDTH - 7.1 - MARGIN, 5.2), _("Cost of the plan by initiative"))


def _actions(deck: _Deck, plan: JointPlan) -> None:
    live = _live(plan)
    said = _("{n} initiatives; none without an owner on each side, dates and a budget when we sign.", n=len(live))
    deck.page(_("3 · Who does what, by when?"), said)
    rows = [
        [
            str(at),
            _cell(row.goal),
            _cell(row.our_owner),
            _cell(row.their_owner),
            edition.date(row.start),
            edition.date(row.end),
            _word(row.status),
        ]
        for at, row in enumerate(live.itertuples(), 1)
    ]
    heads = [
        _("No."),
        *(_head(name) for name in ("goal", "our_owner")),
        _("Your owner"),
        _head("start"),
        _head("end"),
        _head("status"),
    ]
    deck.table(heads, rows or _blank_rows(7), [0.6, 4.0, 2.0, 2.0, 1.25, 1.25, 1.03], 1.7, lines=2, points=11)


def _benefit(deck: _Deck, plan: JointPlan) -> None:
    pnl = jointplan.joint_pnl(plan.initiatives, plan.terms)
    gain = jointplan.joint_returns(pnl).iloc[1]
    said = _("Your return on what you bring: {roi:.1f} at P50, {low:.1f} at P10.", roi=gain["roi"], low=gain["roi_p10"])
    deck.page(_("What is in it for you?"), said)
    own = pnl[pnl["side"] == "them"]
    names = ("without", "p10", "p50", "p90")
    rows = [[_word(line.line), *(_number(getattr(line, name)) for name in names)] for line in own.itertuples()]
    heads = [_head("line"), *(_head(name) for name in names)]
    widths = [2.5, 1.3, 1.3, 1.3, 1.3]
    end = deck.table(heads, rows, widths, 1.7, lines=2, points=11, right=(1, 2, 3, 4), strong=(len(rows) - 1,))
    deck.text(convention(), (MARGIN, end + 0.1, sum(widths), 0.75), 11, lines=2, colour=MUTED)
    values = own.set_index("line").loc["benefit", list(names)].astype(float).tolist()
    short = [_("without"), "P10", "P50", "P90"]
    box = (8.6, 1.6, WIDTH - 8.6 - MARGIN, 5.0)
    deck.chart("columns", short, {_("Benefit"): values}, box, _("Your benefit, with and without the plan"))


def _evaluation(deck: _Deck, plan: JointPlan) -> None:
    said = _("Green from 95 % of the aim, amber from 80 %, red below.")
    deck.page(_("4 · How shall we know that it works?"), said)
    rows = []
    for row in plan.scorecard.head(4).itertuples():
        share = row.actual / row.aim if row.aim > 0 else float("nan")
        numbers = [_number(value) for value in (row.baseline, row.aim, row.actual)]
        rows.append([_word(row.measure), *numbers, edition.percent(share), _word(jointreview.light(share))])
    heads = [_head(name) for name in ("measure", "baseline", "aim", "actual", "attainment", "light")]
    end = deck.table(heads, rows or _blank_rows(6)[:3], [3.9, 1.6, 1.6, 1.6, 1.6, 1.8], 1.6, right=(1, 2, 3, 4))
    rows = [
        [_cell(row.rhythm), _cell(row.agenda), _cell(row.people), _cell(row.output)]
        for row in plan.cadence.head(4).itertuples()
    ]
    heads = [_head(name) for name in ("rhythm", "agenda", "people", "output")]
    deck.table(heads, rows or _blank_rows(4)[:3], [1.4, 4.6, 3.2, 2.9], end + 0.4, lines=2, points=11)


def _sign_off(deck: _Deck, plan: JointPlan) -> None:
    deck.page(_("What may go wrong, how does it end, who signs?"), "")
    rows = [[_cell(row.risk), _cell(row.answer)] for row in plan.risks.head(5).itertuples()]
    heads = [_head("risk"), _("What we do then")]
    deck.table(heads, rows or _blank_rows(2)[:3], [3.6, 8.5], 1.3, lines=2, points=11)
    for at, who in enumerate((_("For us"), _("For the customer"))):
        left = MARGIN + at * 6.2
        deck.text(who, (left, 5.2, 5.6, 0.4), 14, bold=True)
        for line, what in enumerate((_("Full name"), _("Date and signature"))):
            deck.text(f"{what}  ______________________", (left, 5.65 + 0.55 * line, 5.8, 0.4), 13)


def _head(column: str) -> str:
    return _(vocabulary.label(column))


def _cell(value: object) -> str:
    return MISSING if value is None or value != value else str(value)


def _word(code: object) -> str:
    return _(vocabulary.VALUES[code]) if code in vocabulary.VALUES else _cell(code)


def _number(value: float) -> str:
    return compact(value)


def _blank_rows(columns: int) -> list[list[str]]:
    """Lines to be filled in by hand."""
    return [[""] * columns for _line in range(4)]
