"""What must hold across columns, rows and tables of a company, beyond what `schema` says of single columns.

A company may exempt itself from a rule by listing its ``id`` under ``accept`` in ``mapping.toml``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from kamlib import schema
from kamlib.intake.amounts import CURRENCY_CODES
from kamlib.intake.texts import plain

PRICE_LIMIT = 10
"""A unit price or cost above this many times the product's own is taken for a slip of the decimal point or the unit."""
PLAN_LIMIT = pd.Timedelta(days=3653)
"""How far ahead of its creation a deal may be expected to close."""

Frame = pd.DataFrame
Frames = dict[str, pd.DataFrame]
"""Every table of the contract; one that the company does not have is empty."""


@dataclass(frozen=True)
class Rule:
    """Something that must hold across columns, rows or tables.

    ``broken`` marks the rows of ``table`` that break it, given that table and all others; every one of ``columns`` is
    named, for either cell may be the wrong one.
    """

    name: str
    what_to_do: str
    table: str
    columns: tuple[str, ...]
    broken: Callable[[Frame, Frames], pd.Series]

    @property
    def id(self) -> str:
        """How ``mapping.toml`` names it in ``accept``."""
        return f"{self.table}: {self.name}"


# --- what rules are made of ---


def _of(frames: Frames, table: str, column: str, key: pd.Series) -> pd.Series:
    """A column of another table, looked up by its first key column."""
    first = schema.TABLES[table].key[0]
    known = frames[table].dropna(subset=[first]).drop_duplicates(first)
    return known.set_index(first)[column].reindex(key).set_axis(key.index)


def _extreme(frames: Frames, table: str, column: str, key: str, which: str, ids: pd.Series) -> pd.Series:
    """For every one of ``ids`` the ``min`` or ``max`` of a column over the rows of a table that name it."""
    return frames[table].dropna(subset=[key]).groupby(key)[column].agg(which).reindex(ids).set_axis(ids.index)


def _cycle(frame: Frame, key: str, above: str) -> pd.Series:
    """Rows from which following ``above`` leads back to themselves, by more than one step."""
    parent = dict(zip(frame[key], frame[above], strict=True))
    looped: set[str] = set()
    done: set[str] = set()
    for start in parent:
        path: dict[str, int] = {}
        at = start
        while isinstance(at, str) and at in parent and at not in path and at not in done:
            path[at] = len(path)
            at = parent[at]
        if at in path:
            looped |= set(list(path)[path[at] :])
        done |= set(path)
    return frame[key].isin(looped) & (frame[key] != frame[above])


def _minority(frame: Frame, key: str, column: str) -> pd.Series:
    """Rows of a ``key`` with several values of ``column``, but for those with the value most of them have."""
    known = frame.dropna(subset=[key, column])
    sizes = known.groupby([key, column])[column].transform("size")
    total = known.groupby(key)[column].transform("size")
    return sizes * 2 <= total


def _shared(frame: Frame, column: str) -> pd.Series:
    """Rows whose value, whatever its case, another row has too."""
    folded = frame[column].astype("str").str.casefold()
    return folded.duplicated(keep=False) & frame[column].notna()


def _out_of_scale(orders: Frame, frames: Frames, column: str, per_unit: str) -> pd.Series:
    price = _of(frames, "products", per_unit, orders["product"])
    return (orders[column].abs() > PRICE_LIMIT * price * orders["quantity"].abs()) & (price > 0)


def _out_of_order(history: Frame, frames: Frames) -> pd.Series:
    """Stages first entered before an earlier stage of the dictionary, or after a later one."""
    h = history.assign(order=_of(frames, "stages", "order", history["stage"]))
    h = h.dropna(subset=["order", "entered"]).reset_index(names="row")
    first = h.sort_values(["entered", "order"]).drop_duplicates(["opportunity_id", "stage"])
    first = first.sort_values(["opportunity_id", "order"])
    before = first.groupby("opportunity_id")["entered"].cummax()
    after = first.iloc[::-1].groupby("opportunity_id")["entered"].cummin().reindex(first.index)
    wrong = (first["entered"] < before) | (first["entered"] > after)
    return pd.Series(True, index=first.loc[wrong, "row"])


def _funnel(history: Frame, frames: Frames) -> pd.Series:
    return _of(frames, "stages", "funnel", history["stage"])


def _entered(deals: Frame, frames: Frames, which: str, funnels: tuple[str, ...]) -> pd.Series:
    """The first (``min``) or last (``max``) day on which each deal entered a stage of these funnels."""
    history = frames["stage_history"]
    told = frames | {"stage_history": history[_funnel(history, frames).isin(funnels)]}
    return _extreme(told, "stage_history", "entered", "opportunity_id", which, deals["opportunity_id"])


def _deal(frame: Frame, frames: Frames, column: str) -> pd.Series:
    return _of(frames, "opportunities", column, frame["opportunity_id"])


def _closed(deals: Frame) -> pd.Series:
    """The day a deal was closed; blank where that lies before its creation, which is named already."""
    return deals["closed"].mask(deals["closed"] < deals["created"])


def _differ(one: pd.Series, other: pd.Series) -> pd.Series:
    """Where both are known and not the same."""
    return one.notna() & other.notna() & (one != other)


def _whose(frame: Frame, frames: Frames, person: str = "contact_id") -> pd.Series:
    """The account of the person a row names."""
    return _of(frames, "contacts", "account_id", frame[person])


def _home(frame: Frame, frames: Frames) -> pd.Series:
    """The region of each row's account; blank where several regions serve it."""
    return _of(frames, "accounts", "region", frame["account_id"]).replace(schema.ALL_REGIONS, None)


def _ownerless(frame: Frame, frames: Frames) -> pd.Series:
    """Rows that no region owns: without a region of their own, and with an account that several serve."""
    home = _of(frames, "accounts", "region", frame["account_id"])
    return frame["region"].isna() & (home == schema.ALL_REGIONS)


def _ownerless_lead(leads: Frame, frames: Frames) -> pd.Series:
    """The same for leads, which need not name an account."""
    return _ownerless(leads, frames) | (leads["region"].isna() & leads["account_id"].isna())


def _stray(frame: Frame, frames: Frames) -> pd.Series:
    """Rows whose region is not that of their account, though one region alone serves it."""
    known, home = frames["regions"]["region"], _home(frame, frames)
    return _differ(home, frame["region"]) & home.isin(known) & frame["region"].isin(known)


def _spelt_otherwise(own: pd.Series, *elsewhere: pd.Series) -> pd.Series:
    """Values that differ from a no less frequent one, here or elsewhere, only in case, spaces or width."""
    counts = pd.concat([own, *elsewhere]).dropna().astype("str").value_counts(sort=False)
    alike = counts.groupby(counts.index.map(plain), sort=False)
    usual = counts[(counts * 2 > alike.transform("sum")) | (alike.transform("size") == 1)]
    return own.notna() & ~own.isin(usual.index)


def _backwards(stages: Frame, _frames: Frames) -> pd.Series:
    """Stages of an earlier funnel placed after one of a later funnel, and the other way round."""
    rank = {name: place for place, name in enumerate(schema.FUNNELS)}
    ranks = stages.drop_duplicates("stage").dropna(subset=["order"]).sort_values("order")["funnel"].map(rank).dropna()
    return (ranks < ranks.cummax()) | (ranks > ranks.iloc[::-1].cummin().reindex(ranks.index))


def _unbalanced(weights: Frame, _frames: Frames) -> pd.Series:
    sound = weights["weight"].notna() & ~weights.duplicated(["topic", "criterion"], keep=False)
    topics = weights.assign(sound=sound).groupby("topic")
    return topics["sound"].transform("all") & ((topics["weight"].transform("sum") - 1).abs() > 0.005)


def _more_than_all(rivals: Frame, _frames: Frames) -> pd.Series:
    return rivals.groupby(["region", "year"])["market_share"].transform("sum") > 1.0005


def _unknown_end(leads: Frame, _frames: Frames) -> pd.Series:
    """Leads that ended on an unknown day, in a company that states the day of the others."""
    return leads["status"].isin(["converted", "disqualified"]) & leads["closed"].isna() & leads["closed"].notna().any()


def _ends_early(frame: Frame, _frames: Frames) -> pd.Series:
    return frame["end"] < frame["start"]


# --- the rules ---

_ONE_DATE = "Correct one of the dates."
_CHECK_UNIT = "Check the decimal point and the unit (元, 万元)."
_NO_REGION = "Fill in account_id or region."
_SPELL = "Write the name alike in every row and table: names are compared letter by letter."
_TWO_REGIONS = "Correct region or account_id; where several regions serve the account, give it the region all."

_ACCOUNT_RULES = (
    Rule("not a currency code", "Write the three letters of ISO 4217, e.g. CNY, USD, EUR.", "regions", ("currency",),
         lambda r, f: r["currency"].notna() & ~r["currency"].isin(CURRENCY_CODES)),
    Rule("a reserved name", "Give the region another name: 'all' means the whole company.", "regions", ("region",),
         lambda r, f: r["region"].str.casefold() == schema.ALL_REGIONS),
    Rule("two regions have the same name", "Rename one of them.", "regions", ("name_en",),
         lambda r, f: _shared(r, "name_en")),
    Rule("two regions have the same Chinese name", "Rename one of them.", "regions", ("name_zh",),
         lambda r, f: _shared(r, "name_zh")),
    Rule("an account is its own parent", "Leave parent_account_id blank.", "accounts", ("parent_account_id",),
         lambda a, f: a["parent_account_id"] == a["account_id"]),
    Rule("parent accounts form a circle", "Correct parent_account_id so that it leads upwards.", "accounts",
         ("parent_account_id",), lambda a, f: _cycle(a, "account_id", "parent_account_id")),
    Rule("a prospect that has ordered", "Make it a customer, or correct the account of the order.", "accounts",
         ("account_type",), lambda a, f: (a["account_type"] == "prospect")
         & a["account_id"].isin(f["orders"]["account_id"].unique())),
    Rule("a prospect with a first day as a customer", "Make it a customer, or leave since blank.", "accounts",
         ("since", "account_type"), lambda a, f: (a["account_type"] == "prospect") & a["since"].notna()),
    Rule("the first day as a customer is after the first order", "Correct since, or the date of the order.",
         "accounts", ("since",),
         lambda a, f: a["since"] > _extreme(f, "orders", "order_date", "account_id", "min", a["account_id"])),
    Rule("the same name, spelt otherwise", _SPELL, "accounts", ("industry",),
         lambda a, f: _spelt_otherwise(a["industry"], f["market"]["industry"])),
    Rule("the same name, spelt otherwise", _SPELL, "market", ("industry",),
         lambda m, f: _spelt_otherwise(m["industry"], f["accounts"]["industry"])),
    Rule("the same name, spelt otherwise", _SPELL, "products", ("category",),
         lambda p, f: _spelt_otherwise(p["category"])),
    Rule("on sale after the first order", "Correct launched, or the date of the order.", "products", ("launched",),
         lambda p, f: p["launched"] > _extreme(f, "orders", "order_date", "product", "min", p["product"])),
)  # fmt: skip

_ORDER_RULES = (
    Rule("one order, two accounts", "Correct the account, or give the line another order_id.", "orders",
         ("account_id",), lambda o, f: _minority(o, "order_id", "account_id")),
    Rule("an order of a prospect", "Make the account a customer, or correct account_id.", "orders", ("account_id",),
         lambda o, f: _of(f, "accounts", "account_type", o["account_id"]) == "prospect"),
    Rule("a quantity of 0 with an amount", "Write the quantity; a fee has quantity 1.", "orders", ("quantity",),
         lambda o, f: (o["quantity"] == 0) & o["amount"].notna() & (o["amount"] != 0)),
    Rule("quantity and amount have opposite signs", "A return has both negative.", "orders", ("amount", "quantity"),
         lambda o, f: o["quantity"] * o["amount"] < 0),
    Rule("quantity and cost have opposite signs", "A return has both negative.", "orders", ("cost", "quantity"),
         lambda o, f: o["quantity"] * o["cost"] < 0),
    Rule("a unit price more than ten times the list price", _CHECK_UNIT, "orders",
         ("amount",), lambda o, f: _out_of_scale(o, f, "amount", "list_price")),
    Rule("a unit cost more than ten times the product's", _CHECK_UNIT, "orders",
         ("cost",), lambda o, f: _out_of_scale(o, f, "cost", "unit_cost")),
    Rule("invoiced before ordered", _ONE_DATE, "orders", ("invoice_date", "order_date"),
         lambda o, f: o["invoice_date"] < o["order_date"]),
    Rule("paid before ordered", _ONE_DATE, "orders", ("paid_date", "order_date"),
         lambda o, f: o["paid_date"] < o["order_date"]),
    Rule("paid before invoiced", "Correct one of the dates; where advance payment is usual, list this rule under accept"
         " in mapping.toml.", "orders", ("paid_date", "invoice_date"),
         lambda o, f: o["paid_date"].between(o["order_date"], o["invoice_date"], "left")),
    Rule("ordered before the first day as a customer", "Correct since, or the date of the order.", "orders",
         ("order_date",), lambda o, f: o["order_date"] < _of(f, "accounts", "since", o["account_id"])),
    Rule("ordered before the product was on sale", "Correct launched, or the date of the order.", "orders",
         ("order_date",), lambda o, f: o["order_date"] < _of(f, "products", "launched", o["product"])),
    Rule("no region owns this row", "Fill in region: the account is served by several.", "orders", ("region",),
         _ownerless),
    Rule("the account belongs to another region", _TWO_REGIONS, "orders", ("region",), _stray),
)  # fmt: skip

_PEOPLE_RULES = (
    Rule("a person reports to themselves", "Leave reports_to blank.", "contacts", ("reports_to",),
         lambda c, f: c["reports_to"] == c["contact_id"]),
    Rule("a person reports to someone at another account", "Correct reports_to or account_id.", "contacts",
         ("reports_to",), lambda c, f: _differ(_whose(c, f, "reports_to"), c["account_id"])),
    Rule("people report to each other in a circle", "Correct reports_to so that it leads upwards.", "contacts",
         ("reports_to",), lambda c, f: _cycle(c, "contact_id", "reports_to")),
    Rule("the person belongs to another account", "Correct contact_id or account_id.", "interactions",
         ("contact_id",), lambda i, f: _differ(_whose(i, f), i["account_id"])),
    Rule("the person belongs to another account", "Correct contact_id or account_id.", "satisfaction",
         ("contact_id",), lambda s, f: _differ(_whose(s, f), s["account_id"])),
    Rule("an answer without nps and csat", "Fill in one of them, or delete the row.", "satisfaction", ("nps", "csat"),
         lambda s, f: s["nps"].isna() & s["csat"].isna()),
)  # fmt: skip

_FUNNEL_RULES = (
    Rule("no region owns this row", _NO_REGION, "leads", ("account_id", "region"), _ownerless_lead),
    Rule("the account belongs to another region", _TWO_REGIONS, "leads", ("region",), _stray),
    Rule("converted, but into no deal", "Fill in opportunity_id, or correct the status.", "leads",
         ("opportunity_id", "status"), lambda x, f: (x["status"] == "converted") & x["opportunity_id"].isna()),
    Rule("a deal from a lead that is not converted", "Correct the status, or leave opportunity_id blank.", "leads",
         ("status", "opportunity_id"), lambda x, f: x["status"].isin(["new", "qualified", "disqualified"])
         & x["opportunity_id"].notna()),
    Rule("closed before created", _ONE_DATE, "leads", ("closed", "created"),
         lambda x, f: x["closed"] < x["created"]),
    Rule("an open lead with a closing date", "Correct the status, or leave closed blank.", "leads",
         ("closed", "status"), lambda x, f: x["status"].isin(["new", "qualified"]) & x["closed"].notna()),
    Rule("converted or disqualified, but without a closing date", "Fill in closed, or correct the status.", "leads",
         ("closed", "status"), _unknown_end),
    Rule("the lead's deal belongs to another account", "Correct opportunity_id or account_id.", "leads",
         ("opportunity_id", "account_id"), lambda x, f: _differ(_deal(x, f, "account_id"), x["account_id"])),
    Rule("the deal is older than its lead", _ONE_DATE, "leads", ("created",),
         lambda x, f: _deal(x, f, "created") < x["created"]),
    Rule("one deal from two leads", "Keep the lead that found it.", "leads", ("opportunity_id",),
         lambda x, f: x["opportunity_id"].duplicated(keep=False) & x["opportunity_id"].notna()),
    Rule("won or lost, but without a closing date", "Fill in closed, or set the outcome to open.", "opportunities",
         ("closed", "outcome"), lambda o, f: o["outcome"].isin(["won", "lost"]) & o["closed"].isna()),
    Rule("an open deal with a closing date", "Set the outcome to won or lost, or leave closed blank.", "opportunities",
         ("closed", "outcome"), lambda o, f: (o["outcome"] == "open") & o["closed"].notna()),
    Rule("closed before created", _ONE_DATE, "opportunities", ("closed", "created"),
         lambda o, f: o["closed"] < o["created"]),
    Rule("expected to close before created", _ONE_DATE, "opportunities", ("expected_close", "created"),
         lambda o, f: o["expected_close"] < o["created"]),
    Rule("expected to close more than ten years after it was created", _ONE_DATE, "opportunities",
         ("expected_close", "created"), lambda o, f: o["expected_close"] > o["created"] + PLAN_LIMIT),
    Rule("a signed amount on a deal that is not won", "Leave closed_amount blank, or correct the outcome.",
         "opportunities", ("closed_amount", "outcome"),
         lambda o, f: o["outcome"].isin(["lost", "open"]) & (o["closed_amount"].fillna(0) != 0)),
    Rule("signed for more than ten times the expected amount", _CHECK_UNIT, "opportunities",
         ("closed_amount", "amount"),
         lambda o, f: (o["closed_amount"] > PRICE_LIMIT * o["amount"]) & (o["amount"] > 0)),
    Rule("a reason for losing a deal that is not lost", "Leave lost_reason blank, or correct the outcome.",
         "opportunities", ("lost_reason", "outcome"),
         lambda o, f: o["outcome"].isin(["won", "open"]) & o["lost_reason"].notna()),
    Rule("created before its lead", _ONE_DATE, "opportunities", ("created",),
         lambda o, f: o["created"] < _extreme(f, "leads", "created", "opportunity_id", "max", o["opportunity_id"])),
    Rule("created after a stage was entered", _ONE_DATE, "opportunities", ("created",),
         lambda o, f: o["created"] > _entered(o, f, "min", ("deal", "delivery"))),
    Rule("closed before a stage was entered", _ONE_DATE, "opportunities", ("closed",),
         lambda o, f: _closed(o) < _entered(o, f, "max", ("lead", "deal"))),
    Rule("no region owns this row", _NO_REGION, "opportunities", ("account_id", "region"), _ownerless),
    Rule("the account belongs to another region", _TWO_REGIONS, "opportunities", ("region",), _stray),
    Rule("a stage entered before the deal was created", _ONE_DATE, "stage_history", ("entered",),
         lambda h, f: (h["entered"] < _deal(h, f, "created")) & _funnel(h, f).isin(["deal", "delivery"])),
    Rule("a stage entered after the deal was closed", _ONE_DATE, "stage_history", ("entered",),
         lambda h, f: (h["entered"] > _deal(h, f, "closed")) & _funnel(h, f).isin(["lead", "deal"])
         & (_deal(h, f, "closed") >= _deal(h, f, "created"))),
    Rule("a stage of delivery for a deal that is not won", "Correct the stage, or the outcome of the deal.",
         "stage_history", ("stage",),
         lambda h, f: (_funnel(h, f) == "delivery") & _deal(h, f, "outcome").isin(["lost", "open"])),
    Rule("a stage entered before an earlier stage", "Correct the dates, or the order in stages.", "stage_history",
         ("entered",), _out_of_order),
    Rule("two stages in the same position", "Give every stage its own order.", "stages", ("order",),
         lambda s, f: s["order"].duplicated(keep=False) & s["order"].notna()),
    Rule("the funnels are not in the order lead, deal, delivery", "Correct order or funnel.", "stages",
         ("order", "funnel"), _backwards),
)  # fmt: skip

_PLAN_RULES = (
    Rule("market shares sum to more than 1", "Correct the shares of the region and year.", "competitors",
         ("market_share",), _more_than_all),
    Rule("the same name, spelt otherwise", _SPELL, "competitors", ("competitor",),
         lambda c, f: _spelt_otherwise(c["competitor"], f["opportunities"]["competitor"])),
    Rule("the same name, spelt otherwise", _SPELL, "opportunities", ("competitor",),
         lambda o, f: _spelt_otherwise(o["competitor"], f["competitors"]["competitor"])),
    Rule("the account belongs to another region", _TWO_REGIONS, "targets", ("region", "account_id"), _stray),
    Rule("a negative target", "Write a target of 0 or more.", "targets", ("target",), lambda t, f: t["target"] < 0),
    Rule("a share above 1", "Write 0.35 for 35%.", "targets", ("target",),
         lambda t, f: (t["metric"] == "market_share") & (t["target"] > 1)),
    Rule("ends before it starts", _ONE_DATE, "initiatives", ("end", "start"), _ends_early),
    Rule("a contract that ends before it starts", _ONE_DATE, "dealers", ("contract_end", "contract_start"),
         lambda d, f: d["contract_end"] < d["contract_start"]),
    Rule("not a dealer's account", "Set account_type to dealer, or delete the row.", "dealers", ("account_id",),
         lambda d, f: _of(f, "accounts", "account_type", d["account_id"]).isin(["customer", "prospect"])),
    Rule("ends before it starts", _ONE_DATE, "promotions", ("end", "start"), _ends_early),
    Rule("the account belongs to another region", _TWO_REGIONS, "promotions", ("region", "account_id"), _stray),
    Rule("ends before it starts", _ONE_DATE, "pilots", ("end", "start"), _ends_early),
    Rule("the weights of a topic do not sum to 1", "Correct the weights.", "weights", ("weight",), _unbalanced),
)  # fmt: skip

RULES: tuple[Rule, ...] = _ACCOUNT_RULES + _ORDER_RULES + _PEOPLE_RULES + _FUNNEL_RULES + _PLAN_RULES
"""Every rule, in the order in which people fill the tables."""
