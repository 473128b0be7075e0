"""The data contract: every table, column, unit, allowed value, key and rule, declared once.

The check (`checks`), the empty templates (`kam new`), the dictionary in ``data/README.md`` and the typed empty frames
all come from `TABLES`. Nothing here touches a file.
"""

from dataclasses import dataclass, field

ALL_REGIONS = "all"
"""As a ``region``: the whole company in `Company.book`; in ``accounts.csv``, a customer that several regions serve."""

FIRST_YEAR = 1990
"""Sales data older than this is a slip of the pen."""
FIRST_RELATION = 1950
"""And customers and products older than this."""
CUSTOMER_TYPES = ("customer", "prospect", "dealer")
SIZE_CLASSES = ("large", "medium", "small")
COOPERATION = ("strategic", "long_term", "short_term")
DECISION_ROLES = ("EB", "UB", "TB", "coach")
TEAM_ROLES = ("AR", "SR", "FR")
LEAD_SOURCES = (
    "industry_research",
    "tender_notices",
    "associations",
    "consultants",
    "competitor_ecosystem",
    "exhibitions",
    "social_circles",
    "installed_base",
)
LEAD_STATUS = ("new", "qualified", "converted", "disqualified")
OUTCOMES = ("won", "lost", "open")
FUNNELS = ("lead", "deal", "delivery")
METRICS = ("sales", "gross_profit", "market_share", "satisfaction", "new_accounts", "visits")
QUADRANTS = ("strength", "weakness", "opportunity", "threat")
PEST_FACTORS = ("political", "economic", "social", "technological")
INITIATIVE_STATUS = ("planned", "active", "done", "stopped")

KINDS = {
    "id": "an identifier; kept as text, so 00123 stays 00123",
    "text": "free text",
    "category": "one of the allowed values",
    "date": "a day: 2024-01-05, 2024/1/5, 20240105, 2024年1月5日 or an Excel serial number",
    "month": "a month: 2024-01, 2024/1, 202401, 2024年1月, or its first day",
    "period": "a year 2024, a quarter 2024-Q1 or a month 2024-01",
    "year": "a calendar year of four digits",
    "integer": "a whole number",
    "number": "a number",
    "money": "an amount in the region's currency; 万 and 亿 are understood",
    "share": "a fraction from 0 to 1, or a percentage such as 35%",
}


@dataclass(frozen=True)
class Column:
    """One column of a table: what a cell means, and what it may hold."""

    name: str
    kind: str
    help: str
    required: bool = False
    unit: str = ""
    allowed: tuple[str, ...] = ()
    low: float | None = None
    """Least value; of a date, the first year in which it can lie."""
    high: float | None = None
    refers: str = ""
    """``table.column`` in which every value must occur."""
    or_all: bool = False
    """Whether `ALL_REGIONS` may stand here too."""
    event: bool = False
    """A date on which something happened: never later than today, and hidden while it is later than ``as_of``."""


@dataclass(frozen=True)
class Table:
    """One table of the contract."""

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    seen_from: str = ""
    """The date column from which a row is visible; empty when a row has no date of its own."""
    scope: str = ""
    """How a row finds its region: by its ``region``, through ``accounts`` or ``opportunities``; empty = shared."""
    hidden_with: dict[str, dict[str, object]] = field(default_factory=dict)
    """Date or reference -> what its companions become while that date, or the row named, is later than ``as_of``."""
    folder: str = ""

    def __getitem__(self, column: str) -> Column:
        return self.by_name[column]

    @property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


def _id(name: str, help: str, **more: object) -> Column:
    return Column(name, "id", help, **more)


def _text(name: str, help: str, **more: object) -> Column:
    return Column(name, "text", help, **more)


def _one_of(name: str, allowed: tuple[str, ...], help: str, **more: object) -> Column:
    return Column(name, "category", help, allowed=allowed, **more)


def _date(name: str, help: str, *, low: int = FIRST_YEAR, **more: object) -> Column:
    return Column(name, "date", help, low=low, **more)


def _money(name: str, help: str, low: float | None = 0, **more: object) -> Column:
    return Column(name, "money", help, unit="currency", low=low, **more)


def _number(name: str, help: str, kind: str = "number", **more: object) -> Column:
    return Column(name, kind, help, **more)


def _points(name: str, low: int, high: int, help: str, **more: object) -> Column:
    return Column(name, "integer", help, unit="points", low=low, high=high, **more)


def _share(name: str, help: str, low: float = 0, high: float = 1, **more: object) -> Column:
    return Column(name, "share", help, unit="fraction", low=low, high=high, **more)


_ACCOUNT = _id("account_id", "the account", required=True, refers="accounts.account_id")
_REGION = _id("region", "the region", required=True, refers="regions.region")
_REGION_OR_ALL = _id("region", "the region; all = every region", required=True, refers="regions.region", or_all=True)
_YEAR = Column("year", "year", "calendar year", required=True, low=FIRST_YEAR, high=2100)
_SERVED_FROM = _id(
    "region", "the region that owns this row, where it is not the account's own", refers="regions.region"
)

_CUSTOMER_TABLES = (
    Table(
        "regions",
        "a sales region",
        (
            _id("region", "short name of the region, as in every other table", required=True),
            _text("name_en", "name shown in English reports", required=True),
            _text("name_zh", "name shown in Chinese reports", required=True),
            _text("currency", "currency of every amount of this region, three letters (ISO 4217)", required=True),
            _number(
                "fiscal_year_start", "month in which the business year begins", "integer", required=True, low=1, high=12
            ),
            _share("discount_rate", "what money costs, per year", required=True),
        ),
        key=("region",),
        required=True,
    ),
    Table(
        "accounts",
        "a customer, prospect or dealer",
        (
            _id("account_id", "your number for the account", required=True),
            _text("account_name", "name as it should be read in a report", required=True),
            _id(
                "region",
                "the region that serves it; all = several do",
                required=True,
                refers="regions.region",
                or_all=True,
            ),
            _one_of("account_type", CUSTOMER_TYPES, "buys from us, might buy, or sells on", required=True),
            _text("industry", "industry or kind of institution"),
            _one_of("size_class", SIZE_CLASSES, "the customer's own size, not our revenue with it"),
            _number("employees", "people employed", "integer", unit="people", low=0),
            _money("annual_revenue", "the customer's own revenue, per year"),
            _number("beds", "hospital beds", "integer", unit="beds", low=0),
            _id("parent_account_id", "the group it belongs to", refers="accounts.account_id"),
            _date("since", "first day as a customer; blank for a prospect", event=True, low=FIRST_RELATION),
            _one_of("cooperation", COOPERATION, "depth of cooperation, where it is agreed"),
            _text("account_manager", "account responsible (AR)"),
            _text("solution_manager", "solution responsible (SR)"),
            _text("delivery_manager", "fulfilment responsible (FR)"),
            _text("province", "province or state"),
            _text("city", "city"),
        ),
        key=("account_id",),
        required=True,
        scope="region",
        hidden_with={"since": {"account_type": "prospect", "cooperation": None}},
    ),
    Table(
        "products",
        "a product we sell",
        (
            _id("product", "name or number, as in the orders", required=True),
            _text("category", "product line"),
            _money("list_price", "price before discount, per unit"),
            _money("unit_cost", "cost of goods, per unit"),
            _date("launched", "first day on sale", event=True, low=FIRST_RELATION),
        ),
        key=("product",),
        seen_from="launched",
    ),
    Table(
        "orders",
        "an order line; negative quantity and amount = a return",
        (
            _id("order_id", "the order; its lines share it", required=True),
            _number("line", "line number within the order", "integer", low=1),
            _ACCOUNT,
            _date("order_date", "day of the order", required=True, event=True),
            _id("product", "what was ordered", required=True, refers="products.product"),
            _number("quantity", "units; negative = returned", required=True, unit="units"),
            _money("amount", "net amount after discount; negative = credited", low=None, required=True),
            _money("cost", "cost of the goods on this line; negative with a return", low=None),
            _date("invoice_date", "day of the invoice", event=True),
            _date("paid_date", "day the money came in", event=True),
            _SERVED_FROM,
        ),
        key=("order_id", "line"),
        seen_from="order_date",
        scope="accounts",
    ),
    Table(
        "service_costs",
        "what one activity for one account cost in one month",
        (
            _ACCOUNT,
            Column("month", "month", "the month", required=True, event=True, low=FIRST_YEAR),
            _text("activity", "what was done: visits, training, repairs, rush delivery …", required=True),
            _money("cost", "cost to serve, beside the goods", required=True),
        ),
        key=("account_id", "month", "activity"),
        seen_from="month",
        scope="accounts",
    ),
    Table(
        "contacts",
        "a person at an account",
        (
            _id("contact_id", "your number for the person", required=True),
            _ACCOUNT,
            _text("name", "name", required=True),
            _text("department", "department"),
            _text("title", "position"),
            _one_of("decision_role", DECISION_ROLES, "economic, user or technical buyer, or coach"),
            _points("influence", 1, 5, "weight in the decision: 1 little, 5 decisive"),
            _points("stance", -2, 2, "−2 against us, 0 neutral, +2 our advocate"),
            _id("reports_to", "the superior at the same account", refers="contacts.contact_id"),
            _text("owner", "who of us looks after the person"),
        ),
        key=("contact_id",),
        scope="accounts",
    ),
    Table(
        "interactions",
        "a touch: visit, call, training, proposal …",
        (
            _id("interaction_id", "number of the touch", required=True),
            _ACCOUNT,
            _id("contact_id", "who was met", refers="contacts.contact_id"),
            _date("date", "day", required=True, event=True),
            _one_of("role", TEAM_ROLES, "which of our roles: account, solution, fulfilment", required=True),
            _text("kind", "visit, call, demo, training, proposal, service …"),
            _text("topic", "what it was about"),
        ),
        key=("interaction_id",),
        seen_from="date",
        scope="accounts",
    ),
    Table(
        "satisfaction",
        "one answer to a survey",
        (
            _ACCOUNT,
            _id("contact_id", "who answered", refers="contacts.contact_id"),
            _date("date", "day of the answer", required=True, event=True),
            _points("nps", 0, 10, "would recommend us: 0 never, 10 certainly"),
            _number("csat", "satisfied: 1 not at all, 5 very", unit="points", low=1, high=5),
            _text("topic", "what was asked about"),
            _text("comment", "in their words"),
        ),
        seen_from="date",
        scope="accounts",
    ),
)

_FUNNEL_TABLES = (
    Table(
        "leads",
        "a lead, before it is a deal",
        (
            _id("lead_id", "number of the lead", required=True),
            _id("account_id", "the account, once known", refers="accounts.account_id"),
            _one_of("source", LEAD_SOURCES, "which of the eight ways found it", required=True),
            _date("created", "day it was found", required=True, event=True),
            _number("score", "lead score", unit="points", low=0, high=100),
            _one_of("status", LEAD_STATUS, "where it stands", required=True),
            _money("cost", "what finding it cost"),
            _id("opportunity_id", "the deal it became", refers="opportunities.opportunity_id"),
            _date("closed", "day it was converted or disqualified", event=True),
            _text("owner", "who follows it up"),
            _SERVED_FROM,
        ),
        key=("lead_id",),
        seen_from="created",
        scope="accounts",
        hidden_with={
            "closed": {"status": "qualified", "opportunity_id": None},
            "opportunity_id": {"status": "qualified"},
        },
    ),
    Table(
        "opportunities",
        "a deal",
        (
            _id("opportunity_id", "number of the deal", required=True),
            _ACCOUNT,
            _id("product", "what it is about", refers="products.product"),
            _money("amount", "expected amount while open", required=True),
            _date("created", "day it entered the pipeline", required=True, event=True),
            _date("expected_close", "day we expect the decision (a plan: may lie ahead)"),
            _date("closed", "day it was won or lost; blank while open", event=True),
            _one_of("outcome", OUTCOMES, "won, lost or open", required=True),
            _money("closed_amount", "amount signed; blank unless won"),
            _text("owner", "who leads the deal"),
            _text("competitor", "main rival"),
            _text("lost_reason", "why it was lost; blank unless lost"),
            _SERVED_FROM,
        ),
        key=("opportunity_id",),
        seen_from="created",
        scope="accounts",
        hidden_with={"closed": {"outcome": "open", "closed_amount": None, "competitor": None, "lost_reason": None}},
    ),
    Table(
        "stage_history",
        "a deal entering a stage",
        (
            _id("opportunity_id", "the deal", required=True, refers="opportunities.opportunity_id"),
            _id("stage", "the stage entered", required=True, refers="stages.stage"),
            _date("entered", "day", required=True, event=True),
        ),
        key=("opportunity_id", "stage", "entered"),
        seen_from="entered",
        scope="opportunities",
    ),
    Table(
        "stages",
        "the stage dictionary",
        (
            _id("stage", "short name, as in stage_history", required=True),
            _text("name_en", "name shown in English"),
            _text("name_zh", "name shown in Chinese"),
            _number("order", "position, 1 = first", "integer", required=True, low=1),
            _one_of("funnel", FUNNELS, "lead funnel, deal funnel, or delivery after the win", required=True),
            _text("entry_evidence", "what must be in hand to enter"),
            _one_of("owner_role", TEAM_ROLES, "which role answers for the stage"),
            _number("sla_days", "longest time the stage should take", unit="days", low=0),
        ),
        key=("stage",),
    ),
)

_MARKET_TABLES = (
    Table(
        "market",
        "the market of one industry in one region and year",
        (
            _REGION,
            _text("industry", "industry, spelt as in accounts", required=True),
            _YEAR,
            _money("market_size", "what all customers spend, per year", required=True),
            _share("growth_rate", "change on the year before", low=-1, high=2),
            _number("players", "suppliers in the market", "integer", low=0),
        ),
        key=("region", "industry", "year"),
        seen_from="year",
        scope="region",
    ),
    Table(
        "competitors",
        "a rival in one region and year",
        (
            _text("competitor", "name, spelt as in opportunities", required=True),
            _REGION,
            _YEAR,
            _share("market_share", "its share of the market"),
            _number("price_index", "its price level; 100 = ours", unit="index", low=0),
            _number("product_score", "strength of its products: 1 weak, 5 strong", unit="points", low=1, high=5),
            _number("service_score", "strength of its service: 1 weak, 5 strong", unit="points", low=1, high=5),
        ),
        key=("competitor", "region", "year"),
        seen_from="year",
        scope="region",
    ),
    Table(
        "events",
        "an event outside the company that moves the market",
        (
            _date("date", "day", required=True, event=True),
            _REGION_OR_ALL,
            _text("kind", "policy, tender rule, technology, rival …", required=True),
            _text("title", "what happened", required=True),
            _number("impact", "−3 bad for us, +3 good", unit="points", low=-3, high=3),
        ),
        key=("date", "region", "title"),
        seen_from="date",
        scope="region",
    ),
)

_PLAN_TABLES = (
    Table(
        "targets",
        "a target",
        (
            _REGION,
            _id("account_id", "account; blank = the whole region", refers="accounts.account_id"),
            _text("owner", "who answers for it; blank = the region's head"),
            _one_of("metric", METRICS, "what is measured", required=True),
            Column("period", "period", "for which year, quarter or month", required=True),
            _number("target", "how much; money, a share or a count, as the metric says", required=True),
        ),
        key=("region", "account_id", "owner", "metric", "period"),
        scope="region",
    ),
    Table(
        "initiatives",
        "an action of a joint business plan",
        (
            _id("initiative_id", "number of the action", required=True),
            _ACCOUNT,
            _text("goal", "what it is to achieve", required=True),
            _text("our_owner", "who of us"),
            _text("their_owner", "who of them"),
            _date("start", "first day"),
            _date("end", "last day"),
            _money("our_cost", "what we put in"),
            _money("their_cost", "what they put in"),
            _money("expected_amount", "sales expected from it"),
            _one_of("status", INITIATIVE_STATUS, "where it stands"),
        ),
        key=("initiative_id",),
        scope="accounts",
    ),
    Table(
        "dealers",
        "what is agreed with a dealer",
        (
            _id("account_id", "the dealer's account", required=True, refers="accounts.account_id"),
            _text("territory", "where it may sell"),
            _text("capability", "what it does beside selling: service, training, stock"),
            _number("sales_people", "people who sell our products", "integer", unit="people", low=0),
            _money("credit_limit", "credit we grant"),
            _share("rebate_rate", "yearly rebate on sales"),
            _date("contract_start", "first day of the contract", low=FIRST_RELATION),
            _date("contract_end", "last day of the contract"),
        ),
        key=("account_id",),
        seen_from="contract_start",
        scope="accounts",
    ),
    Table(
        "promotions",
        "a marketing activity",
        (
            _id("promotion_id", "number of the activity", required=True),
            _REGION,
            _id("account_id", "for one account; blank = open to all", refers="accounts.account_id"),
            _id("product", "for one product; blank = all", refers="products.product"),
            _text("kind", "exhibition, webinar, discount, sponsorship …", required=True),
            _one_of("channel", ("online", "offline"), "online or offline", required=True),
            _date("start", "first day", required=True),
            _date("end", "last day", required=True),
            _money("spend", "what it cost", required=True),
        ),
        key=("promotion_id",),
        seen_from="start",
        scope="region",
    ),
    Table(
        "pilots",
        "an account in a pilot of a practice",
        (
            _id("pilot_id", "the pilot", required=True),
            _ACCOUNT,
            _text("practice", "what is tried", required=True),
            _one_of("arm", ("treated", "control"), "gets it, or is compared with", required=True),
            _date("start", "first day", required=True),
            _date("end", "last day"),
        ),
        key=("pilot_id", "account_id"),
        seen_from="start",
        scope="accounts",
    ),
)

_DECIDED = (
    _text("decided_by", "who said so"),
    _date("decided_on", "when", event=True),
)
_JUDGEMENT_TABLES = tuple(
    Table(name, row, columns + _DECIDED, key=key, scope=scope, seen_from="decided_on", folder="judgements")
    for name, row, key, scope, columns in (
        (
            "maturity",
            "an answer of the maturity self-assessment",
            ("item",),
            "",
            (
                _id("item", "number of the statement", required=True),
                _one_of("answer", ("yes", "no"), "is it so here?", required=True),
                _text("evidence", "how one can see it"),
            ),
        ),
        (
            "weights",
            "the weight of a criterion",
            ("topic", "criterion"),
            "",
            (
                _id("topic", "what is being weighed, e.g. key_account", required=True),
                _id("criterion", "the criterion", required=True),
                _share("weight", "its weight; a topic's weights sum to 1", required=True),
            ),
        ),
        (
            "account_scores",
            "the room's score of an account on a criterion",
            ("account_id", "criterion"),
            "accounts",
            (
                _ACCOUNT,
                _id("criterion", "the criterion", required=True),
                _number("score", "0 not at all, 1 fully", required=True, low=0, high=1),
                _text("reason", "why"),
            ),
        ),
        (
            "wallets",
            "what an account could spend with us in a year, as the room judges it",
            ("account_id",),
            "accounts",
            (
                _ACCOUNT,
                _money("wallet", "its wallet in our categories, per year", required=True),
                _text("reason", "why the room knows better", required=True),
            ),
        ),
        (
            "swot",
            "a statement of a SWOT analysis",
            ("region", "quadrant", "statement"),
            "region",
            (
                _REGION_OR_ALL,
                _one_of("quadrant", QUADRANTS, "which of the four", required=True),
                _text("statement", "in one sentence", required=True),
                _number("importance", "1 little, 5 decisive", low=1, high=5),
            ),
        ),
        (
            "pest",
            "a factor of a PEST analysis",
            ("region", "factor", "statement"),
            "region",
            (
                _REGION_OR_ALL,
                _one_of("factor", PEST_FACTORS, "which of the four", required=True),
                _text("statement", "in one sentence", required=True),
                _number("impact", "−3 bad for us, +3 good", required=True, low=-3, high=3),
                _share("probability", "how likely", required=True),
                _number("horizon", "years until it matters", unit="years", low=0),
            ),
        ),
        (
            "response_curves",
            "what sales an effort would bring, as the room judges it",
            ("account_id", "role", "effort"),
            "accounts",
            (
                _ACCOUNT,
                _one_of("role", TEAM_ROLES, "whose effort", required=True),
                _number("effort", "effort as a multiple of today's", required=True, low=0),
                _number("response", "sales as a multiple of today's", required=True, low=0),
            ),
        ),
    )
)

_TRUST_TABLE = Table(
    "trust",
    "how far one person at an account trusts us, as the team judges it",
    (
        _ACCOUNT,
        _id("contact_id", "the person", required=True, refers="contacts.contact_id"),
        _date("asked_on", "day of the judgement", required=True, event=True),
        *(
            _points(item, 1, 5, f"{meaning}: 1 not at all, 5 fully")
            for item, meaning in (
                ("competence", "believes that we can do it"),
                ("reliability", "believes that we keep our word"),
                ("openness", "speaks openly with us"),
                ("goodwill", "believes that we mean well"),
            )
        ),
        _text("decided_by", "who said so"),
    ),
    key=("contact_id", "asked_on"),
    seen_from="asked_on",
    scope="accounts",
    folder="judgements",
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in _CUSTOMER_TABLES + _FUNNEL_TABLES + _MARKET_TABLES + _PLAN_TABLES + _JUDGEMENT_TABLES + (_TRUST_TABLE,)
}
"""Every table of the contract by name, in the order in which people fill them."""
