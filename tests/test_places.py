"""Where tables stand: files of a folder, slices of Parquet files, and databases with the region filter pushed down."""

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from company import AS_OF, TABLES, TODAY, Planted

from kamlib import data, schema
from kamlib.intake.databases import Database

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> data.Company:
    """The company of the tests, from its CSV files."""
    return Planted(tmp_path_factory.mktemp("company")).open()


@pytest.fixture(scope="module")
def frames(company) -> dict[str, pd.DataFrame]:
    """All its tables, typed."""
    return {name: company.table(name).frame for name in TABLES}


def sqlite(path: Path, frames: dict[str, pd.DataFrame]) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for name, frame in frames.items():
            frame.to_sql(name, connection, index=False)
        connection.commit()
    return f"sqlite:///{path}"


def duck(path: Path, frames: dict[str, pd.DataFrame]) -> str:
    with duckdb.connect(str(path)) as connection:
        for name, frame in frames.items():
            connection.register("given", frame)
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM given')
            connection.unregister("given")
    return f"duckdb:///{path}"


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL server of our own, without a database in it."""
    if POSTGRES is None or shutil.which("runuser") is None:
        pytest.skip("no PostgreSQL server is installed here (/usr/lib/postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))  # pytest's own folders are closed to other users
    port = free_port()
    as_other = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    if as_other:
        shutil.chown(folder, "nobody")
    run = [*as_other, str(POSTGRES / "pg_ctl"), "-D", str(folder / "data"), "-w", "-l", str(folder / "log")]
    setting = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    subprocess.run([*as_other, str(POSTGRES / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "kam"],
                   check=True, capture_output=True)  # fmt: skip
    subprocess.run([*run, "-o", setting, "start"], check=True, stdout=subprocess.DEVNULL)
    yield f"postgresql://kam@127.0.0.1:{port}"
    subprocess.run([*run, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def in_postgres(url: str, name: str, frames: dict[str, pd.DataFrame]) -> str:
    """A database of that server with these tables."""
    import sqlalchemy as sa

    address = url.replace("postgresql://", "postgresql+psycopg://")
    server = sa.create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    server.dispose()
    engine = sa.create_engine(f"{address}/{name}")
    for table, frame in frames.items():
        frame.to_sql(table, engine, index=False)
    engine.dispose()
    return f"{url}/{name}"


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def put(request, tmp_path):
    """A function that puts tables into a database of one kind and gives its address."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        return lambda tables: in_postgres(server, "company", tables)
    make = {"sqlite": sqlite, "duckdb": duck}[request.param]
    return lambda tables: make(tmp_path / f"company.{request.param}", tables)


def same(one: data.Book, other: data.Book) -> None:
    """Both books hold the same rows."""
    for name in schema.TABLES:
        left, right = (getattr(book, name) for book in (one, other))
        columns = list(left.columns)
        left, right = (frame.sort_values(columns).reset_index(drop=True) for frame in (left, right))
        pd.testing.assert_frame_equal(left, right)


# --- databases ---


@pytest.mark.parametrize("region", ["East", "South", "all"])
def test_a_book_from_a_database_is_the_book_from_the_files(put, frames, company, region):
    opened = data.open_company(put(frames))
    assert opened.check(today=TODAY).ok
    for day in (AS_OF, "2024-06-14"):
        same(opened.book(region, day), company.book(region, day))


def test_a_database_of_text_columns_is_read_as_strictly_as_files(put, tmp_path, company):
    planted = Planted(tmp_path / "files")
    tables = {name: planted.frame(name) for name in TABLES}
    opened = data.open_company(put(tables))
    assert opened.check(today=TODAY).ok
    same(opened.book("East", AS_OF), company.book("East", AS_OF))


def test_a_fault_in_a_database_is_named_by_table_row_column_and_value(put, frames):
    orders = frames["orders"].astype({"amount": "str"})
    orders.loc[5, "amount"] = "8 thousand"
    found = data.open_company(put({**frames, "orders": orders})).check(today=TODAY).problems
    assert len(found) == 1
    assert found.iloc[0][["file", "column", "value", "rule"]].tolist() == [
        "orders", "amount", "8 thousand", "not a number"]  # fmt: skip


def test_the_rows_of_other_regions_never_leave_the_database(put, frames):
    poison = frames["orders"].astype({"amount": "str"})
    poison.loc[poison["account_id"] == "B03", "amount"] = "poison"
    opened = data.open_company(put({**frames, "orders": poison}))
    assert opened.book("East", AS_OF).orders["amount"].sum() > 0
    with pytest.raises(data.DataError, match="poison"):
        _ = opened.book("South", AS_OF).orders


def test_the_question_asked_names_the_region(put, frames, monkeypatch):
    asked: list[str] = []
    ask = Database._ask

    def listening(self, query, **values):
        asked.append(f"{query} {sorted(values.values(), key=str)}")
        return ask(self, query, **values)

    monkeypatch.setattr(Database, "_ask", listening)
    book = data.open_company(put(frames)).book("East", AS_OF)
    asked.clear()
    assert len(book.orders) == 8
    rows = [query for query in asked if "SELECT *" in query and '"orders"' in query]
    assert len(rows) == 1
    assert "WHERE (region = :region OR" in rows[0]
    assert "'East'" in rows[0]


def test_a_region_written_with_a_space_is_not_lost_by_the_filter(put, frames, company):
    orders = frames["orders"].assign(region=frames["orders"]["region"].replace("East", "East "))
    opened = data.open_company(put({**frames, "orders": orders}))
    same(opened.book("East", AS_OF), company.book("East", AS_OF))


def test_an_unknown_account_in_a_database_stops_the_book(put, frames):
    orders = frames["orders"].copy()
    orders.loc[5, "account_id"] = "Z9"
    with pytest.raises(data.DataError, match="unknown account_id 'Z9'"):
        _ = data.open_company(put({**frames, "orders": orders})).book("East", AS_OF).orders


def test_tables_in_capitals_and_views_count_too(put, frames):
    opened = data.open_company(put({name.upper(): frame for name, frame in frames.items()}))
    assert set(opened.tables) == set(TABLES)


def test_the_last_day_is_asked_for_without_reading_the_tables(put, frames):
    opened = data.open_company(put(frames))
    assert opened.as_of == pd.Timestamp("2025-11-12")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sqlite:///nowhere.db", "no such file"),
        ("duckdb:///nowhere.duckdb", "no such file"),
        ("sqlite://", "no such file"),
        ("mysql://me:secret@host/db", "known are postgresql, sqlite, duckdb"),
        ("postgresql://me:secret@127.0.0.1:1/db", "cannot be read"),
    ],
)
def test_a_database_that_cannot_be_opened_is_an_error_without_its_password(address, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(data.DataError, match=said) as error:
        data.open_company(address)
    assert "secret" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_an_error(tmp_path):
    (tmp_path / "company.db").write_text("hello", "utf-8")
    for kind in ("sqlite", "duckdb"):
        with pytest.raises(data.DataError, match="cannot be read"):
            data.open_company(f"{kind}:///{tmp_path}/company.db")


def test_bytes_and_broken_text_in_a_database_are_named(tmp_path, frames):
    url = sqlite(tmp_path / "company.db", frames)
    with contextlib.closing(sqlite3.connect(tmp_path / "company.db")) as connection:
        connection.execute("UPDATE orders SET amount = x'0102' WHERE order_id = 'O3'")
        connection.execute("UPDATE contacts SET name = cast(x'ff41' AS text) WHERE contact_id = 'C1'")
        connection.commit()
    found = data.open_company(url).check(today=TODAY).problems
    assert set(found["rule"]) >= {"neither text, number nor date", "the table cannot be read"}


def test_a_database_without_tables_of_the_contract_says_which_are_missing(tmp_path):
    found = data.open_company(sqlite(tmp_path / "empty.db", {})).check(today=TODAY).problems
    assert list(found["file"]) == ["regions", "accounts"]


# --- Parquet ---


def as_parquet(planted: Planted, table: str, frame: pd.DataFrame) -> None:
    planted.remove(table)
    frame.to_parquet(planted.path(table, ".parquet"), index=False)


@pytest.mark.parametrize("day", [AS_OF, "2024-02-29", "2024-02-28"])
@pytest.mark.parametrize("region", ["East", "South"])
def test_a_book_cut_out_of_parquet_is_the_book_of_the_whole(tmp_path, frames, company, region, day):
    planted = Planted(tmp_path)
    for name, frame in frames.items():
        as_parquet(planted, name, frame)
    same(planted.open().book(region, day), company.book(region, day))


def test_the_rows_of_other_regions_are_not_read_from_parquet(tmp_path, frames):
    planted = Planted(tmp_path)
    poison = frames["orders"].astype({"amount": "str"})
    poison.loc[poison["account_id"] == "B03", "amount"] = "poison"
    as_parquet(planted, "orders", poison)
    assert planted.open().book("East", AS_OF).orders["amount"].sum() > 0
    with pytest.raises(data.DataError, match=r"orders.parquet, row 11, amount: not a number 'poison'"):
        _ = planted.open().book("South", AS_OF).orders


def test_an_order_at_noon_of_as_of_is_known(tmp_path, frames):
    planted = Planted(tmp_path)
    noon = frames["orders"].assign(order_date=frames["orders"]["order_date"] + pd.Timedelta(hours=12))
    as_parquet(planted, "orders", noon.drop(columns=["invoice_date", "paid_date"]))
    assert "O4" in set(planted.open().book("East", "2024-02-29").orders["order_id"])


@pytest.mark.parametrize("change", [{"account_id": {"A03": "Ａ０３"}}, {"region": {"South": " South"}}])
def test_what_only_a_closer_reading_recognises_is_not_lost_by_the_filter(tmp_path, frames, company, change):
    planted = Planted(tmp_path)
    as_parquet(planted, "orders", frames["orders"].replace(change))
    for region in ("East", "South"):
        same(planted.open().book(region, AS_OF), company.book(region, AS_OF))


# --- a folder ---


def test_a_tables_ending_and_the_case_of_its_name_do_not_matter(tmp_path):
    planted = Planted(tmp_path)
    planted.path("orders").rename(tmp_path / "Orders.TXT")
    planted.path("service_costs").rename(tmp_path / "Service Costs.csv")
    assert planted.check().ok
    assert planted.open().tables["orders"] == "Orders.TXT"


def test_tables_come_in_the_order_of_the_contract(company):
    assert list(company.tables) == list(schema.TABLES)


def test_other_files_are_reached_by_their_path_within_the_folder_only(tmp_path):
    planted = Planted(tmp_path / "company")
    (tmp_path / "secret.csv").write_text("a\n1\n", "utf-8")
    for name in ("../secret.csv", str(tmp_path / "secret.csv")):
        assert planted.open().source.other(name).problems[0].rule == "a file outside the company's folder"
    (tmp_path / "company" / "link.csv").symlink_to(tmp_path / "secret.csv")
    assert planted.open().source.other("link.csv").problems
