"""The stored notebooks as a report: every region of the companies that are shipped, also the small and the odd ones."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from kamlib.cli import main

ROOT = Path(__file__).parents[1]


def report(tmp_path, *options: str):
    """Run ``kam report`` on the shipped companies; the manifest of every region and language it published."""
    answer = CliRunner().invoke(main, ["report", "--out", str(tmp_path / "reports"), *options])
    found = (tmp_path / "reports").rglob("manifest.json")
    return answer, {path.parent.relative_to(tmp_path / "reports").parts: json.loads(path.read_text()) for path in found}


def status(manifest: dict) -> set[str]:
    return {chapter["status"] for chapter in manifest["chapters"].values()}


@pytest.mark.parametrize(("company", "region", "language"), [("demo", "South", "zh"), ("maven_crm", "Central", "en")])
def test_a_small_region_and_a_bare_crm_export_go_through_every_notebook(tmp_path, company, region, language):
    place = str(ROOT / "data" / company)
    answer, made = report(tmp_path, "--data", place, "--region", region, "--lang", language)
    assert answer.exit_code == 0, answer.output[-2000:]
    (manifest,) = made.values()
    assert "done" in status(manifest)
    assert status(manifest) <= {"done", "skipped"}


def test_a_region_whose_deals_are_all_open_gets_its_funnel_and_forecast(tmp_path):
    source, folder = ROOT / "data" / "demo", tmp_path / "young"
    folder.mkdir()
    tables = {name: pd.read_csv(source / f"{name}.csv", dtype="str") for name in ("regions", "accounts", "stages")}
    deals = pd.read_csv(source / "opportunities.csv", dtype="str")
    home = deals["account_id"].map(tables["accounts"].set_index("account_id")["region"])
    tables["opportunities"] = deals[(home != "South") | (deals["outcome"] == "open")]
    history = pd.read_csv(source / "stage_history.csv", dtype="str")
    known = history["opportunity_id"].isin(tables["opportunities"]["opportunity_id"])
    for name, frame in (tables | {"stage_history": history[known]}).items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    for name in ("products", "orders"):
        shutil.copy(source / f"{name}.csv", folder)
    answer, made = report(tmp_path, "--data", str(folder), "--region", "South", "--lang", "en", "--notebooks", "31-33")
    assert answer.exit_code == 0, answer.output[-2000:]
    assert [status(manifest) for manifest in made.values()] == [{"done"}]


@pytest.mark.slow
def test_every_region_and_the_whole_company_in_both_languages(tmp_path):
    places = [argument for name in ("maven_crm", "demo") for argument in ("--data", str(ROOT / "data" / name))]
    answer, made = report(tmp_path, *places)
    assert answer.exit_code == 0, answer.output[-2000:]
    assert len(made) == (3 + 7) * 2
    answer, made = report(tmp_path, *places, "--region", "all")
    assert answer.exit_code == 0, answer.output[-2000:]
    assert all(status(manifest) <= {"done", "skipped"} for manifest in made.values())
