"""Make the tables of the contract from the public file ``raw/online_retail_ii_to_2011_06.parquet``.

``python data/online_retail/prepare.py`` writes regions.csv, accounts.csv, products.csv, orders.parquet and, with what
was taken and what was left out, PREPARED.md: the same bytes on every run. The raw file stays as it is.

Decisions:

- A region is a country, as the file names it. A line without a customer number belongs to nobody and is left out.
- Goods are what has a stock code, but for the codes in `NOT_GOODS`: postage, fees, discounts, vouchers, corrections.
- A cancellation (invoice number C…) is a return: negative quantity and amount. A price of 0 is a gift and stays.
- Lines that are alike in every cell stay: an invoice may say the same twice. Lines are numbered within their invoice.
- The few customers with two countries belong to the one where they spent most; all their orders go there.
- ``since`` is the day of a customer's first invoice in the file, which begins on 2009-12-01: for older customers too.
- The file knows neither costs nor list prices, so those columns are absent. The discount rate is an assumption.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
RAW = HERE / "raw" / "online_retail_ii_to_2011_06.parquet"
DISCOUNT_RATE = 0.08
NOT_GOODS = (
    "ADJUST", "ADJUST2", "AMAZONFEE", "B", "BANK CHARGES", "C2", "C3", "D", "DOT", "GIFT", "M", "POST", "S", "TEST001",
    "TEST002",
)  # fmt: skip
"""Stock codes that are no goods; so are those that begin with GIFT_ (vouchers)."""
COUNTRIES = {
    "Australia": ("Australia", "澳大利亚"),
    "Austria": ("Austria", "奥地利"),
    "Bahrain": ("Bahrain", "巴林"),
    "Belgium": ("Belgium", "比利时"),
    "Bermuda": ("Bermuda", "百慕大"),
    "Brazil": ("Brazil", "巴西"),
    "Canada": ("Canada", "加拿大"),
    "Channel Islands": ("Channel Islands", "海峡群岛"),
    "Cyprus": ("Cyprus", "塞浦路斯"),
    "Czech Republic": ("Czechia", "捷克"),
    "Denmark": ("Denmark", "丹麦"),
    "EIRE": ("Ireland", "爱尔兰"),
    "European Community": ("European Community", "欧共体（未注明国别）"),
    "Finland": ("Finland", "芬兰"),
    "France": ("France", "法国"),
    "Germany": ("Germany", "德国"),
    "Greece": ("Greece", "希腊"),
    "Hong Kong": ("Hong Kong", "中国香港"),
    "Iceland": ("Iceland", "冰岛"),
    "Israel": ("Israel", "以色列"),
    "Italy": ("Italy", "意大利"),
    "Japan": ("Japan", "日本"),
    "Korea": ("Korea", "韩国"),
    "Lebanon": ("Lebanon", "黎巴嫩"),
    "Lithuania": ("Lithuania", "立陶宛"),
    "Malta": ("Malta", "马耳他"),
    "Netherlands": ("Netherlands", "荷兰"),
    "Nigeria": ("Nigeria", "尼日利亚"),
    "Norway": ("Norway", "挪威"),
    "Poland": ("Poland", "波兰"),
    "Portugal": ("Portugal", "葡萄牙"),
    "RSA": ("South Africa", "南非"),
    "Saudi Arabia": ("Saudi Arabia", "沙特阿拉伯"),
    "Singapore": ("Singapore", "新加坡"),
    "Spain": ("Spain", "西班牙"),
    "Sweden": ("Sweden", "瑞典"),
    "Switzerland": ("Switzerland", "瑞士"),
    "Thailand": ("Thailand", "泰国"),
    "USA": ("United States", "美国"),
    "United Arab Emirates": ("United Arab Emirates", "阿联酋"),
    "United Kingdom": ("United Kingdom", "英国"),
    "Unspecified": ("Unspecified", "未注明"),
    "West Indies": ("West Indies", "西印度群岛"),
}
SHORT = {"EIRE": "Ireland", "European Community": "EC", "RSA": "ZA", "United Arab Emirates": "UAE",
         "United Kingdom": "UK", "Czech Republic": "Czechia"}  # fmt: skip
"""Regions whose key is not the file's own name."""


def main() -> None:
    """Write all tables and the account of what was done."""
    lines = with_amounts(pq.read_table(RAW).to_pandas())
    left_out = {
        "no customer number: nobody's": lines["Customer ID"].isna(),
        "no goods: postage, fees, discounts, vouchers, corrections": ~lines["goods"],
    }
    orders, account = lines, [counted("in the file", lines)]
    for why, out in left_out.items():
        account.append(counted(f"left out: {why}", orders[out[orders.index]]))
        orders = orders[~out[orders.index]]
    account.append(counted("taken as order lines", orders))
    of_customers = lines[lines["Customer ID"].notna()]
    regions_table(lines).to_csv(HERE / "regions.csv", index=False, lineterminator="\n")
    accounts_table(of_customers).to_csv(HERE / "accounts.csv", index=False, lineterminator="\n")
    table = orders_table(orders)
    products_table(table).to_csv(HERE / "products.csv", index=False, lineterminator="\n")
    write_parquet(table, HERE / "orders.parquet")
    text = report(account, findings(orders, of_customers))
    (HERE / "PREPARED.md").write_text(text, "utf-8")
    print(text)


def with_amounts(lines: pd.DataFrame) -> pd.DataFrame:
    """The file's lines with their amount, their code in capitals, and whether they are goods."""
    code = lines["StockCode"].str.strip().str.upper()
    return lines.assign(
        code=code,
        amount=(lines["Quantity"] * lines["Price"]).round(2),
        goods=~(code.isin(NOT_GOODS) | code.str.startswith("GIFT_")),
    )


def region_of(countries: pd.Series) -> pd.Series:
    """Country, as the file writes it -> region."""
    return countries.map({name: SHORT.get(name, name) for name in COUNTRIES})


def regions_table(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per country of the file. Raises KeyError for a country without a Chinese name here."""
    countries = sorted(lines["Country"].unique())
    return pd.DataFrame({
        "region": region_of(pd.Series(countries)),
        "name_en": [COUNTRIES[country][0] for country in countries],
        "name_zh": [COUNTRIES[country][1] for country in countries],
        "currency": "GBP",
        "fiscal_year_start": 1,
        "discount_rate": DISCOUNT_RATE,
    })  # fmt: skip


def accounts_table(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per customer number, at home where most was spent."""
    spent = lines.groupby(["Customer ID", "Country"], as_index=False)["amount"].sum()
    home = spent.sort_values(["amount", "Country"], ascending=[False, True]).drop_duplicates("Customer ID")
    since = lines.groupby("Customer ID")["InvoiceDate"].min().dt.strftime("%Y-%m-%d")
    accounts = home.sort_values("Customer ID")
    number = accounts["Customer ID"].astype("str")
    return pd.DataFrame({
        "account_id": number,
        "account_name": "Customer " + number,
        "region": region_of(accounts["Country"]),
        "account_type": "customer",
        "since": accounts["Customer ID"].map(since),
    })  # fmt: skip


def orders_table(lines: pd.DataFrame) -> pd.DataFrame:
    """One row per line of goods, numbered within its invoice in the order of the file."""
    named = lines.dropna(subset=["Description"]).groupby("code")["Description"].agg(usual)
    return pd.DataFrame({
        "order_id": lines["Invoice"],
        "line": lines.groupby("Invoice").cumcount() + 1,
        "account_id": lines["Customer ID"].astype("str"),
        "order_date": lines["InvoiceDate"].dt.date,
        "product": (lines["code"] + " " + lines["code"].map(named)).str.strip(),
        "quantity": lines["Quantity"].astype("float64"),
        "amount": lines["amount"],
    })  # fmt: skip


def usual(descriptions: pd.Series) -> str:
    """The most frequent description of a product, of several the first by alphabet."""
    counts = descriptions.str.split().str.join(" ").value_counts()
    return min(counts.index[counts == counts.max()])


def products_table(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per product that was ordered."""
    return pd.DataFrame({"product": sorted(orders["product"].unique())})


def write_parquet(orders: pd.DataFrame, path: Path) -> None:
    """Small, and the same bytes on every run."""
    table = pa.Table.from_pandas(orders, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", compression_level=19)


def counted(what: str, lines: pd.DataFrame) -> tuple[str, int, float, int]:
    """(what, lines, amount, customers)"""
    return what, len(lines), float(lines["amount"].sum()), lines["Customer ID"].nunique()


def findings(orders: pd.DataFrame, of_customers: pd.DataFrame) -> dict[str, int]:
    """What was met among the lines taken, and how often."""
    countries = of_customers.groupby("Customer ID")["Country"].nunique()
    idle = set(of_customers["Customer ID"]) - set(orders["Customer ID"])
    return {
        "order lines of cancellations (returns)": int((orders["Quantity"] < 0).sum()),
        "order lines at a price of 0 (gifts), kept": int((orders["Price"] == 0).sum()),
        "order lines at a negative price": int((orders["Price"] < 0).sum()),
        "order lines that repeat an earlier one in every cell, kept": int(orders[list(RAW_COLUMNS)].duplicated().sum()),
        "customers with two countries, at home where most was spent": int((countries > 1).sum()),
        "customers without any order line of goods": len(idle),
        "countries without any customer number": len(COUNTRIES) - of_customers["Country"].nunique(),
    }


RAW_COLUMNS = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")


def report(account: list[tuple[str, int, float, int]], found: dict[str, int]) -> str:
    """What was taken and what was left out, as markdown."""
    taken = [f"| {what} | {lines:,} | {amount:,.2f} | {customers:,} |" for what, lines, amount, customers in account]
    met = [f"| {what} | {count:,} |" for what, count in found.items()]
    return "\n".join([
        "# What prepare.py made of the file", "",
        "Written by `prepare.py`; the decisions stand at its top.", "",
        "| Lines | Number | Amount, GBP | Customers |", "|---|---:|---:|---:|", *taken, "",
        "| Met on the way | Number |", "|---|---:|", *met, "",
    ])  # fmt: skip


if __name__ == "__main__":
    main()
