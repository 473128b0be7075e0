"""The driver: what a region may see; what happens when a notebook misbehaves, a run is killed, nothing has changed."""

import base64
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest
from small import BOOK, DAY, company, notebook

from kamlib import reports
from kamlib.driver import plans, publishing
from kamlib.driver.console import Screen
from kamlib.driver.jobs import Limits

TESTS = Path(__file__).parent
TWO = {"East": ["Eastern Clinic"], "West": ["Western Clinic"]}


def make(tmp_path, *, data="acme", engine=None, monkeypatch=None, said=None, **wish):
    """Make reports of ``tmp_path/<data>`` with the notebooks of ``tmp_path/notebooks`` into ``tmp_path/out``."""
    if engine:
        monkeypatch.setattr(reports, "ENGINE", f"small:{engine}")
    asked = {"folder": tmp_path / "notebooks", "out": tmp_path / "out", "workers": 2, "languages": ("en",), **wish}
    stream = io.StringIO() if said is None else said
    return reports.make(plans.Wish((str(tmp_path / data),), **asked), Screen(stream))


def tree(folder: Path) -> dict[str, str]:
    """Every file under a folder -> its checksum."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def day(tmp_path, data="acme") -> Path:
    return tmp_path / "out" / data / DAY


def manifest(folder: Path) -> dict:
    return json.loads((folder / publishing.MANIFEST).read_text("utf-8"))


# --- notebooks that misbehave: real kernels, one run for all of them ---

MISBEHAVING = {
    "10_sound": ["import pandas as pd\nimport warnings", "warnings.warn('a number was rounded')\nbook.accounts"],
    "11_exception": ["x = 1", "open('/nowhere/secret.csv')"],
    "12_exit": ["import sys\nsys.exit(0)", "2"],
    "13_hard_exit": ["import os\nos._exit(0)"],
    "14_killed": ["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"],
    "15_sleeps": ["import time\ntime.sleep(60)"],
    "16_spins": ["while True:\n    pass"],
    "17_hog": ["hog = [bytearray(50_000_000) for i in range(1000)]"],
    "18_endless": ["while True:\n    print('x' * 1000)"],
    "19_flood": ["from IPython.display import display\nwhile True:\n    display('x' * 100_000)"],
    "22_last_cell": ["1", "import os\nos._exit(0)"],
    "23_leaves_a_child": ["import subprocess\nchild = subprocess.Popen(['sleep', '987654'])\n1 / 0"],
}
WRONG = {
    "11_exception": "cell 4: FileNotFoundError: [Errno 2] No such file or directory",
    "12_exit": "cell 3: left with sys.exit before its last cell",
    "13_hard_exit": "cell 3: its process died before the end",
    "14_killed": "cell 3: its process died before the end",
    "15_sleeps": "cell 3: stopped at the time limit of 8 s (KAM_TIMEOUT)",
    "16_spins": "cell 3: stopped at the time limit of 8 s (KAM_TIMEOUT)",
    "17_hog": "cell 3: needed more than the memory limit (KAM_MEMORY): MemoryError",
    "18_endless": "cell 3: wrote more than 20 MB of output",
    "19_flood": "cell 3: wrote more than 20 MB of output",
    "20_no_parameters": "not run: it has no cell tagged 'parameters'",
    "21_no_day": "not run: its parameters cell does not set as_of",
    "22_last_cell": "cell 4: its process died before the end",
    "23_leaves_a_child": "cell 3: ZeroDivisionError: division by zero",
    "25_no_such_aggregate": "ValueError: There is no kamlib.segmentation.no_such to pool with",
}


@pytest.fixture(scope="module")
def gauntlet(tmp_path_factory):
    """One region's report from notebooks of which only one is sound."""
    tmp_path = tmp_path_factory.mktemp("gauntlet")
    company(tmp_path / "acme", {"East": ["Clinic"]})
    for name, cells in MISBEHAVING.items():
        notebook(tmp_path / "notebooks", name, BOOK, *cells)
    notebook(tmp_path / "notebooks", "20_no_parameters", "1", parameters=None)
    notebook(tmp_path / "notebooks", "21_no_day", "1", parameters='data_dir = "x"\nregion = "y"')
    notebook(tmp_path / "notebooks", "24_wants_more", BOOK, tables="`accounts`, `contacts`")
    notebook(
        tmp_path / "notebooks",
        "25_no_such_aggregate",
        "from kamlib import segmentation",
        'book.pooled(segmentation.no_such, "orders")',
    )
    mishaps = make(tmp_path, limits=Limits(8, 600 << 20))
    return tmp_path, {mishap.notebook: mishap.what for mishap in mishaps}


@pytest.mark.parametrize("name", WRONG)
def test_what_goes_wrong_is_named_with_its_cell(gauntlet, name):
    tmp_path, mishaps = gauntlet
    assert mishaps[name].startswith(WRONG[name])
    page = (day(tmp_path) / "East/en" / f"{name}.html").read_text("utf-8")
    assert "This chapter could not be made" in page
    assert WRONG[name].partition(" (")[0].partition("'")[0] in page


def test_a_sound_chapter_among_them_is_made(gauntlet):
    tmp_path, mishaps = gauntlet
    assert set(mishaps) == set(WRONG)
    known = manifest(day(tmp_path) / "East/en")
    assert known["chapters"]["10_sound"]["status"] == "done"
    assert known["counts"] == {"done": 1, "failed": len(WRONG), "skipped": 1, "decisions": 0, "warnings": 1}


def test_the_front_page_names_failures_and_what_was_left_out(gauntlet):
    page = (day(gauntlet[0]) / "East/en/index.html").read_text("utf-8")
    assert "Not every chapter could be made" in page
    assert "ZeroDivisionError: division by zero" in page
    assert "needs data this report does not have: contacts" in page
    assert not (day(gauntlet[0]) / "East/en/24_wants_more.html").exists()


def test_a_warning_is_folded_and_counted(gauntlet):
    page = (day(gauntlet[0]) / "East/en/10_sound.html").read_text("utf-8")
    assert '<details class="warnings"><summary>1 warning</summary>' in page
    assert "UserWarning: a number was rounded" in page


def test_no_child_outlives_a_run(gauntlet):
    left = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if "987654" in (p.info["cmdline"] or [])]
    assert left == []


def test_nothing_of_the_machine_is_published(gauntlet):
    tmp_path, _mishaps = gauntlet
    machine = [str(tmp_path), str(Path.home()) + "/", sys.prefix, "ipykernel_", "/nowhere", "papermill", "/tmp"]
    for path in day(tmp_path).rglob("*"):
        if path.is_file():
            text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", path.read_text("utf-8"))  # a font may spell anything
            found = [place for place in machine if place in text and place != "/nowhere"]
            assert found == [], path


def test_only_finished_things_are_left_in_the_folder(gauntlet):
    names = {path.name for path in day(gauntlet[0]).iterdir()}
    assert names == {"East", "index.html", "index.zh.html"}


# --- hostile names, and one region's secrets ---

REGIONS = ['x"; import os', "../../etc", "{secret}", "NO", "00123", "<b>&amp;", "con"]
CANARY = "CanaryOf{}"
IMG = "<img src=x onerror=alert(1)>"
SHOW = """import pandas as pd
from IPython.display import HTML, Markdown, display
from kamlib import exports
from kamlib.charts import canvas
names = list(book.accounts["account_name"])
display(book.accounts, HTML(f"<p>{names[0]}</p>"), Markdown(f"**{names[0]}** {region}"))
todo = book.accounts.assign(evidence=names, action=region, owner=names, by_when=pd.Timestamp(as_of))
exports.publish("decisions", todo)
ax = canvas.axes()
ax.bar(names, 1)
print(region, book.regions.to_dict("records"), book.orders.to_dict("records"))"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Every region with a hostile name, an account that is markup, and a canary of its own."""
    tmp_path = tmp_path_factory.mktemp("hostile")
    accounts = {region: [IMG, CANARY.format(at)] for at, region in enumerate(REGIONS)}
    company(tmp_path / "acme", accounts)
    notebook(tmp_path / "notebooks", "10_show", BOOK, "region, type(region).__name__", SHOW)
    before = set(tree(tmp_path))
    mishaps = make(tmp_path)
    return tmp_path, mishaps, before


def test_hostile_regions_are_reported_like_any_other(hostile):
    tmp_path, mishaps, _before = hostile
    assert mishaps == []
    places = {manifest(path.parent)["key"]: path.parent for path in day(tmp_path).glob("*/en/manifest.json")}
    assert set(places) == set(REGIONS)
    for region, place in places.items():
        made = json.loads((place / "10_show.ipynb").read_text("utf-8"))
        outputs = [output for cell in made["cells"] for output in cell.get("outputs", [])]
        assert "".join(outputs[0]["data"]["text/plain"]) == repr((region, "str"))


def test_nothing_is_written_outside_the_reports(hostile):
    tmp_path, _mishaps, before = hostile
    assert {name for name in set(tree(tmp_path)) - before if not name.startswith("out/acme/")} == {
        "out/index.html",
        "out/index.zh.html",
    }
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_symlink()]
    assert not [path for path in (tmp_path / "out").rglob("*") if re.search(r'[.]{2}|[{}";]', path.name)]


def test_hostile_text_stays_text(hostile):
    for path in (hostile[0] / "out").rglob("*.html"):
        page = path.read_text("utf-8")
        assert "<img src=x" not in page, path
        assert not re.search(r"<script|<b>&amp;|\sonerror=\"", page), path
    shown = (day(hostile[0]) / "NO/en/10_show.html").read_text("utf-8")
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") >= 5


def everything_in(path: Path) -> bytes:
    """A file's bytes, with every base64 picture and zip in it unpacked as well."""
    raw = path.read_bytes()
    parts = [raw, *(base64.b64decode(found) for found in re.findall(rb"base64,([A-Za-z0-9+/=]{40,})", raw))]
    if path.suffix == ".ipynb":
        bundles = [o.get("data", {}) for c in json.loads(raw)["cells"] for o in c.get("outputs", [])]
        parts += [base64.b64decode(bundle["image/png"]) for bundle in bundles if "image/png" in bundle]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts += [archive.read(name) for name in archive.namelist()]
    return b"\n".join(parts)


def test_no_region_shows_anything_of_another(hostile):
    tmp_path, _mishaps, _before = hostile
    for path in day(tmp_path).glob("*/en/manifest.json"):
        own = REGIONS.index(manifest(path.parent)["key"])
        content = b"\n".join(everything_in(file) for file in path.parent.iterdir())
        seen = [at for at in range(len(REGIONS)) if re.search(CANARY.format(at).encode() + rb"\b", content)]
        assert seen == [own]
        others = [f'"A{2 * at}"'.encode() for at in range(len(REGIONS)) if at != own]
        assert not [account for account in others if account in content]


def test_pages_need_nothing_and_run_nothing(hostile):
    for path in (hostile[0] / "out").rglob("*.html"):
        page = path.read_text("utf-8")
        assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:" in page
        assert not re.search(r"https?:|//[a-z]+\.|<script|<link|@import|javascript:", page), path


def test_links_between_pages_lead_somewhere(hostile):
    for path in (hostile[0] / "out").rglob("*.html"):
        for target in re.findall(r'href="([^"#]+)', path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name} -> {target}"


# --- what was done is not done again: an engine that takes no time ---


@pytest.fixture
def acme(tmp_path):
    """Two regions, three notebooks."""
    company(tmp_path / "acme", TWO)
    for name in ("10_one", "11_two", "20_three"):
        notebook(tmp_path / "notebooks", name, BOOK, "len(book.accounts)")
    return tmp_path


def test_the_same_input_gives_the_same_bytes(acme, monkeypatch):
    make(acme, engine="instant", monkeypatch=monkeypatch, languages=("en", "zh"))
    first = tree(acme / "out")
    said = io.StringIO()
    make(acme, engine="instant", monkeypatch=monkeypatch, languages=("en", "zh"), said=said)
    assert said.getvalue().count("unchanged, taken over") == 12
    make(acme, engine="instant", monkeypatch=monkeypatch, languages=("en", "zh"), force=True, said=said)
    assert tree(acme / "out") == first
    assert "0 taken over" in said.getvalue()


def test_only_what_changed_runs_again(acme, monkeypatch):
    make(acme, engine="instant", monkeypatch=monkeypatch)
    notebook(acme / "notebooks", "11_two", BOOK, "len(book.orders)")
    said = io.StringIO()
    make(acme, engine="instant", monkeypatch=monkeypatch, said=said)
    assert "2 run, 4 taken over" in said.getvalue()
    company(acme / "acme", TWO | {"East": ["Eastern Clinic", "Another"]})
    said = io.StringIO()
    make(acme, engine="instant", monkeypatch=monkeypatch, said=said)
    assert "East · en · 10_one · unchanged" not in said.getvalue()


def test_a_published_file_that_was_touched_is_made_again(acme, monkeypatch):
    make(acme, engine="instant", monkeypatch=monkeypatch)
    (day(acme) / "East/en/10_one.ipynb").write_text("spoilt")
    said = io.StringIO()
    make(acme, engine="instant", monkeypatch=monkeypatch, said=said)
    assert "1 run, 5 taken over" in said.getvalue()


def test_a_failed_chapter_is_tried_again_and_others_go_on(acme, monkeypatch):
    notebook(acme / "notebooks", "30_fail", BOOK, "'fail'")
    mishaps = make(acme, engine="instant", monkeypatch=monkeypatch)
    assert [(mishap.region, mishap.notebook) for mishap in mishaps] == [
        ("East · en", "30_fail"),
        ("West · en", "30_fail"),
    ]
    said = io.StringIO()
    make(acme, engine="instant", monkeypatch=monkeypatch, said=said)
    assert "2 run, 6 taken over" in said.getvalue()


def test_chapters_that_were_not_asked_for_stay_while_they_are_good(acme, monkeypatch):
    make(acme, engine="instant", monkeypatch=monkeypatch)
    make(acme, engine="instant", monkeypatch=monkeypatch, notebooks="20", force=True, regions=("East",))
    chapters = manifest(day(acme) / "East/en")["chapters"]
    assert {name: chapter["status"] for name, chapter in chapters.items()} == dict.fromkeys(chapters, "done")
    assert len(chapters) == 1
    make(acme, engine="instant", monkeypatch=monkeypatch, regions=("East",))
    make(acme, engine="instant", monkeypatch=monkeypatch, notebooks="20", regions=("East",))
    assert set(manifest(day(acme) / "East/en")["chapters"]) == {"10_one", "11_two", "20_three"}
    company(acme / "acme", TWO | {"East": ["Eastern Clinic", "Another"]})
    said = io.StringIO()
    make(acme, engine="instant", monkeypatch=monkeypatch, notebooks="20", regions=("East",), said=said)
    assert set(manifest(day(acme) / "East/en")["chapters"]) == {"20_three"}
    assert "left out, out of date: 10_one" in said.getvalue()


def test_a_report_goes_by_region_day_and_language(acme, monkeypatch):
    make(acme, engine="instant", monkeypatch=monkeypatch, languages=("en", "zh"), regions=("区1",))
    assert sorted(path.name for path in day(acme).iterdir()) == ["West", "index.html", "index.zh.html"]
    assert "Western" not in (day(acme) / "index.html").read_text("utf-8")
    page = (day(acme) / "West/zh/10_one.html").read_text("utf-8")
    assert '<html lang="zh-CN">' in page
    assert 'href="../en/10_one.html"' in page


def test_the_whole_company_is_a_region_of_its_own_when_asked_for(acme, monkeypatch):
    make(acme, engine="instant", monkeypatch=monkeypatch, regions=("all",))
    assert manifest(day(acme) / "all/en")["region"]["en"] == "All regions"


def test_the_pages_say_what_data_they_rest_on(acme, monkeypatch):
    make(acme, engine="instant", monkeypatch=monkeypatch)
    page = (day(acme) / "East/en/index.html").read_text("utf-8")
    assert "data: acme, 3 tables, 3 rows" in page
    assert f"as of {DAY}" in page


def test_faulty_data_stops_everything_before_it_starts(acme, monkeypatch):
    orders = acme / "acme" / "orders.csv"
    orders.write_text(orders.read_text("utf-8").replace("A0", "A999"), "utf-8")
    with pytest.raises(plans.FaultyError) as caught:
        make(acme, engine="instant", monkeypatch=monkeypatch)
    assert list(caught.value.problems["value"]) == ["A999"]
    assert not (acme / "out").exists()


@pytest.mark.parametrize(
    ("wish", "named"),
    [({"regions": ("Nowhere",)}, "Known: East, West"), ({"notebooks": "12"}, "no notebook 12; known: 10, 11, 20")],
)
def test_a_wish_that_cannot_be_met_is_named(acme, monkeypatch, wish, named):
    with pytest.raises(plans.WishError, match=named):
        make(acme, engine="instant", monkeypatch=monkeypatch, **wish)


def test_two_companies_of_one_name_are_refused(acme):
    company(acme / "other" / "acme", TWO)
    places = (str(acme / "acme"), str(acme / "other" / "acme"))
    with pytest.raises(plans.WishError, match="same name"):
        reports.make(plans.Wish(places, folder=acme / "notebooks", out=acme / "out"), Screen(io.StringIO()))


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("data/demo", "data/demo"),
        ("data/demo/", "data/demo"),
        ("/somewhere/private/client", "client"),
        ("../client", "client"),
        ("postgresql://me:secret@host/crm?sslmode=require", "crm"),
    ],
)
def test_the_data_is_called_without_the_machine_and_its_passwords(location, shown):
    assert plans.called(location) == shown


# --- killed, interrupted, twice at once ---


def drive(acme: Path, *options: str, engine: str = "small:leisurely") -> subprocess.Popen:
    """`kam report` in a process of its own, with another engine."""
    code = f"""if __name__ == "__main__":
    import sys
    sys.path.insert(0, {str(TESTS)!r})
    from kamlib import cli, reports
    reports.ENGINE = {engine!r}
    cli.main()"""
    script = acme / "drive.py"
    script.write_text(code, "utf-8")
    command = [sys.executable, str(script), "report", "--data", str(acme / "acme"), "--out", str(acme / "out")]
    return subprocess.Popen(
        [*command, "--lang", "en", "--jobs", "2", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "KAM_NOTEBOOKS": str(acme / "notebooks"), "KAM_LANG": "en"},
    )


def wait_for(condition, seconds=40.0):
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def staged(acme: Path) -> list[Path]:
    return list((day(acme) / publishing.WORK).glob("staged/*/*/*.json"))


@pytest.fixture
def endless(acme, monkeypatch):
    """A published report, and a further notebook that takes a minute."""
    make(acme, engine="instant", monkeypatch=monkeypatch)
    for name in ("10_one", "11_two", "20_three"):
        notebook(acme / "notebooks", name, BOOK, "len(book.accounts) + 1")
    notebook(acme / "notebooks", "50_slow", BOOK)
    return acme


def test_a_killed_run_leaves_the_old_report_and_can_be_resumed(endless):
    before = tree(day(endless) / "East")
    with drive(endless) as process:
        wait_for(lambda: len(staged(endless)) >= 3)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    psutil.wait_procs(children, timeout=10)
    assert [child for child in children if child.is_running()] == []
    assert tree(day(endless) / "East") == before
    (endless / "notebooks" / "50_slow.ipynb").unlink()
    with drive(endless, "--resume") as process:
        said = process.communicate()[0]
    assert process.returncode == 0, said
    assert said.count("unchanged, taken over") >= 3
    assert "Cleared" not in said
    assert tree(day(endless) / "East") != before
    assert not (day(endless) / publishing.WORK).exists()


def test_ctrl_c_ends_all_children_and_keeps_what_is_finished(endless):
    with drive(endless) as process:
        wait_for(lambda: len(staged(endless)) >= 3)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
    assert process.returncode == 130
    assert "Finished chapters are kept" in said
    assert "Traceback" not in said
    psutil.wait_procs(children, timeout=10)
    assert [child for child in children if child.is_running()] == []
    assert len(staged(endless)) >= 3
    (endless / "notebooks" / "50_slow.ipynb").unlink()
    with drive(endless) as process:
        assert re.search(r"Cleared \d finished chapters", process.communicate()[0])


def test_a_second_run_at_the_same_time_is_told_to_wait(acme):
    company(acme / "acme", TWO)
    with publishing.only_writer(day(acme)), drive(acme) as process:
        said = process.communicate()[0]
    assert process.returncode == 75
    assert "Another run is writing" in said
    assert list(day(acme).iterdir()) == []


def test_kernels_end_with_a_killed_driver(acme):
    notebook(acme / "notebooks", "10_one", BOOK, "import subprocess\nsubprocess.run(['sleep', '765432'])")

    def sleepers():
        return [p for p in psutil.process_iter(["cmdline"]) if "765432" in (p.info["cmdline"] or [])]

    with drive(acme, "--notebooks", "10", "--region", "East", engine="kamlib.driver.execution:execute") as process:
        wait_for(sleepers)
        process.kill()
    wait_for(lambda: not sleepers(), 10)
