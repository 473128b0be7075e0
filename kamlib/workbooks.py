"""A joint plan as an Excel workbook: written with live formulas, every other cell inert; read back without a change.

What people type is written as text, number or date, never as a formula or link. Formulas stand only where this module
puts them; each carries the number the library computed, so that it shows before anything is recalculated.
"""

import datetime as dt
from pathlib import Path
from unicodedata import east_asian_width

import pandas as pd

from kamlib import edition, jointplan, jointreview, vocabulary
from kamlib.edition import _
from kamlib.jointforms import CODES, FORMS, JointPlan

FONTS = {"en": "Arial", "zh": "Microsoft YaHei"}
HEADER, FIRST = 3, 4
"""Rows of a table's header and of its first line, counted from 0."""
SPARE = 10
"""Empty lines below the initiatives that the formulas already count."""
LEAST_LINES = 16
_WIDTHS = {"text": 28, "code": 24, "money": 16, "number": 18, "date": 12}
_FORMATS = {"money": "#,##0.00", "number": "#,##0.######", "date": "yyyy-mm-dd"}
_COLOURS = {"head": "#12355b", "input": "#fdf6e3", "result": "#e3ebf2", "line": "#a9c4d9"}


def sheet_names() -> dict[str, str]:
    """Part of the plan -> the name of its sheet in the language spoken now."""
    return {
        "facts": _("Plan"),
        "goals": _("Goals"),
        "initiatives": _("Initiatives"),
        "terms": _("Terms"),
        "pnl": _("Joint P&L"),
        "swap": _("Give and get"),
        "gaps": _("Gaps"),
        "scorecard": _("Scorecard"),
        "history": _("History"),
        "cadence": _("Cadence"),
        "risks": _("Risks and exit"),
    }


def convention() -> str:
    """How a return on investment is computed, in one sentence, to stand beside every such figure."""
    return _(
        "ROI = (incremental margin − spend) ÷ spend; 0 breaks even. "
        "Incremental = actual − baseline − pull-forward − cannibalised."
    )


def jbp_workbook(plan: JointPlan, path: str | Path) -> Path:
    """Write a joint plan as ``.xlsx``; the same plan gives the same bytes.

    Parameters
    ----------
    plan
        See `jointforms.make_plan`.
    path
        Where to; an existing file is replaced.

    Returns
    -------
    Path
        The file. Its sheets: plan and sign-off, goals, initiatives, terms, joint P&L, give and get, gaps, scorecard,
        history, cadence, risks; P&L, give and get, gaps and attainment are formulas of the others.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        day = plan.as_of.to_pydatetime().replace(tzinfo=dt.UTC)
        book.set_properties({"title": _("Joint business plan"), "author": "", "created": day})
        book.set_size(2400, 1400)
        _Writer(book, plan).write()
    return Path(path)


class _Writer:
    """One workbook on its way: its sheets, formats and where things stand."""

    def __init__(self, book, plan: JointPlan):
        self.book, self.plan, self.names = book, plan, sheet_names()
        self.font = FONTS[edition.language()]
        self.sheets = {key: book.add_worksheet(name) for key, name in self.names.items()}
        self.lines = max(len(plan.initiatives) + SPARE, LEAST_LINES)
        self.last = FIRST + self.lines  # the last line of initiatives, counted from 1 as Excel does
        self._made: dict[tuple, object] = {}

    def style(self, **properties: object):
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            base = {"font_name": self.font, "font_size": 10, "valign": "top"}
            self._made[key] = self.book.add_format({**base, **properties})
        return self._made[key]

    def write(self) -> None:
        self._facts()
        for table, columns in FORMS.items():
            self._table(table, columns)
        self._names_of_terms()
        self._initiatives()
        self._swap()
        self._pnl()
        self._gaps()
        self._scorecard()
        for key, sheet in self.sheets.items():
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            sheet.hide_gridlines(2)
            if key != "facts":
                sheet.freeze_panes(FIRST, 2 if key in ("initiatives", "pnl", "swap", "gaps") else 0)

    # --- what people fill in ---

    def _head(self, key: str, note: str, labels: list[str], widths: list[int]) -> None:
        sheet = self.sheets[key]
        sheet.write_string(0, 0, self.names[key], self.style(bold=True, font_size=15, font_color=_COLOURS["head"]))
        sheet.write_string(1, 0, note, self.style(font_color="#6b7785"))
        look = self.style(bold=True, bg_color=_COLOURS["head"], font_color="#ffffff", text_wrap=True, border=1)
        for at, (label, width) in enumerate(zip(labels, widths, strict=True)):
            sheet.write_string(HEADER, at, label, look)
            sheet.set_column(at, at, width)

    def _facts(self) -> None:
        plan, sheet = self.plan, self.sheets["facts"]
        note = _("For both sides to sign. Internal: it holds our cost of goods; the slides do not.")
        self._head("facts", note, [_("What"), _("Content")], [30, 60])
        facts = {name: getattr(plan, name) for name in ("account_id", "account_name", "currency", "as_of")}
        for at, (name, value) in enumerate(facts.items(), FIRST):
            sheet.write_string(at, 0, _(vocabulary.label(name)), self.style(bold=True))
            if name == "as_of":
                sheet.write_datetime(at, 1, value.to_pydatetime(), self._input("date", align="left"))
            else:
                sheet.write_string(at, 1, value, self._input("text"))
        at = FIRST + len(facts) + 1
        for line in (convention(), _("Yellow cells are to be filled in; blue cells are formulas and follow.")):
            sheet.write_string(at, 0, line, self.style(font_color="#6b7785"))
            at += 1
        for side in (_("For us"), _("For the customer")):
            for what in (side, _("Full name"), _("Date of signature"), _("Signature")):
                at += 1
                sheet.write_string(at, 0, what, self.style(bold=what == side))
                sheet.write_blank(at, 1, None, self.style(bottom=1 if what != side else 0))
            at += 1

    def _input(self, kind: str, **more: object):
        number = {"num_format": _FORMATS[kind]} if kind in _FORMATS else {"text_wrap": True}
        return self.style(bg_color=_COLOURS["input"], border=1, border_color=_COLOURS["line"], **number, **more)

    def _table(self, key: str, columns: dict[str, str]) -> None:
        labels = [_(vocabulary.label(column)) for column in columns]
        self._head(key, _note(key), labels, [_WIDTHS[kind] for kind in columns.values()])
        frame, sheet = getattr(self.plan, key), self.sheets[key]
        self._fit_rows(key, frame)
        spare = self.lines - len(frame) if key == "initiatives" else 2 if key != "terms" else 0
        for at, (column, kind) in enumerate(columns.items()):
            for row, cell in enumerate([*frame[column], *[None] * spare], FIRST):
                self._cell(sheet, row, at, cell, kind)
            if kind == "code":
                words = [_word(code) for code in CODES[column]]
                rule = {"validate": "list", "source": words, "error_type": "warning"}
                if sum(map(len, words)) + len(words) < 250:
                    sheet.data_validation(FIRST, at, FIRST + len(frame) + max(spare, 1) - 1, at, rule)

    def _fit_rows(self, key: str, frame: pd.DataFrame) -> None:
        """Rows as high as their longest text needs: not every program does that by itself."""
        wide = {name: 36 if name in ("goal", "gap") else _WIDTHS["text"] for name in frame.select_dtypes("str")}
        for row, cells in enumerate(frame[list(wide)].itertuples(index=False), FIRST):
            lines = [_lines(cell, width) for cell, width in zip(cells, wide.values(), strict=True)]
            self.sheets[key].set_row(row, 14 * min(max(lines, default=1), 12))

    def _cell(self, sheet, row: int, column: int, cell: object, kind: str) -> None:
        look = self._input(kind)
        if cell is None or cell is pd.NaT or cell != cell:
            sheet.write_blank(row, column, None, look)
        elif kind in ("money", "number"):
            sheet.write_number(row, column, cell, look)
        elif kind == "date":
            sheet.write_datetime(row, column, cell.to_pydatetime(), look)
        else:
            sheet.write_string(row, column, _word(cell) if kind == "code" else cell, look)

    # --- formulas ---

    def _result(self, number: str = "#,##0;[Red]-#,##0;–", **more: object):
        return self.style(
            bg_color=_COLOURS["result"], border=1, border_color=_COLOURS["line"], num_format=number, **more
        )

    def _formula(self, key: str, row: int, column: int, formula: str, value: object, look) -> None:
        value = "" if value is None or value != value else value
        self.sheets[key].write_formula(row, column, f"={formula}", look, value)

    def _names_of_terms(self) -> None:
        """``t_cogs_rate`` … : the value in the table of terms, or the default where the cell is blank."""
        rows = {term: FIRST + 1 + at for at, term in enumerate(self.plan.terms["term"]) if term == term}
        for term, default in jointplan.DEFAULT_TERMS.items():
            cell = f"'{self.names['terms']}'!$B${rows.get(term, 0)}"
            formula = f"IF(ISNUMBER({cell}),{cell},{default!r})" if term in rows else repr(default)
            self.book.define_name(f"t_{term}", f"={formula}")

    def _of(self, column: str, row: int) -> str:
        letter = "ABCDEFGHIJKLMNOP"[list(FORMS["initiatives"]).index(column)]
        return f"'{self.names['initiatives']}'!{letter}{row}"

    def _initiatives(self) -> None:
        sheet = self.sheets["initiatives"]
        places = {column: at for at, column in enumerate(FORMS["initiatives"])}
        sheet.set_column(places["goal"], places["goal"], 36)
        for column in ("start", "end"):
            rule = {"validate": "date", "criteria": ">=", "value": dt.date(1990, 1, 1), "error_type": "warning"}
            sheet.data_validation(FIRST, places[column], self.last - 1, places[column], rule)

    def _swap(self) -> None:
        labels = [
            *(_(vocabulary.label(name)) for name in ("initiative_id", "goal", "counts", "our_give", "their_give")),
            *(_(vocabulary.label(name)) for name in ("p10", "p50", "p90", "our_get", "their_get")),
            *(_(vocabulary.label(name)) for name in ("give_share", "get_share", "balance", "below", "above")),
        ]
        self._head("swap", _note("swap"), labels, [12, 36, *[13] * 13])
        parts = _parts(self.plan)
        self._fit_rows("swap", parts[["goal"]])
        for at in range(self.lines):
            row = FIRST + at + 1
            self._swap_row(row, parts.iloc[at] if at < len(parts) else None)
        total = jointplan.swap_balance(self.plan.initiatives, self.plan.terms).iloc[-1]
        sums = {name: parts[name].sum() for name in ("p10", "p50", "p90")}
        self.sheets["swap"].write_string(self.last, 1, _("The whole plan"), self._result(bold=True))
        for at, name in enumerate(("our_give", "their_give", "p10", "p50", "p90", "our_get", "their_get"), 3):
            letter = "DEFGHIJ"[at - 3]
            formula = f"SUM({letter}{FIRST + 1}:{letter}{self.last})"
            self._formula("swap", self.last, at, formula, {**total, **sums}[name], self._result(bold=True))
        self._shares(self.last + 1, total)

    def _swap_row(self, row: int, part: pd.Series | None) -> None:
        of = {name: self._of(name, row) for name in FORMS["initiatives"]}
        stopped = ",".join(f'{of["status"]}="{word}"' for word in _spellings("stopped"))
        empty = f"COUNTA({of['initiative_id']}:{of['status'].partition('!')[2]})=0"
        expected = f"N({of['expected_amount']})"
        low = f"MIN(IF(ISNUMBER({of['low_amount']}),{of['low_amount']},{expected}*t_low_share),{expected})"
        high = f"MAX(IF(ISNUMBER({of['high_amount']}),{of['high_amount']},{expected}*t_high_share),{expected})"
        kept = f"C{row}*(1-t_pull_forward-t_cannibalised)"
        earned = "t_customer_margin+t_service_income+t_rebate_rate-t_stock_days/365*t_capital_cost"
        formulas = {
            "counts": f'IF({empty},"",IF(OR({stopped}),0,1))',
            "our_give": f"C{row}*N({of['our_cost']})",
            "their_give": f"C{row}*N({of['their_cost']})",
            "p10": f"{kept}*{low}",
            "p50": f"{kept}*{expected}",
            "p90": f"{kept}*{high}",
            "our_get": f"G{row}*(1-t_cogs_rate-t_rebate_rate)",
            "their_get": f"G{row}*({earned})",
        }
        for at, name in enumerate(("initiative_id", "goal")):
            text = None if part is None else part[name]
            self._formula("swap", row - 1, at, f'IF({of[name]}="","",{of[name]})', text, self._result(text_wrap=True))
        for at, (name, formula) in enumerate(formulas.items(), 2):
            guarded = formula if name == "counts" else f'IF(C{row}="","",{formula})'
            self._formula("swap", row - 1, at, guarded, None if part is None else part[name], self._result())
        self._shares(row, part)
        for at, name, gap in ((13, "below", f"G{row}-F{row}"), (14, "above", f"H{row}-G{row}")):
            value = None if part is None else part[name]
            self._formula("swap", row - 1, at, f'IF(C{row}="","",{gap})', value, self._result())

    def _shares(self, row: int, part: pd.Series | None) -> None:
        for at, (one, other) in enumerate((("D", "E"), ("I", "J")), 10):
            formula = f'IF(N({one}{row})+N({other}{row})>0,{one}{row}/({one}{row}+{other}{row}),"")'
            value = None if part is None else part["give_share" if at == 10 else "get_share"]
            self._formula("swap", row - 1, at, formula, value, self._result("0%"))
        formula = f'IF(AND(ISNUMBER(K{row}),ISNUMBER(L{row})),K{row}-L{row},"")'
        value = None if part is None else part["balance"]
        self._formula("swap", row - 1, 12, formula, value, self._result("+0%;[Red]-0%;0%"))

    def _pnl(self) -> None:
        labels = [_(vocabulary.label(name)) for name in ("side", "line", "without", "p10", "p50", "p90")]
        self._head("pnl", convention(), labels, [18, 34, 17, 17, 17, 17])
        pnl = jointplan.joint_pnl(self.plan.initiatives, self.plan.terms)
        added = {name: pnl.loc[0, name] - pnl.loc[0, "without"] for name in ("without", "p10", "p50", "p90")}
        sheet = self.sheets["pnl"]
        sheet.write_string(FIRST, 1, _("sales the plan adds"), self.style())
        for at, name in enumerate(added, 2):
            self._formula("pnl", FIRST, at, self._added(name), added[name], self._result())
        for row, line in enumerate(pnl.itertuples(), FIRST + 1):
            strong = line.line in ("plan_margin", "benefit")
            sheet.write_string(row, 0, _word(line.side), self.style(bold=strong))
            sheet.write_string(row, 1, _word(line.line), self.style(bold=strong))
            for at, name in enumerate(added, 2):
                formula = self._line(line.Index, "ABCDEF"[at], name)
                self._formula("pnl", row, at, formula, getattr(line, name), self._result(bold=strong))
        self._returns(FIRST + len(pnl) + 3, pnl)

    def _added(self, name: str) -> str:
        swap = f"'{self.names['swap']}'!"
        if name == "without":
            return "0"
        column = {letter: f"{swap}${letter}${FIRST + 1}:${letter}${self.last}" for letter in "GNO"}
        gap = column["N" if name == "p10" else "O"]
        spread = f"SQRT((1-t_together)*SUMSQ({gap})+t_together*SUM({gap})^2)"
        sign = {"p10": f"-{spread}", "p50": "", "p90": f"+{spread}"}[name]
        return f"SUM({column['G']}){sign}"

    def _line(self, at: int, letter: str, name: str) -> str:
        """The formula of one of `jointplan.LINES` in one column."""
        first = FIRST + 2
        sales, swap = f"{letter}{first}", f"'{self.names['swap']}'!"
        cost = "0" if name == "without" else f"-{swap}{'$D$' if at == 3 else '$E$'}{self.last + 1}"
        return (
            f"t_baseline_amount+{letter}{FIRST + 1}",
            f"-{sales}*t_cogs_rate",
            f"-{sales}*t_rebate_rate",
            cost,
            f"SUM({letter}{first}:{letter}{first + 3})",
            sales,
            f"{sales}*t_customer_margin",
            f"{sales}*t_service_income",
            f"{sales}*t_rebate_rate",
            f"-{sales}*t_stock_days/365*t_capital_cost",
            cost,
            f"SUM({letter}{first + 6}:{letter}{first + 10})",
        )[at]

    def _returns(self, row: int, pnl: pd.DataFrame) -> None:
        sheet = self.sheets["pnl"]
        sheet.write_string(row - 1, 0, convention(), self.style(font_color="#6b7785"))
        for at, label in enumerate(("side", "spend", "roi_p10", "roi", "roi_p90")):
            sheet.write_string(row, at, _(vocabulary.label(label)), self.style(bold=True))
        for at, line in enumerate(jointplan.joint_returns(pnl).itertuples(), 1):
            cost, result = (FIRST + 5, FIRST + 6) if line.side == "us" else (FIRST + 12, FIRST + 13)
            sheet.write_string(row + at, 0, _word(line.side), self.style())
            self._formula("pnl", row + at, 1, f"-E{cost}", line.spend, self._result())
            for place, (letter, value) in enumerate((("D", line.roi_p10), ("E", line.roi), ("F", line.roi_p90)), 2):
                formula = f'IF(B{row + at + 1}>0,({letter}{result}-C{result})/B{row + at + 1},"")'
                self._formula("pnl", row + at, place, formula, value, self._result("0.00"))

    def _gaps(self) -> None:
        labels = [_(vocabulary.label(name)) for name in ("initiative_id", "goal", "gap", "gaps")]
        self._head("gaps", _note("gaps"), labels, [12, 36, 90, 10])
        found = jointreview.check_initiatives(self.plan.initiatives.assign(initiative_id=self.plan.initiatives.index))
        texts = found.groupby("initiative_id")["gap"].agg("; ".join)
        self._fit_rows("gaps", self.plan.initiatives[["goal"]])
        for at in range(self.lines):
            row, text = FIRST + at + 1, texts.get(at, "")
            swap = f"'{self.names['swap']}'!"
            own = self.plan.initiatives.iloc[at] if at < len(self.plan.initiatives) else None
            for column, name in enumerate(("initiative_id", "goal")):
                value = None if own is None else own[name]
                self._formula(
                    "gaps", row - 1, column, f'{swap}{"AB"[column]}{row}&""', value, self._result(text_wrap=True)
                )
            self._formula("gaps", row - 1, 2, self._gap_text(row, swap), text, self._result(text_wrap=True))
            self._formula("gaps", row - 1, 3, f"IF(LEN(C{row})>0,1,0)", int(bool(text)), self._result("0;0;"))
        self.sheets["gaps"].write_string(self.last, 2, _("initiatives with a gap"), self.style(bold=True))
        total = f"SUM(D{FIRST + 1}:D{self.last})"
        self._formula("gaps", self.last, 3, total, len(texts), self._result("0", bold=True))

    def _gap_text(self, row: int, swap: str) -> str:
        of = {name: self._of(name, row) for name in FORMS["initiatives"]}
        numbers = [f"NOT(ISNUMBER({of[name]}))" for name in ("start", "end", "our_cost", "their_cost")]
        both = f"AND(ISNUMBER({of['start']}),ISNUMBER({of['end']}))"
        low, high = (
            f"AND(ISNUMBER({of[name]}),ISNUMBER({of['expected_amount']}),N({of[name]}){sign}N({of['expected_amount']}))"
            for name, sign in (("low_amount", ">"), ("high_amount", "<"))
        )
        tests = [
            *(f'{of[name]}=""' for name in ("goal", "our_owner", "their_owner")),
            *numbers[:2],
            f"AND({both},N({of['end']})<N({of['start']}))",
            *numbers[2:],
            f"NOT(N({of['expected_amount']})>0)",
            f"OR({low},{high})",
            f'{of["status"]}=""',
        ]
        parts = (f'IF({test},"; {gap}","")' for test, gap in zip(tests, jointreview.gap_names(), strict=True))
        return f'IF({swap}C{row}<>1,"",MID({"&".join(parts)},3,999))'

    def _scorecard(self) -> None:
        sheet, table = self.sheets["scorecard"], self.plan.scorecard
        head = self.style(bold=True, bg_color=_COLOURS["head"], font_color="#ffffff", border=1)
        for at, name in ((4, "attainment"), (5, "light")):
            sheet.write_string(HEADER, at, _(vocabulary.label(name)), head)
            sheet.set_column(at, at, 14)
        for at, line in enumerate(table.itertuples()):
            row = FIRST + at + 1
            share = line.actual / line.aim if line.aim > 0 else float("nan")
            formula = f'IF(AND(ISNUMBER(C{row}),ISNUMBER(D{row}),N(C{row})>0),D{row}/C{row},"")'
            self._formula("scorecard", row - 1, 4, formula, share, self._result("0%"))
            words = [_word(name) for name in ("grey", "green", "amber", "red")]
            cuts = jointreview.ON_TRACK, jointreview.AT_RISK
            formula = 'IF(E{0}="","{1}",IF(E{0}>={5},"{2}",IF(E{0}>={6},"{3}","{4}")))'.format(row, *words, *cuts)
            self._formula("scorecard", row - 1, 5, formula, _word(jointreview.light(share)), self._result())


def _word(code: str) -> str:
    return _(vocabulary.VALUES[code]) if code in vocabulary.VALUES else code


def _lines(text: object, width: int) -> int:
    """How many lines a text takes in a column of that many letters; a hanzi is as wide as two."""
    if text is None or text != text:
        return 1
    parts = str(text).splitlines() or [""]
    wide = [sum(2 if east_asian_width(c) in "WF" else 1 for c in part) for part in parts]
    return sum(max(-(-taken // (width - 2)), 1) for taken in wide)


def _spellings(code: str) -> list[str]:
    """A word as it may stand in a cell: its code, its English and its Chinese name."""
    name = vocabulary.VALUES.get(code, code)
    return list(dict.fromkeys([code, name, edition.chinese(name)]))


def _parts(plan: JointPlan) -> pd.DataFrame:
    """Per initiative, stopped ones too: what the sheet of giving and getting shows."""
    actions, t = plan.initiatives, jointplan.settled(plan.terms)
    counts = (actions["status"] != "stopped").astype(int)
    table = actions[["initiative_id", "goal"]].assign(counts=counts)
    table["our_give"], table["their_give"] = (actions[f"{who}_cost"].fillna(0) * counts for who in ("our", "their"))
    added = jointplan.incremental_sales(actions, t)
    table = table.join(added)
    table["our_get"] = added["p50"] * (1 - t["cogs_rate"] - t["rebate_rate"])
    table["their_get"] = added["p50"] * sum(jointplan.customer_rates(t))
    for what in ("give", "get"):
        both = table[f"our_{what}"] + table[f"their_{what}"]
        table[f"{what}_share"] = table[f"our_{what}"] / both.where(both > 0)
    table["balance"] = table["give_share"] - table["get_share"]
    return table.assign(below=added["p50"] - added["p10"], above=added["p90"] - added["p50"])


def _note(key: str) -> str:
    return {
        "goals": _("What each side wants, with where it stands and where it shall be."),
        "initiatives": _("No action without an owner on each side, dates and a budget. Blank lines are free to use."),
        "terms": _("What the plan assumes. Change a value and everything blue follows."),
        "swap": _(
            "Balance = our share of giving − our share of getting: 0 is fair, positive we give more than we get."
        ),
        "gaps": _("What must be written down before anybody signs."),
        "scorecard": _("Green from 95 % of the aim, amber from 80 %, red below."),
        "history": _("What the customer bought, by quarter."),
        "cadence": _("When both sides look at the plan together."),
        "risks": _("How joint plans fail, how it shows, and how this one ends if it must."),
    }[key]
