"""What must hold across columns, rows and tables of a company, beyond what `schema` says of single columns.

A company may exempt itself from a rule by listing its ``id`` under ``accept`` in ``mapping.toml``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from kamlib import schema

PRICE_LIMIT = 10
"""A unit price above this many list prices is taken for a misplaced decimal point or a wrong unit."""

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Rule:
    """Something that must hold across columns, rows or tables. ``broken`` marks the rows of ``table`` that break it."""

    name: str
    what_to_do: str
    table: str
    column: str
    broken: Callable[[Frames], pd.Series]
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """How ``mapping.toml`` names it in ``accept``."""
        return f"{self.table}: {self.name}"


def _of(frames: Frames, table: str, column: str, key: pd.Series) -> pd.Series:
    """A column of another table, looked up by its first key column."""
    other = frames[table]
    first = schema.TABLES[table].key[0]
    return key.map(other.drop_duplicates(first).set_index(first)[column])


def _cycle(frame: pd.DataFrame, key: str, above: str) -> pd.Series:
    """Rows from which following ``above`` leads back to themselves."""
    parent = dict(zip(frame[key], frame[above], strict=True))
    looped = set()
    for start in parent:
        seen, at = set(), parent[start]
        while isinstance(at, str) and at in parent and at not in seen and at != start:
            seen.add(at)
            at = parent[at]
        if at == start:
            looped.add(start)
    return frame[key].isin(looped)


def _opposite_signs(f: Frames, column: str) -> pd.Series:
    o = f["orders"]
    return o["quantity"] * o[column] < 0


def _several(frame: pd.DataFrame, key: str, column: str) -> pd.Series:
    """Rows whose ``column`` differs from the first row of the same ``key``."""
    return frame[column].ne(frame.groupby(key)[column].transform("first")) & frame[column].notna()


def _overpriced(f: Frames) -> pd.Series:
    o = f["orders"]
    price = _of(f, "products", "list_price", o["product"])
    return (o["amount"].abs() > PRICE_LIMIT * price * o["quantity"].abs()) & (price > 0)


def _out_of_order(f: Frames) -> pd.Series:
    """A stage first entered before an earlier stage of the dictionary was first entered."""
    h = f["stage_history"].assign(order=lambda d: _of(f, "stages", "order", d["stage"]))
    h = h.dropna(subset=["order", "entered"]).reset_index(names="row")
    first = h.sort_values(["entered", "order"]).drop_duplicates(["opportunity_id", "stage"])
    first = first.sort_values(["opportunity_id", "order"])
    latest = first.groupby("opportunity_id")["entered"].cummax()
    return pd.Series(True, index=first.loc[first["entered"] < latest, "row"])


def _entered_late(f: Frames) -> pd.Series:
    h = f["stage_history"]
    closed = _of(f, "opportunities", "closed", h["opportunity_id"])
    return (h["entered"] > closed) & (_of(f, "stages", "funnel", h["stage"]) != "delivery")


def _same_account(f: Frames, table: str) -> pd.Series:
    frame = f[table]
    whose = _of(f, "contacts", "account_id", frame["contact_id"])
    return whose.notna() & (whose != frame["account_id"])


def _needs_region(f: Frames, table: str) -> pd.Series:
    """Rows that no region owns: neither their own region nor that of one region's account."""
    frame = f[table]
    home = _of(f, "accounts", "region", frame["account_id"]).replace(schema.ALL_REGIONS, None)
    return (
        frame["region"].isna()
        & home.isna()
        & (frame["account_id"].isna() | frame["account_id"].isin(f["accounts"]["account_id"]))
    )


def _more_than_all(f: Frames) -> pd.Series:
    c = f["competitors"]
    return c.groupby(["region", "year"])["market_share"].transform("sum") > 1.0005


def _weights_off(f: Frames) -> pd.Series:
    return (f["weights"].groupby("topic")["weight"].transform("sum") - 1).abs() > 0.005


def _case_twins(f: Frames, column: str) -> pd.Series:
    return f["regions"][column].str.casefold().duplicated() & f["regions"][column].notna()


def _closed_without_date(f: Frames) -> pd.Series:
    o = f["opportunities"]
    return o["outcome"].isin(["won", "lost"]) & o["closed"].isna()


def _foreign_target(f: Frames) -> pd.Series:
    t = f["targets"]
    home = _of(f, "accounts", "region", t["account_id"])
    return home.notna() & (home != schema.ALL_REGIONS) & (home != t["region"])


RULES: tuple[Rule, ...] = (
    Rule("not a currency code", "Write three capital letters, e.g. CNY.", "regions", "currency",
         lambda f: ~f["regions"]["currency"].str.fullmatch("[A-Z]{3}").fillna(True).astype(bool)),
    Rule("a reserved name", "Give the region another name: 'all' means the whole company.", "regions", "region",
         lambda f: f["regions"]["region"].str.casefold() == schema.ALL_REGIONS),
    Rule("two regions differ only in upper and lower case", "Rename one of them.", "regions", "region",
         lambda f: _case_twins(f, "region") & ~f["regions"]["region"].duplicated()),
    Rule("two regions have the same name", "Rename one of them.", "regions", "name_en",
         lambda f: _case_twins(f, "name_en")),
    Rule("two regions have the same Chinese name", "Rename one of them.", "regions", "name_zh",
         lambda f: _case_twins(f, "name_zh")),
    Rule("an account is its own parent", "Leave parent_account_id blank.", "accounts", "parent_account_id",
         lambda f: f["accounts"]["parent_account_id"] == f["accounts"]["account_id"]),
    Rule("parent accounts form a circle", "Correct parent_account_id so that it leads upwards.", "accounts",
         "parent_account_id", lambda f: _cycle(f["accounts"], "account_id", "parent_account_id")
         & (f["accounts"]["parent_account_id"] != f["accounts"]["account_id"])),
    Rule("a prospect that has ordered", "Make it a customer, or correct the account of the order.", "accounts",
         "account_type", lambda f: (f["accounts"]["account_type"] == "prospect")
         & f["accounts"]["account_id"].isin(f["orders"]["account_id"]), ("orders",)),
    Rule("a prospect with a first day as a customer", "Make it a customer, or leave since blank.", "accounts", "since",
         lambda f: (f["accounts"]["account_type"] == "prospect") & f["accounts"]["since"].notna()),
    Rule("one order, two accounts", "Correct the account, or give the line another order_id.", "orders", "account_id",
         lambda f: _several(f["orders"], "order_id", "account_id")),
    Rule("a quantity of 0 with an amount", "Write the quantity; a fee has quantity 1.", "orders", "quantity",
         lambda f: (f["orders"]["quantity"] == 0) & (f["orders"]["amount"] != 0)),
    Rule("quantity and amount have opposite signs", "A return has both negative.", "orders", "amount",
         lambda f: _opposite_signs(f, "amount")),
    Rule("quantity and cost have opposite signs", "A return has both negative.", "orders", "cost",
         lambda f: _opposite_signs(f, "cost")),
    Rule("a unit price more than ten times the list price", "Check the decimal point and the unit (元, 万元).", "orders",
         "amount", _overpriced, ("products",)),
    Rule("invoiced before ordered", "Correct one of the dates.", "orders", "invoice_date",
         lambda f: f["orders"]["invoice_date"] < f["orders"]["order_date"]),
    Rule("paid before ordered", "Correct one of the dates.", "orders", "paid_date",
         lambda f: f["orders"]["paid_date"] < f["orders"]["order_date"]),
    Rule("paid before invoiced", "Correct one of the dates; where advance payment is usual, list this rule under accept"
         " in mapping.toml.", "orders", "paid_date",
         lambda f: f["orders"]["paid_date"].between(f["orders"]["order_date"], f["orders"]["invoice_date"], "left")),
    Rule("ordered before the first day as a customer", "Correct since, or the date of the order.", "orders",
         "order_date", lambda f: f["orders"]["order_date"] < _of(f, "accounts", "since", f["orders"]["account_id"])),
    Rule("no region owns this row", "Fill in region: the account is served by several.", "orders", "region",
         lambda f: _needs_region(f, "orders")),
    Rule("a person reports to themselves", "Leave reports_to blank.", "contacts", "reports_to",
         lambda f: f["contacts"]["reports_to"] == f["contacts"]["contact_id"]),
    Rule("a person reports to someone at another account", "Correct reports_to or account_id.", "contacts", "reports_to",
         lambda f: (b := _of(f, "contacts", "account_id", f["contacts"]["reports_to"])).notna()
         & (b != f["contacts"]["account_id"])),
    Rule("people report to each other in a circle", "Correct reports_to so that it leads upwards.", "contacts",
         "reports_to", lambda f: _cycle(f["contacts"], "contact_id", "reports_to")
         & (f["contacts"]["reports_to"] != f["contacts"]["contact_id"])),
    Rule("the person belongs to another account", "Correct contact_id or account_id.", "interactions", "contact_id",
         lambda f: _same_account(f, "interactions"), ("contacts",)),
    Rule("the person belongs to another account", "Correct contact_id or account_id.", "satisfaction", "contact_id",
         lambda f: _same_account(f, "satisfaction"), ("contacts",)),
    Rule("an answer without nps and csat", "Fill in one of them, or delete the row.", "satisfaction", "nps",
         lambda f: f["satisfaction"]["nps"].isna() & f["satisfaction"]["csat"].isna()),
    Rule("no region owns this row", "Fill in account_id or region.", "leads", "account_id",
         lambda f: _needs_region(f, "leads")),
    Rule("converted, but into no deal", "Fill in opportunity_id, or correct the status.", "leads", "opportunity_id",
         lambda f: (f["leads"]["status"] == "converted") & f["leads"]["opportunity_id"].isna()),
    Rule("a deal from a lead that is not converted", "Correct the status, or leave opportunity_id blank.", "leads",
         "status", lambda f: f["leads"]["status"].isin(["new", "qualified", "disqualified"])
         & f["leads"]["opportunity_id"].notna()),
    Rule("closed before created", "Correct one of the dates.", "leads", "closed",
         lambda f: f["leads"]["closed"] < f["leads"]["created"]),
    Rule("an open lead with a closing date", "Correct the status, or leave closed blank.", "leads", "closed",
         lambda f: f["leads"]["status"].isin(["new", "qualified"]) & f["leads"]["closed"].notna()),
    Rule("the lead's deal belongs to another account", "Correct opportunity_id or account_id.", "leads",
         "opportunity_id",
         lambda f: (a := _of(f, "opportunities", "account_id", f["leads"]["opportunity_id"])).notna()
         & f["leads"]["account_id"].notna() & (a != f["leads"]["account_id"]), ("opportunities",)),
    Rule("the deal is older than its lead", "Correct one of the dates.", "leads", "created",
         lambda f: _of(f, "opportunities", "created", f["leads"]["opportunity_id"]) < f["leads"]["created"],
         ("opportunities",)),
    Rule("one deal from two leads", "Keep the lead that found it.", "leads", "opportunity_id",
         lambda f: f["leads"]["opportunity_id"].duplicated() & f["leads"]["opportunity_id"].notna()),
    Rule("won or lost, but without a closing date", "Fill in closed, or set the outcome to open.", "opportunities",
         "closed", _closed_without_date),
    Rule("an open deal with a closing date", "Set the outcome to won or lost, or leave closed blank.", "opportunities",
         "closed", lambda f: (f["opportunities"]["outcome"] == "open") & f["opportunities"]["closed"].notna()),
    Rule("closed before created", "Correct one of the dates.", "opportunities", "closed",
         lambda f: f["opportunities"]["closed"] < f["opportunities"]["created"]),
    Rule("expected to close before created", "Correct one of the dates.", "opportunities", "expected_close",
         lambda f: f["opportunities"]["expected_close"] < f["opportunities"]["created"]),
    Rule("a signed amount on a deal that is not won", "Leave closed_amount blank, or correct the outcome.",
         "opportunities", "closed_amount",
         lambda f: (f["opportunities"]["outcome"] != "won") & (f["opportunities"]["closed_amount"].fillna(0) != 0)),
    Rule("a reason for losing a deal that is not lost", "Leave lost_reason blank, or correct the outcome.",
         "opportunities", "lost_reason",
         lambda f: f["opportunities"]["outcome"].isin(["won", "open"]) & f["opportunities"]["lost_reason"].notna()),
    Rule("no region owns this row", "Fill in account_id or region.", "opportunities", "account_id",
         lambda f: _needs_region(f, "opportunities")),
    Rule("a stage entered before the deal was created", "Correct one of the dates.", "stage_history", "entered",
         lambda f: f["stage_history"]["entered"]
         < _of(f, "opportunities", "created", f["stage_history"]["opportunity_id"]), ("opportunities",)),
    Rule("a stage entered after the deal was closed", "Correct one of the dates.", "stage_history", "entered",
         _entered_late, ("opportunities", "stages")),
    Rule("a stage entered before an earlier stage", "Correct the dates, or the order in stages.", "stage_history",
         "entered", _out_of_order, ("stages",)),
    Rule("two stages in the same position", "Give every stage its own order.", "stages", "order",
         lambda f: f["stages"]["order"].duplicated() & f["stages"]["order"].notna()),
    Rule("the funnels are not in the order lead, deal, delivery", "Correct order or funnel.", "stages", "order",
         lambda f: (r := f["stages"].sort_values("order")["funnel"].map({n: i for i, n in enumerate(schema.FUNNELS)}))
         < r.cummax()),
    Rule("market shares sum to more than 1", "Correct the shares of the region and year.", "competitors",
         "market_share", _more_than_all),
    Rule("the account belongs to another region", "Correct region or account_id.", "targets", "region",
         _foreign_target),
    Rule("a negative target", "Write a target of 0 or more.", "targets", "target",
         lambda f: f["targets"]["target"] < 0),
    Rule("a share above 1", "Write 0.35 for 35%.", "targets", "target",
         lambda f: (f["targets"]["metric"] == "market_share") & (f["targets"]["target"] > 1)),
    Rule("ends before it starts", "Correct one of the dates.", "initiatives", "end",
         lambda f: f["initiatives"]["end"] < f["initiatives"]["start"]),
    Rule("a contract that ends before it starts", "Correct one of the dates.", "dealers", "contract_end",
         lambda f: f["dealers"]["contract_end"] < f["dealers"]["contract_start"]),
    Rule("not a dealer's account", "Set account_type to dealer, or delete the row.", "dealers", "account_id",
         lambda f: (t := _of(f, "accounts", "account_type", f["dealers"]["account_id"])).notna() & (t != "dealer")),
    Rule("ends before it starts", "Correct one of the dates.", "promotions", "end",
         lambda f: f["promotions"]["end"] < f["promotions"]["start"]),
    Rule("ends before it starts", "Correct one of the dates.", "pilots", "end",
         lambda f: f["pilots"]["end"] < f["pilots"]["start"]),
    Rule("the weights of a topic do not sum to 1", "Correct the weights.", "weights", "weight", _weights_off),
)  # fmt: skip
"""Every rule; ``rule.broken`` marks the offending rows of ``rule.table``."""
