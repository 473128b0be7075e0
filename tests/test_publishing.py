"""Names that are safe on any system, and folders that are complete or not there."""

import subprocess
import sys

import pytest

from kamlib.driver import publishing

HOSTILE = [
    'x"; import os',
    "../../etc",
    "{secret}",
    "NO",
    "00123",
    "..",
    ".",
    "",
    "con",
    "NUL",
    "a/b",
    "a\\b",
    "~",
    "-",
]
HOSTILE += ["-", "a" * 300, "华东 / 华南", "🙂", "a\nb", "a\x00b", "COM1", "e\u0301", "\u202egnp", "regionİ"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_becomes_one_harmless_folder(name, tmp_path):
    slug = publishing.slug(name)
    assert slug
    assert not set(slug) & set('/\\.:*?"<>|{}; \n\x00~')
    assert len(slug.encode()) <= 255
    assert slug.lower() not in {"con", "nul", "com1"}
    (tmp_path / slug).mkdir()
    assert (tmp_path / slug).resolve().parent == tmp_path.resolve()


def test_plain_names_stay_as_they_are():
    for name in ("Central", "华东", "maven_crm", "Norte-Sur", "Süd", "00123", "NO"):
        assert publishing.slug(name) == name


def test_no_two_regions_share_a_folder():
    found = publishing.slugs(["East", "EAST", "east!", "a/b", "a b", "..", ".", "West", "ß", "ss"])
    assert len({slug.casefold() for slug in found.values()}) == len(found)
    assert found["West"] == "West"
    assert publishing.slugs(["East", "EAST"]) == publishing.slugs(["EAST", "East"])


def test_one_writer_at_a_time(tmp_path):
    with publishing.only_writer(tmp_path), pytest.raises(publishing.BusyError), publishing.only_writer(tmp_path):
        pass
    with publishing.only_writer(tmp_path):
        pass


def test_a_killed_writer_holds_nothing(tmp_path):
    code = "import sys, time, pathlib; from kamlib.driver import publishing\n"
    code += "with publishing.only_writer(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(publishing.BusyError), publishing.only_writer(tmp_path):
            pass
        process.kill()
    with publishing.only_writer(tmp_path):
        pass


def folder(path, text):
    path.mkdir(parents=True)
    (path / "index.html").write_text(text)
    publishing.seal(path, {"n": 1})
    return path


@pytest.mark.parametrize("swaps", [True, False], ids=["exchange", "two renames"])
def test_a_folder_is_replaced_as_a_whole(tmp_path, swaps, monkeypatch):
    if not swaps:
        monkeypatch.setattr(publishing, "_exchange", lambda one, other: False)
    target = tmp_path / "East" / "en"
    for text in ("first", "second"):
        publishing.publish(folder(tmp_path / ".work/new/East/en", text), target, tmp_path / ".work/old/East/en")
        assert (target / "index.html").read_text() == text
        assert publishing.intact(target, "index.html")
    assert not (tmp_path / ".work/old/East/en").exists()


def test_a_swap_that_was_cut_in_half_is_undone(tmp_path):
    old = folder(tmp_path / publishing.WORK / "old/East/en", "old")
    folder(tmp_path / publishing.WORK / "new/East/en", "new")
    publishing.heal(tmp_path)
    assert (tmp_path / "East/en/index.html").read_text() == "old"
    assert not old.exists()
    assert not (tmp_path / publishing.WORK / "new").exists()


def test_a_changed_file_is_not_intact(tmp_path):
    place = folder(tmp_path / "x", "text")
    assert publishing.intact(place, "index.html")
    (place / "index.html").write_text("other")
    assert not publishing.intact(place, "index.html")
    assert not publishing.intact(place, "none.html")
    (place / publishing.MANIFEST).write_text("{broken")
    assert publishing.manifest(place) == {}


def test_a_file_is_written_whole(tmp_path):
    publishing.write(tmp_path / "a" / "x.txt", "one")
    publishing.write(tmp_path / "a" / "x.txt", b"two")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.txt"]
    assert (tmp_path / "a" / "x.txt").read_bytes() == b"two"
