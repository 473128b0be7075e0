"""The command line: its answers and its exit codes are a contract, people call it from scripts."""

import os

import pytest
from click.testing import CliRunner
from small import BOOK, DAY, company, notebook

from kamlib import cli, edition, reports
from kamlib.driver import publishing


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    """Every answer in English, whatever was spoken before."""
    monkeypatch.setenv("KAM_LANG", "en")
    edition.use("en")
    yield
    edition.use("en")


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """A company, a notebook, and an engine that takes no time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAM_NOTEBOOKS", str(tmp_path / "notebooks"))
    monkeypatch.setattr(reports, "ENGINE", "small:instant")
    notebook(tmp_path / "notebooks", "10_one", BOOK)
    return company(tmp_path / "acme", {"East": ["Clinic"], "West": ["Hospital"]})


def kam(*arguments: object):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def spoil(acme, times: int = 1, old: str = "100", new: str = "abc") -> None:
    orders = acme / "orders.csv"
    orders.write_text(orders.read_text("utf-8").replace(f",{old}", f",{new}", times), "utf-8")


# --- check ---


def test_sound_data_ends_with_0(acme):
    answer = kam("check", acme)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.strip().endswith("No problems.")
    assert "reading orders.csv" in answer.stderr


def test_a_problem_is_named_with_file_row_column_value_rule_and_remedy(acme):
    spoil(acme)
    answer = kam("check", acme)
    assert answer.exit_code == 1
    first, second = answer.stdout.splitlines()[:2]
    assert first == "orders.csv, row 2, column amount: 'abc'"
    assert len(second.strip()) > 20
    assert "1 problem." in answer.stdout


def test_many_alike_are_counted(tmp_path):
    acme = company(tmp_path / "acme", {"East": [f"Clinic {i}" for i in range(33)]})
    spoil(acme, 33)
    answer = kam("check", acme)
    assert answer.stdout.count("'abc'") == 20
    assert "… and 13 more like it" in answer.stdout
    assert "33 problems." in answer.stdout


def test_values_are_shown_long_enough_and_cannot_steer_the_terminal(acme):
    spoil(acme, new="x" * 90 + "\x1b[31m")
    shown = kam("check", acme).stdout
    assert "x" * 90 in shown
    assert "\x1b" not in shown
    assert "\\x1b[31m" in shown


def test_conversions_are_listed_after_the_problems(acme):
    spoil(acme, 1, new="１００")
    answer = kam("check", acme)
    assert answer.exit_code == 0
    assert "Converted while reading:" in answer.stdout
    assert "orders.csv, amount:" in answer.stdout


def test_the_answer_comes_in_chinese_when_asked_for(acme):
    spoil(acme)
    answer = kam("check", acme, "--lang", "zh")
    assert answer.exit_code == 1
    assert "第 2 行" in answer.stdout
    assert "。请" in answer.stdout
    assert ". 请" not in answer.stdout


def test_a_company_that_is_not_there_is_a_problem(tmp_path):
    answer = kam("check", tmp_path / "none")
    assert answer.exit_code == 1
    assert "no such folder" in answer.stdout
    assert "Traceback" not in answer.output


# --- report ---


def test_a_report_ends_with_0_and_leaves_pages(acme):
    answer = kam("report", "--data", "acme", "--lang", "en", "--region", "East", "--as-of", DAY)
    assert answer.exit_code == 0, answer.output
    assert (acme.parent / f"reports/acme/{DAY}/East/en/index.html").exists()
    assert f"Published reports/acme/{DAY}/East/en/index.html" in answer.stderr
    assert "[1/1] East · en · 10_one" in answer.stderr


def test_what_went_wrong_is_one_table_and_ends_with_1(acme):
    notebook(acme.parent / "notebooks", "20_two", BOOK, "'fail'")
    answer = kam("report", "--data", acme, "--lang", "en")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        "Region     Notebook  What went wrong",
        "East · en  20_two    cell 1: ValueError: as asked",
        "West · en  20_two    cell 1: ValueError: as asked",
    ]


def test_faulty_data_ends_with_1_and_nothing_run(acme):
    spoil(acme)
    answer = kam("report", "--data", acme)
    assert answer.exit_code == 1
    assert "Nothing was run" in answer.stderr
    assert "orders.csv, row 2, column amount: 'abc'" in answer.stdout
    assert not (acme.parent / "reports").exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--region", "Nowhere"], "unknown region"),
        (["--notebooks", "12"], "no notebook 12"),
        (["--notebooks", "a-b"], "not a number or a range"),
        (["--as-of", "31.12.2025"], "--as-of"),
        (["--lang", "fr"], "--lang"),
        (["--jobs", "0"], "--jobs"),
        (["--cluster", "tcp://x"], "--cluster"),
        (["surplus"], "surplus"),
    ],
)
def test_wrong_usage_ends_with_2(acme, options, named):
    answer = kam("report", "--data", acme, *options)
    assert answer.exit_code == 2
    assert named in answer.output


def test_a_report_needs_data():
    assert kam("report").exit_code == 2


@pytest.mark.parametrize(("name", "value"), [("KAM_TIMEOUT", "soon"), ("KAM_TIMEOUT", "0"), ("KAM_MEMORY", "lots")])
def test_limits_that_cannot_be_read_end_with_2(acme, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    answer = kam("report", "--data", acme)
    assert answer.exit_code == 2
    assert name in answer.output


@pytest.mark.parametrize(("said", "size"), [("4G", 4 << 30), ("800m", 800 << 20), ("2GiB", 2 << 30), ("1024", 1024)])
def test_memory_is_a_size(monkeypatch, said, size):
    monkeypatch.setenv("KAM_MEMORY", said)
    assert cli._limits().memory == size


def test_a_second_writer_ends_with_75(acme):
    with publishing.only_writer(acme.parent / "reports" / "acme" / DAY):
        answer = kam("report", "--data", acme, "--lang", "en")
    assert answer.exit_code == 75
    assert "Another run is writing" in answer.stderr


def test_help_names_every_option_of_the_contract():
    said = kam("report", "--help").stdout
    for option in ("data", "region", "as-of", "lang", "notebooks", "jobs", "out", "force", "resume"):
        assert f"--{option} " in said


# --- new, lab ---


def test_new_writes_tables_once_that_check_understands(tmp_path):
    assert kam("new", tmp_path / "mine").exit_code == 0
    assert (tmp_path / "mine" / "accounts.csv").exists()
    answer = kam("check", tmp_path / "mine")
    assert answer.exit_code == 1
    assert answer.stdout.startswith(("regions", "accounts"))
    again = kam("new", tmp_path / "mine")
    assert again.exit_code == 1
    assert "already" in again.stderr


def test_lab_opens_the_notebooks_in_the_language(tmp_path, monkeypatch):
    from kamlib.driver import chapters

    started = []
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(os, "execv", lambda program, command: started.append(command))
    notebook(tmp_path / "notebooks", "10_one", BOOK)
    assert kam("lab", "--lang", "zh", "--no-browser").exit_code == 0
    assert kam("lab", "--lang", "en").exit_code == 0
    assert started[0][2:] == ["jupyterlab", str(tmp_path / "build/zh/notebooks"), "--no-browser"]
    assert started[1][2:] == ["jupyterlab", str(tmp_path / "notebooks")]
    assert (tmp_path / "build/zh/notebooks/10_one.ipynb").exists()
