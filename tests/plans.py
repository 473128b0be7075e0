"""Joint plans for the tests, and a small calculator for the formulas that `workbooks` writes. The data is synthetic."""

import math
import re
from functools import cache

import openpyxl
import pandas as pd

from kamlib import jointdraft, jointforms

DAY = pd.Timestamp("2025-12-31")
HOSTILE = [
    '=HYPERLINK("http://x")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "http://example.org",
    "mailto:a@example.org",
    "'quoted",
    '"double"',
    "{=1+1}",
    "_x000D_",
    "a&amp;b <b>",
    "00123",
    "1e5",
    "TRUE",
    "#N/A",
    "35%",
    "2025-01-05",
    "重症监护标准化，第二期",
    "🙂 𠮷野家",
    " spaces around ",
    "two\nlines",
    "tab\there",
    "%s {0} {name}",
    "\u202eright to left",
    "长" * 200,
]


def demo_like(name: str = "临江一院 Linjiang No.1") -> jointforms.JointPlan:
    """A plan with every kind of cell: filled, blank, stopped, with a range of its own."""
    account = pd.Series({"account_id": "A1", "account_name": name, "account_manager": "吴克勤 Wu Keqin"})
    rows = [
        ("J1", "重症监护标准化 ICU", "Li", "Wang", "2025-03-01", "2026-02-28", 81000, 32000, 1620000, "active"),
        ("J2", "Renew imaging", "Li", None, "2025-07-07", "2026-04-06", 124000, 62000, 2060000, "stopped"),
        ("J3", "One supplier", "Chen", "Liu", "2025-03-27", "2025-09-23", 46000, 11000, 1140000.5, "done"),
        ("J4", None, None, "Fu", None, "2025-01-31", None, 17000, None, None),
    ]
    columns = ["initiative_id", "goal", "our_owner", "their_owner", "start", "end", "our_cost", "their_cost"]
    initiatives = pd.DataFrame(rows, columns=[*columns, "expected_amount", "status"])
    initiatives = initiatives.assign(account_id="A1", start=pd.to_datetime(initiatives["start"]))
    initiatives["end"] = pd.to_datetime(initiatives["end"])
    for column in ("our_cost", "their_cost", "expected_amount"):
        initiatives[column] = initiatives[column].astype("float64")
    days = pd.date_range("2024-01-15", "2025-12-15", freq="31D")
    orders = pd.DataFrame({"account_id": "A1", "order_date": days, "amount": 250_000.0, "cost": 110_000.0})
    answers = pd.DataFrame({"account_id": ["A1"], "date": [pd.Timestamp("2025-06-01")], "csat": [4.0]})
    made = jointdraft.draft_plan(account, initiatives, orders, answers, currency="CNY", as_of=DAY, rebate_rate=0.03)
    ranged = made.initiatives.assign(low_amount=[900000.0, None, None, None], high_amount=[None, None, 1200000.0, None])
    return remade(made, initiatives=ranged)


def remade(plan: jointforms.JointPlan, **tables: pd.DataFrame) -> jointforms.JointPlan:
    """The plan with some of its tables replaced."""
    kept = {name: getattr(plan, name) for name in jointforms.FORMS}
    facts = {"currency": plan.currency, "as_of": plan.as_of}
    return jointforms.make_plan(plan.account_id, plan.account_name, **facts, **{**kept, **tables})


def same(one: jointforms.JointPlan, other: jointforms.JointPlan) -> bool:
    """Raise if two plans differ in any cell or type."""
    for name in ("account_id", "account_name", "currency", "as_of"):
        assert getattr(one, name) == getattr(other, name), name
    for name in jointforms.FORMS:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True, obj=name)
    return True


# --- a calculator for the formulas we write ---


class Calculator:
    """Every formula of a workbook, computed from its inputs and nothing else: saved results are never looked at."""

    def __init__(self, path):
        self.book = openpyxl.load_workbook(path)
        self.names = {name: text.attr_text for name, text in self.book.defined_names.items()}
        self.known: dict[tuple[str, str], object] = {}
        self.named: dict[str, object] = {}

    def formulas(self):
        """(sheet, cell) of every formula."""
        for sheet in self.book:
            for row in sheet.iter_rows():
                yield from ((sheet.title, cell.coordinate) for cell in row if cell.data_type == "f")

    def cell(self, sheet: str, where: str) -> object:
        where = where.replace("$", "")
        if (sheet, where) not in self.known:
            cell = self.book[sheet][where]
            value = self.text(sheet, cell.value[1:]) if cell.data_type == "f" else cell.value
            self.known[sheet, where] = value.toordinal() if hasattr(value, "toordinal") else value
        return self.known[sheet, where]

    def area(self, sheet: str, first: str, last: str) -> list:
        cells = self.book[sheet][f"{first}:{last}".replace("$", "")]
        return [self.cell(sheet, cell.coordinate) for row in cells for cell in row]

    def text(self, sheet: str, formula: str) -> object:
        scope = {**FUNCTIONS, "at": sheet, "cell": self.cell, "area": self.area, "name": self.name}
        return eval(python(formula), scope)

    def name(self, name: str) -> object:
        if name not in self.named:
            self.named[name] = self.text("", self.names[name])
        return self.named[name]


_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")|(?:'(?P<sheet>(?:[^']|'')+)'!)?(?P<first>\$?[A-Z]{1,2}\$?\d+)(?::(?P<last>\$?[A-Z]{1,2}\$?\d+))?
    |(?P<function>[A-Z]+)\(|(?P<name>t_\w+)|(?P<sign><>|>=|<=|=|&|\^)""",
    re.VERBOSE,
)
_SIGNS = {"<>": "!=", "=": "==", "&": "|join|", "^": "**"}


@cache
def python(formula: str):
    """A formula as compiled Python; arguments of IF stay unevaluated until they are needed."""

    def turned(found: re.Match) -> str:
        if found["text"]:
            return f"Text({found['text'][1:-1].replace(chr(34) * 2, chr(34))!r})"
        if found["first"]:
            sheet = repr(found["sheet"].replace("''", "'")) if found["sheet"] else "at"
            if found["last"]:
                return f"area({sheet}, {found['first']!r}, {found['last']!r})"
            return f"value(cell({sheet}, {found['first']!r}))"
        if found["function"]:
            return f"{found['function']}_("
        if found["name"]:
            return f"name({found['name']!r})"
        return _SIGNS.get(found["sign"], found["sign"])

    return compile(_lazy(_TOKEN.sub(turned, formula).replace("|join|", "+")), formula, "eval")


def _lazy(text: str) -> str:
    """``IF_(a, b, c)`` as ``(b if a else c)``, inside out."""
    while (at := text.rfind("IF_(")) >= 0:
        parts, depth, start, quote = [], 0, at + 4, ""
        for place in range(start, len(text)):
            letter = text[place]
            if quote:
                quote = "" if letter == quote and text[place - 1] != "\\" else quote
            elif letter in "'\"":
                quote = letter
            elif letter in "([":
                depth += 1
            elif letter in ")]" and depth:
                depth -= 1
            elif letter in ",)" and not depth:
                parts.append(text[start:place])
                start = place + 1
                if letter == ")":
                    break
        test, yes, no = parts
        text = f"{text[:at]}(({yes}) if ({test}) else ({no})){text[start:]}"
    return text


class Text(str):
    """A text that equals a blank cell when it is empty, as in a spreadsheet."""

    __slots__ = ()

    def __eq__(self, other):
        return str(self).lower() == str("" if other is None else other).lower()

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__

    def __add__(self, other):
        return Text(str(self) + str(other))


class Blank:
    """An empty cell: 0 beside numbers, nothing beside texts."""

    def __eq__(self, other):
        return other in ("", 0)

    def __hash__(self):
        return 0

    def __add__(self, other):
        return Text(other)


def value(cell: object) -> object:
    if cell is None:
        return Blank()
    return Text(cell) if isinstance(cell, str) else cell


def _numbers(cells) -> list[float]:
    flat = [part for cell in cells for part in (cell if isinstance(cell, list) else [cell])]
    return [cell for cell in flat if isinstance(cell, int | float) and not isinstance(cell, bool)]


FUNCTIONS = {
    "Text": Text,
    "value": value,
    "N_": lambda cell: cell if isinstance(cell, int | float) else 0,
    "ISNUMBER_": lambda cell: isinstance(cell, int | float) and not isinstance(cell, bool),
    "NOT_": lambda test: not test,
    "AND_": lambda *tests: all(tests),
    "OR_": lambda *tests: any(tests),
    "SUM_": lambda *cells: math.fsum(_numbers(cells)),
    "SUMSQ_": lambda *cells: math.fsum(cell * cell for cell in _numbers(cells)),
    "SQRT_": math.sqrt,
    "MIN_": lambda *cells: min(_numbers(cells)),
    "MAX_": lambda *cells: max(_numbers(cells)),
    "LEN_": len,
    "MID_": lambda text, first, count: Text(str(text)[first - 1 : first - 1 + count]),
    "COUNTA_": lambda cells: sum(cell is not None for cell in cells),
}
