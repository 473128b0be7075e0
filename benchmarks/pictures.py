"""Take the README's pictures from the published reports: ``make report && .venv/bin/python benchmarks/pictures.py``.

Needs a Chromium. One picture a reader: the consultant's chart, the analyst's region at a glance, the learner's page.
"""

import base64
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from browser import PROGRAM, Browser  # noqa: E402 - the tests' own way to a browser

REPORTS = ROOT / "reports" / "demo" / "2025-12-31" / "East"
PICTURES = ROOT / "notebooks" / "pictures"
WIDTH, MOST = 1180, 900
_OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
_TOP = "Math.max(0, {element}.getBoundingClientRect().top + window.scrollY - 24)"
SHOTS = {
    "analyst": ("en/index.html", "document.body", 760, False),
    "consultant": ("zh/10_key_account_identification.html", "document.querySelectorAll('img')[3]", 870, False),
    "learner": ("en/10_key_account_identification.html", "document.querySelectorAll('h2')[1]", 480, True),
}
"""Picture -> page, the element it starts at, its height, and whether the code is unfolded."""


def take(browser: Browser, page: str, element: str, height: int, unfolded: bool) -> bytes:
    """A part of a page as PNG."""
    browser.open(REPORTS / page, width=WIDTH, height=MOST)
    if unfolded:
        browser.ask(_OPEN_ALL)
    top = browser.ask(_TOP.format(element=element))
    clip = {"x": 0, "y": top, "width": WIDTH, "height": height, "scale": 1}
    shot = browser.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
    return base64.b64decode(shot["data"])


def main() -> None:
    """Write every picture."""
    if not PROGRAM or not REPORTS.exists():
        sys.exit("needs a Chromium, and the reports of the demonstration company: make report")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(Path(profile))
        for name, shot in SHOTS.items():
            (PICTURES / f"{name}.png").write_bytes(take(browser, *shot))
            print(f"notebooks/pictures/{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
