"""The public order lines become tables of the contract: reproducibly, nothing lost without being counted."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

from kamlib import data

FOLDER = Path(__file__).parents[1] / "data" / "online_retail"


@pytest.fixture(scope="module")
def prepare():
    """The script that makes the tables."""
    spec = importlib.util.spec_from_file_location("prepare_online_retail", FOLDER / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def raw(prepare) -> pd.DataFrame:
    return pd.read_parquet(prepare.RAW)


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return pd.read_parquet(FOLDER / "orders.parquet")


def test_the_check_finds_nothing_and_converts_nothing():
    found = data.open_company(FOLDER).check()
    assert found.ok, found.problems.to_string()
    assert found.notes.empty


def test_preparing_again_gives_the_same_tables(prepare, tmp_path, monkeypatch, orders):
    monkeypatch.setattr(prepare, "HERE", tmp_path)
    prepare.main()
    for name in ("regions.csv", "accounts.csv", "products.csv", "PREPARED.md"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "orders.parquet"), orders)


def test_every_line_of_the_file_is_taken_or_counted(raw):
    text = (FOLDER / "PREPARED.md").read_text("utf-8")
    rows = [line.split("|")[1:-1] for line in re.findall(r"^\| .* \|$", text, re.MULTILINE)]
    lines = {row[0].strip(): int(row[1].replace(",", "")) for row in rows if row[1].strip()[:1].isdigit()}
    amounts = {row[0].strip(): float(row[2].replace(",", "")) for row in rows if len(row) == 4 and "." in row[2]}
    left_out = [name for name in lines if name.startswith("left out")]
    assert lines["in the file"] == len(raw)
    assert lines["in the file"] == lines["taken as order lines"] + sum(lines[name] for name in left_out)
    rest = amounts["in the file"] - sum(amounts[name] for name in left_out)
    assert amounts["taken as order lines"] == pytest.approx(rest, abs=0.05)


def test_the_amounts_are_those_of_the_file_recomputed_line_by_line(prepare, raw, orders):
    total, lines = 0.0, 0
    columns = ["StockCode", "Quantity", "Price", "Customer ID"]
    for code, quantity, price, customer in raw[columns].itertuples(index=False):
        name = code.strip().upper()
        if pd.notna(customer) and name not in prepare.NOT_GOODS and not name.startswith("GIFT_"):
            total, lines = total + round(quantity * price, 2), lines + 1
    assert lines == len(orders)
    assert orders["amount"].sum() == pytest.approx(total)


def test_a_customer_of_two_countries_is_at_home_where_most_was_spent():
    accounts = pd.read_csv(FOLDER / "accounts.csv", dtype="str").set_index("account_id")
    assert accounts.loc["12417", "region"] == "Belgium"  # 4,338.97 in Belgium, 638.36 in Spain
    assert accounts.loc["12745", "region"] == "UK"
    assert accounts.index.is_unique


def test_cancellations_are_returns_and_all_countries_have_names(prepare, orders):
    cancelled = orders["order_id"].str.startswith("C")
    assert (orders.loc[cancelled, ["quantity", "amount"]] <= 0).all(axis=None)
    assert (orders.loc[~cancelled, "quantity"] > 0).all()
    regions = pd.read_csv(FOLDER / "regions.csv")
    assert len(regions) == len(prepare.COUNTRIES) == 43
    assert regions[["region", "name_en", "name_zh"]].notna().all(axis=None)
    assert regions["region"].str.fullmatch(r"[A-Za-z ]+").all()


def test_the_prepared_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.*")) < 4_000_000
