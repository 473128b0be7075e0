"""A headless Chromium to look at pages with, driven over its DevTools protocol."""

import itertools
import json
import shutil
import subprocess
import time
from pathlib import Path

import websocket

PROGRAM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--remote-debugging-port=0", "--remote-allow-origins=*"),
)


class Browser:
    """One tab. What the page says and asks for while it opens is kept in ``said`` and ``asked``."""

    def __init__(self, profile: Path):
        command = [PROGRAM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._ids = itertools.count(1)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.socket = websocket.create_connection(self._address(profile), timeout=30)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "CSS"):
            self.call(f"{domain}.enable")

    session = ""

    def _address(self, profile: Path) -> str:
        port = profile / "DevToolsActivePort"
        end = time.monotonic() + 30
        while not (port.exists() and port.read_text().count("\n")):
            assert time.monotonic() < end, "the browser does not start"
            time.sleep(0.05)
        number, path = port.read_text().split()[:2]
        return f"ws://127.0.0.1:{number}{path}"

    def call(self, method: str, **parameters: object) -> dict:
        """Call a method and return its result."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        self.socket.send(json.dumps(message | ({"sessionId": self.session} if self.session else {})))
        while (answer := self._hear()).get("id") != number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _hear(self) -> dict:
        message = json.loads(self.socket.recv())
        method, what = message.get("method", ""), message.get("params", {})
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.said.append(json.dumps(what))
        elif method == "Network.requestWillBeSent":
            self.asked.append(what["request"]["url"])
        return message

    def open(self, page: Path, *, width: int = 1280, height: int = 900) -> None:
        """Open a page and wait until it and its fonts are loaded."""
        self.said, self.asked = [], []
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=page.as_uri())
        while self._hear().get("method") != "Page.loadEventFired":
            pass
        self.call("Runtime.evaluate", expression="document.fonts.ready", awaitPromise=True)

    def ask(self, expression: str) -> object:
        """The value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def close(self) -> None:
        """End the browser."""
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
