"""What `schema` declares, for people: the empty tables of ``kam new``, and the dictionary in ``data/README.md``.

``python -m kamlib.templates data/README.md`` writes the dictionary into that file, between its marks.
"""

import csv
import datetime as dt
import errno
import sys
from pathlib import Path

from kamlib import schema
from kamlib.edition import _
from kamlib.intake.layout import HELP_MARK
from kamlib.intake.mapping import FILE
from kamlib.intake.rules import RULES

WORKBOOKS = "workbooks"
"""The subfolder with the same tables as workbooks; nothing is read from there."""
BEGIN = "<!-- dictionary: written by `python -m kamlib.templates data/README.md` -->"
END = "<!-- end of the dictionary -->"
_ROWS = 10_000
_EXAMPLES = {"date": "2024-01-05", "month": "2024-01", "period": "2024, 2024-Q1, 2024-01", "share": "0.35, 35%"}
_NUMBER_FORMATS = {
    "date": "yyyy-mm-dd", "money": "#,##0.00", "share": "0.0%", "integer": "0", "number": "General", "year": "0"
}  # fmt: skip
"""Cells of other kinds are text, so that 00123 and 2024-01 stay what they are."""
_MADE = dt.datetime(2024, 1, 1)

_MAPPING = """\
# {intro}

[company]
name_en = ""
name_zh = ""
# exported = 2024-12-31
# accept = ["orders: paid before invoiced"]

# [tables.orders]
# file = "raw/export.csv"
# where = {{ status = ["shipped", "paid"] }}

# [tables.orders.columns]
# order_id = "Order No."
# account_id = "Customer"
# order_date = {{ from = "Date", format = "%d/%m/%Y" }}
# product = {{ from = "Item", values = {{ "Pump (old)" = "PUMP" }} }}
# quantity = {{ const = "1" }}
# amount = {{ from = "Amount (10k)", times = 10000 }}
# region = {{ from = "Office", lookup = "raw/offices.csv", key = "office", value = "region" }}
"""


# --- empty tables ---


def write_templates(folder: Path) -> None:
    """Write every table of the contract into a new folder, as CSV and as workbooks, each with a row of help.

    The help is in the language spoken now.

    Raises
    ------
    FileExistsError
        If the folder exists and holds anything.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(errno.EEXIST, _("Something is there already; name a new folder"), str(folder))
    for table in schema.TABLES.values():
        place = folder / table.folder / f"{table.name}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([list(table.by_name), help_row(table)])
        _write_workbook(folder / WORKBOOKS / table.folder / f"{table.name}.xlsx", table)
    intro = _("How an export of your own becomes these tables, unchanged. Take away the # where you need it.")
    (folder / FILE).write_text(_MAPPING.format(intro=intro), "utf-8")
    (folder / "README.md").write_text(_readme(), "utf-8")


def help_row(table: schema.Table) -> list[str]:
    """What each column of a table holds; the first cell says that the row is help, and is to be skipped."""
    helps = [_help(column) for column in table.columns]
    return [f"{HELP_MARK} {helps[0]}", *helps[1:]]


def _help(column: schema.Column) -> str:
    parts = [_(column.help)]
    if column.allowed:
        parts.append(" | ".join(column.allowed))
    elif column.kind in _EXAMPLES:
        parts.append(_EXAMPLES[column.kind])
    if column.required:
        parts.append(_("required"))
    return " · ".join(parts)


def _readme() -> str:
    lines = (
        _("# A new company"),
        _("Fill in regions.csv and accounts.csv, and those of the other tables you have; delete the rest."),
        _("The row below the header that begins with {mark} is help; it is skipped.", mark=HELP_MARK),
        _("The same tables as workbooks are in {folder}; move one here in place of its CSV.", folder=WORKBOOKS),
        _("kam check says what is missing. data/README.md explains every column."),
    )
    return "\n\n".join(lines) + "\n"


def _write_workbook(path: Path, table: schema.Table) -> None:
    import xlsxwriter

    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": _MADE})
        sheet = book.add_worksheet(table.name)
        header = book.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1, "align": "left"})
        helps = book.add_format({"italic": True, "font_color": "#666666", "text_wrap": True, "valign": "top"})
        sheet.freeze_panes(1, 1)
        sheet.set_row(1, 75)
        for place, (column, text) in enumerate(zip(table.columns, help_row(table), strict=True)):
            cells = book.add_format({"num_format": _NUMBER_FORMATS.get(column.kind, "@")})
            sheet.set_column(place, place, max(14, len(column.name) + 4), cells)
            sheet.write_string(0, place, column.name, header)
            sheet.write_string(1, place, text, helps)
            if column.allowed:
                told = {"validate": "list", "source": list(column.allowed), "ignore_blank": True}
                sheet.data_validation(2, place, _ROWS, place, told)


# --- the dictionary ---


def dictionary() -> str:
    """The whole contract as markdown: kinds of cells, then every table with its columns and rules."""
    kinds = [f"| {kind} | {_(meaning)} |" for kind, meaning in schema.KINDS.items()]
    head = [_("### Kinds of cells"), "", _("| Kind | What a cell holds |"), "|---|---|", *kinds, ""]
    return "\n".join([*head, *(_described(table) for table in schema.TABLES.values())])


def _described(table: schema.Table) -> str:
    where = f"{table.folder}/{table.name}.csv" if table.folder else f"{table.name}.csv"
    lines = [f"### {table.name}", "", _("One row is {row}. File: `{file}`.", row=_(table.row), file=where)]
    lines.append(_facts(table))
    lines += ["", _("| Column | Kind | Needed | Unit, range, values | Meaning |"), "|---|---|---|---|---|"]
    lines += [_line(column) for column in table.columns]
    rules = [rule for rule in RULES if rule.table == table.name]
    if rules:
        lines += ["", _("Rules (the name in front is what `accept` in `mapping.toml` takes):"), ""]
        lines += [f"- `{rule.id}` — {_(rule.what_to_do)}" for rule in rules]
    return "\n".join([*lines, ""])


def _facts(table: schema.Table) -> str:
    facts = [_("Required.") if table.required else _("Optional.")]
    if table.key:
        facts.append(_("Key: {key}.", key=", ".join(f"`{name}`" for name in table.key)))
    if table.seen_from:
        facts.append(_("A row is known from `{column}` on.", column=table.seen_from))
    if table.scope:
        facts.append(_("A row belongs to a region by its `{scope}`.", scope=_OWNER[table.scope]))
    else:
        facts.append(_("Shared by all regions."))
    return " ".join(facts)


_OWNER = {"region": "region", "accounts": "account_id", "opportunities": "opportunity_id"}


def _line(column: schema.Column) -> str:
    needed = _("yes") if column.required else ""
    return f"| `{column.name}` | {column.kind} | {needed} | {_limits(column)} | {_meaning(column)} |"


def _limits(column: schema.Column) -> str:
    parts = [column.unit] if column.unit else []
    if column.allowed:
        parts.append(", ".join(f"`{value}`" for value in column.allowed))
    if column.low is not None or column.high is not None:
        parts.append("…".join("" if bound is None else f"{bound:g}" for bound in (column.low, column.high)))
    return "; ".join(parts)


def _meaning(column: schema.Column) -> str:
    refers = column.refers if column.refers and not column.refers.endswith(f".{column.name}") else ""
    table = column.refers.partition(".")[0]
    if refers:
        return _("{help}; a `{column}`", help=_(column.help), column=refers)
    return _("{help}; as in `{table}`", help=_(column.help), table=table) if table else _(column.help)


def refresh(path: Path) -> None:
    """Write the dictionary into a markdown file, between its marks."""
    text = path.read_text("utf-8")
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{dictionary()}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    refresh(Path(sys.argv[1]))
