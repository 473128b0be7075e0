"""Judgements are saved whole and read back; answers are checked kindly and strictly."""

import numpy as np
import pandas as pd
import pytest

from kamlib import worksheets
from kamlib.worksheets import check, save


def test_a_judgement_is_saved_and_replaces_the_old_one(tmp_path):
    for answer in ("yes", "no"):
        path = save(tmp_path, "maturity", pd.DataFrame({"item": ["m01"], "answer": [answer]}))
    assert path == tmp_path / "judgements" / "maturity.csv"
    assert path.read_text("utf-8") == "item,answer\nm01,no\n"
    assert [p.name for p in path.parent.iterdir()] == ["maturity.csv"]


@pytest.mark.parametrize(
    ("table", "column", "message"), [("orders", "item", "no table of judgements"), ("maturity", "x", "no column x")]
)
def test_only_judgements_of_the_contract_are_saved(tmp_path, table, column, message):
    with pytest.raises(ValueError, match=message):
        save(tmp_path, table, pd.DataFrame({column: ["1"]}))
    assert list(tmp_path.iterdir()) == []


def test_a_click_on_the_checklist_is_saved_at_once(tmp_path):
    answers = pd.DataFrame({"item": ["m01"], "answer": ["no"], "evidence": ["seen"]})
    items = pd.DataFrame({"item": ["m01", "m02"], "statement": ["one", "two"]})
    grid = worksheets.checklist(tmp_path, answers, items)
    grid.children[1].children[1].value = "yes"
    kept = pd.read_csv(tmp_path / "judgements" / "maturity.csv")
    assert kept["item"].tolist() == ["m01", "m02"]
    assert kept["answer"].tolist() == ["no", "yes"]
    assert kept["evidence"][0] == "seen"


def test_moving_a_slider_draws_anew():
    drawn = []
    box = worksheets.explore(lambda threshold: drawn.append(threshold), threshold=(0.5, 0.0, 1.0, 0.1))
    box.children[0].value = 0.7
    assert drawn == [0.5, 0.7]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (0.1 + 0.2, 0.3),
        (3, np.int64(3)),
        ("orders", "orders"),
        ([1, 2.0], pd.Series([1.0, 2.0])),
        ((0, 10), (0.0, 10.000000001)),
        ({"b", "a"}, {"a", "b"}),
        (pd.DataFrame({"x": [1]}), pd.DataFrame({"y": [1]})),
        (float("nan"), float("nan")),
    ],
)
def test_a_right_answer_is_right(answer, expected):
    assert "Right" in check(answer, lambda: expected)


@pytest.mark.parametrize(
    ("answer", "expected"), [(0.31, 0.3), ("abc", 1.0), ([1], [1, 2]), (5, [5, 5]), (True, "yes"), ("", 0)]
)
def test_a_wrong_answer_gets_the_hint(answer, expected):
    assert check(answer, expected, hint="Think again.") == "✗ Not yet. Think again."


def test_no_answer_is_not_wrong():
    assert "Not answered yet" in check(None, 1)


def equal_parts(ratios):
    n = 1 + len(ratios)
    again = ["value : longevity"] + [""] * (n - 1) if ratios[("value", "longevity")] > 5 else [""] * n
    names = ["value", "longevity"]
    return pd.DataFrame({"criterion": names, "weight": 1 / n, "consistency_ratio": 0.0, "look_again": again})


def test_comparisons_are_saved_when_a_slider_moves_and_not_before(tmp_path):
    other = pd.DataFrame({"topic": ["priority"], "criterion": ["x"], "weight": [1.0], "decided_on": ["2025-01-01"]})
    path = save(tmp_path, "weights", other)
    box = worksheets.pairwise(
        tmp_path, "key_account", equal_parts, {("value", "longevity"): 2.0}, as_of=pd.Timestamp("2025-06-30")
    )
    assert pd.read_csv(path)["topic"].tolist() == ["priority"]
    box.children[0].value = 7.0
    kept = pd.read_csv(path)
    assert kept["topic"].tolist() == ["priority", "key_account", "key_account"]
    assert kept["weight"].tolist() == [1.0, 0.5, 0.5]
    assert kept["decided_on"].tolist() == ["2025-01-01", "2025-06-30", "2025-06-30"]
    box.children[0].value = 1.0
    assert len(pd.read_csv(path)) == 3


def test_comparisons_that_contradict_each_other_are_named():
    worst = equal_parts({("value", "longevity"): 9.0}).assign(consistency_ratio=0.3)
    assert "Look again at value : longevity" in worksheets._consistency(worst)
    assert "fit together" in worksheets._consistency(worst.assign(look_again=""))


def a_company(folder, wallets=None):
    (folder / "regions.csv").write_text(
        "region,name_en,name_zh,currency,fiscal_year_start,discount_rate\nEast,East,华东,CNY,1,0.08\n", "utf-8"
    )
    (folder / "accounts.csv").write_text(
        "account_id,account_name,region,account_type\n1,One,East,customer\n2,Two,East,customer\n", "utf-8"
    )
    if wallets:
        (folder / "judgements").mkdir()
        (folder / "judgements" / "wallets.csv").write_text(wallets, "utf-8")
    return folder


def test_one_judgement_is_amended_and_all_others_stay(tmp_path):
    a_company(tmp_path, "account_id,wallet,reason\n1,5,old\n2,7,kept\n")
    worksheets.amend(tmp_path, "wallets", {"account_id": "1", "wallet": 9.0, "reason": "a new wing"})
    kept = pd.read_csv(tmp_path / "judgements" / "wallets.csv", dtype={"account_id": str}).set_index("account_id")
    assert kept["wallet"].to_dict() == {"2": 7, "1": 9}
    assert kept["reason"].to_dict() == {"2": "kept", "1": "a new wing"}
    assert pd.notna(kept.at["1", "decided_on"])


def test_a_judgement_without_its_reason_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="Nothing is saved"):
        worksheets.amend(a_company(tmp_path), "wallets", {"account_id": "1", "wallet": 9.0, "reason": " "})
    assert not (tmp_path / "judgements").exists()


def test_the_form_saves_what_is_typed_and_says_what_is_missing(tmp_path):
    choices = pd.DataFrame({"label": ["One", "Two"], "account_id": ["1", "2"], "wallet": [5.0, 6.0]})
    form = worksheets.entry(a_company(tmp_path), "wallets", choices, wallet=(0, 1e9, 1))
    chosen, wallet, reason, _who, (button, told) = *form.children[:4], form.children[4].children
    chosen.value = 1
    assert wallet.value == 6
    button.click()
    assert "Nothing is saved" in told.value
    wallet.value, reason.value = 8, "their tender"
    button.click()
    assert "wallets.csv" in told.value
    kept = pd.read_csv(tmp_path / "judgements" / "wallets.csv", dtype={"account_id": str})
    assert kept[["account_id", "wallet", "reason"]].to_numpy().tolist() == [["2", 8, "their tender"]]


def test_picking_an_entry_shows_it():
    shown = []
    box = worksheets.pick(shown.append, {"First": "a", "Second": "b"})
    box.children[0].value = "b"
    assert shown == ["a", "b"]
    assert "nothing to pick" in worksheets.pick(shown.append, {})
