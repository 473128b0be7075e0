"""Published frames survive the way through a notebook; nothing in a cell becomes markup."""

import json

import numpy as np
import pandas as pd
import pytest

from kamlib import edition, exports

FRAME = pd.DataFrame(
    {
        "account_name": ["<img src=x onerror=alert(1)>", None],
        "revenue": [1_234_567.0, np.nan],
        "revenue_share": [0.123, 0.001],
        "by_when": [pd.Timestamp("2025-01-31"), pd.NaT],
        "customers": [np.int64(3), 1200],
        "key": [True, False],
    }
)


def test_a_frame_goes_through_json_and_back():
    payload = json.loads(json.dumps(exports.to_payload("x", FRAME)))
    back = exports.from_payload(payload)
    assert list(back.columns) == list(FRAME.columns)
    assert back["by_when"][0] == pd.Timestamp("2025-01-31")
    assert back["revenue"].tolist()[0] == 1_234_567.0
    assert back.isna().to_numpy().tolist() == FRAME.isna().to_numpy().tolist()


def test_cells_are_text_never_markup():
    html = exports.html(FRAME)
    assert "<img" not in html
    assert "&lt;img" in html


def test_numbers_read_by_the_format_of_their_column():
    html = exports.html(FRAME)
    for text in ("1.23M", "12%", "0.1%", "2025-01-31", "1,200", "yes", "–"):
        assert f">{text}<" in html


def test_headings_and_values_speak_the_language():
    edition.use("zh")
    try:
        html = exports.html(FRAME)
    finally:
        edition.use("en")
    assert "123万" in html
    assert exports.heading("revenue") == "Revenue"


def test_a_long_table_says_how_much_more_there_is():
    html = exports.html(pd.DataFrame({"rank": range(50)}), most=30)
    assert html.count("<tr>") == 31
    assert "20 more rows" in html


def test_a_headline_has_one_row():
    with pytest.raises(ValueError, match="one row, not 2"):
        exports.publish("headline", FRAME)


def test_decisions_need_their_columns():
    with pytest.raises(ValueError, match="evidence, action, owner"):
        exports.publish("decisions", FRAME)


def test_a_bundle_carries_the_frame_and_a_table():
    bundle = exports.Published("x", FRAME)._repr_mimebundle_()
    assert set(bundle) == {exports.MIME, "text/html", "text/plain"}


@pytest.mark.parametrize("frame", [FRAME.iloc[:0], pd.DataFrame({"odd column": [1.5]}), pd.DataFrame()])
def test_odd_frames_make_a_table(frame):
    assert exports.html(frame).startswith("<table")
    assert isinstance(repr(exports.table(frame)), str)


def test_a_coded_value_is_named_but_an_account_of_the_same_name_stays_as_it_is():
    frame = pd.DataFrame({"account_name": ["customer"], "account_type": ["customer"], "size_class": ["odd"]})
    edition.use("zh")
    try:
        html = exports.html(frame)
    finally:
        edition.use("en")
    assert html.count(">customer<") == 1
    assert ">客户<" in html
    assert ">odd<" in html
