"""The words of tables people read: the label and number format of every column, the name of every coded value.

A column keeps one name, one meaning and one format throughout the workbook; GLOSSARY.md explains the terms.
"""

FORMATS = ("text", "code", "money", "percent", "integer", "number", "date")

COLUMNS: dict[str, tuple[str, str]] = {
    # accounts and people
    "account_id": ("Account no.", "text"),
    "account_name": ("Account", "text"),
    "account_type": ("Type", "code"),
    "region": ("Region", "text"),
    "industry": ("Industry", "code"),
    "size_class": ("Size", "code"),
    "account_manager": ("Account manager", "text"),
    "owner": ("Owner", "text"),
    # data health
    "table": ("Table", "text"),
    "file": ("File", "text"),
    "rows": ("Rows", "integer"),
    "first_day": ("First day", "date"),
    "last_day": ("Last day", "date"),
    "filled": ("Cells filled", "percent"),
    "needed_by": ("Needed by", "text"),
    # segmentation
    "rank": ("Rank", "integer"),
    "revenue": ("Revenue", "money"),
    "revenue_share": ("Share of revenue", "percent"),
    "product_count": ("Products bought", "integer"),
    "tenure_years": ("Years as a customer", "number"),
    "repeat_rate": ("Quarters with an order", "percent"),
    "role_count": ("Decision roles known", "integer"),
    "level_count": ("Levels of decision", "integer"),
    "value": ("Value", "number"),
    "complexity": ("Complexity", "number"),
    "longevity": ("Longevity", "number"),
    "decision_chain": ("Decision chain", "number"),
    "score": ("Score", "number"),
    "key": ("Key account", "text"),
    "reason": ("Why", "text"),
    "threshold": ("Threshold", "number"),
    "target": ("Target", "money"),
    "abc": ("ABC class", "text"),
    "customers": ("Customers", "integer"),
    "key_accounts": ("Key accounts", "integer"),
    "key_account_share": ("Key accounts' share", "percent"),
    "a_accounts": ("A accounts", "integer"),
    "gini": ("Gini coefficient", "number"),
    # funnel
    "funnel": ("Funnel", "code"),
    "name": ("Name", "text"),
    "n": ("Number", "integer"),
    "amount": ("Amount", "money"),
    "open_n": ("Open deals", "integer"),
    "open_amount": ("Open amount", "money"),
    "open_accounts": ("Accounts in it", "integer"),
    "rate": ("Rate", "percent"),
    "required": ("Deals required", "integer"),
    "required_high": ("Deals required, cautious", "integer"),
    "win_rate": ("Win rate", "percent"),
    "cycle_days": ("Days to win", "integer"),
    "per_month": ("Velocity per month", "money"),
    "stuck_n": ("Stuck deals", "integer"),
    "role": ("Role", "text"),
    "path": ("Path", "text"),
    "decides": ("Decides on", "text"),
    "model": ("Source", "text"),
    "day": ("Day", "text"),
    "start": ("Start", "text"),
    "minutes": ("Minutes", "text"),
    "topic": ("Topic", "text"),
    "element": ("Element", "text"),
    "coverage": ("Coverage", "percent"),
    "accounts": ("Accounts", "integer"),
    "tables_present": ("Tables with data", "integer"),
    "maturity_stage": ("Maturity stage to work on", "text"),
    "column": ("Column", "text"),
    "blank": ("Blank cells", "percent"),
    "criterion": ("Criterion", "code"),
    "weight": ("Weight", "percent"),
    # decisions
    "evidence": ("Evidence", "text"),
    "action": ("Action", "text"),
    "by_when": ("By when", "date"),
    # maturity
    "stage": ("Stage", "text"),
    "item": ("No.", "text"),
    "statement": ("Statement", "text"),
    "answer": ("Answer", "text"),
    "answered": ("Answered", "integer"),
    "yes_share": ("Share of yes", "percent"),
    "step": ("Step", "text"),
    "where": ("Where", "text"),
    "artefact": ("What comes out", "text"),
    "notebook": ("Notebook", "text"),
    "reader": ("Reader", "text"),
    "question": ("Question", "text"),
}
"""Column -> (label, format). A ``code`` is shown by its name in `VALUES`; ``text`` is data and stays as it is."""

VALUES: dict[str, str] = {
    "customer": "customer",
    "prospect": "prospect",
    "dealer": "dealer",
    "large": "large",
    "medium": "medium",
    "small": "small",
    "strategic": "strategic",
    "long_term": "long-term",
    "short_term": "short-term",
    "EB": "economic buyer",
    "UB": "user buyer",
    "TB": "technical buyer",
    "coach": "coach",
    "AR": "account manager (AR)",
    "SR": "solution manager (SR)",
    "FR": "delivery manager (FR)",
    "won": "won",
    "lost": "lost",
    "open": "open",
    "lead": "lead",
    "deal": "deal",
    "delivery": "delivery",
    "new": "new",
    "qualified": "qualified",
    "converted": "converted",
    "disqualified": "disqualified",
    "yes": "yes",
    "no": "no",
    "industry_research": "industry research",
    "tender_notices": "government and tender notices",
    "associations": "industry associations",
    "consultants": "consultants",
    "competitor_ecosystem": "competitor ecosystem",
    "exhibitions": "exhibitions",
    "social_circles": "social and professional circles",
    "installed_base": "installed base",
    # criteria of a key account
    "value": "value",
    "complexity": "complexity",
    "longevity": "longevity",
    "decision_chain": "decision chain",
    # kinds of institution, as in the demonstration company
    "tertiary hospital": "tertiary hospital",
    "secondary hospital": "secondary hospital",
    "specialist hospital": "specialist hospital",
    "county hospital": "county hospital",
    "private hospital": "private hospital",
    "medical group": "medical group",
}
"""Coded value -> its name in English."""


def label(column: str) -> str:
    """The English label of a column; an unknown one reads as its name."""
    return COLUMNS[column][0] if column in COLUMNS else column.replace("_", " ").capitalize()


def format_of(column: str) -> str:
    """The number format of a column; ``text`` for an unknown one."""
    return COLUMNS[column][1] if column in COLUMNS else "text"
