"""A real browser for the tests: Debian's Chromium without a screen, and a JupyterLab for it to open.

Where Chromium or its driver is not installed the tests that need them are skipped, with the reason. Every request that
the browser makes is kept, so that a test can say that none left the machine.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from conftest import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
LONG = 90.0  # s that anything may take on a busy machine
LOCAL = {"127.0.0.1", "localhost", "::1"}
INSIDE = {"data", "blob", "about", "chrome", "chrome-extension", "devtools"}  # addresses that ask nobody
ALERTS = "window.alerted = []; window.alert = (text) => window.alerted.push(String(text));"
T = TypeVar("T")

needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="Chromium is not installed: apt-get install chromium chromium-driver"
)


class Browser:
    """One window of Chromium that keeps account of what it asks for."""

    def __init__(self, profile: Path, *, width: int, height: int, offline: bool = False) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *(
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-default-apps",
            ),
            *("--disable-features=OptimizationHints,MediaRouter,Translate", "--mute-audio"),
            *(f"--window-size={width},{height}", f"--user-data-dir={profile}"),
            *(["--host-resolver-rules=MAP * ~NOTFOUND"] if offline else []),
        ):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(executable_path=str(DRIVER)))
        self.asked: list[str] = []
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": ALERTS})
        if offline:
            self.driver.execute_cdp_cmd("Network.enable", {})
            none = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
            self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", none)

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, what: str, found: Callable[[], T], *, seconds: float = LONG) -> T:
        """The first true value; fails with what was waited for."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = found()
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"waited in vain for: {what}; the page says: {self.errors()}")

    def ask(self, what: str, script: str, *arguments: Any) -> Any:
        """The first true value of a script."""
        return self.wait(what, lambda: self.run(script, *arguments))

    def click(self, selector: str, *, x: float = 0.5) -> None:
        """Click on an element as a hand does, at a share of its width."""
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.by import By

        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        offset = round((x - 0.5) * element.size["width"])
        ActionChains(self.driver).move_to_element_with_offset(element, offset, 0).click().perform()

    def requests(self) -> list[str]:
        """Every address that was asked for so far, the browser's own pages and data in the page left out."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in {"Network.requestWillBeSent", "Network.webSocketCreated"}:
                told = message["params"]
                self.asked.append(told["url"] if "url" in told else told["request"]["url"])
        return [url for url in self.asked if urlsplit(url).scheme not in INSIDE]

    def left_the_machine(self) -> list[str]:
        """Those of the requests that went to another machine."""
        return [u for u in self.requests() if urlsplit(u).scheme != "file" and urlsplit(u).hostname not in LOCAL]

    def errors(self) -> list[str]:
        """What the page complained of, but that a notebook was left without being saved."""
        told = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        return [message for message in told if "beforeunload" not in message]

    def alerts(self) -> list[str]:
        """What a script from data would have shown."""
        return list(self.run("return window.alerted"))


@contextmanager
def browser(folder: Path, *, width: int = 1400, height: int = 1600, offline: bool = False) -> Iterator[Browser]:
    """A browser with a profile of its own."""
    window = Browser(folder, width=width, height=height, offline=offline)
    try:
        yield window
    finally:
        window.driver.quit()


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that serves one folder of notebooks."""

    port: int
    token: str
    folder: Path

    def address(self, notebook: str) -> str:
        """Where a notebook is opened."""
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?token={self.token}&reset"

    def put(self, name: str, original: Path, **parameters: str) -> str:
        """A copy of a notebook with values in its parameters cell; its name."""
        content = json.loads(original.read_text())
        for cell in content["cells"]:
            if "parameters" in cell["metadata"].get("tags", []):
                cell["source"] = (
                    "".join(cell["source"]) + "\n" + "\n".join(f"{k} = {v!r}" for k, v in parameters.items())
                )
        (self.folder / name).write_text(json.dumps(content))
        return name


@contextmanager
def jupyterlab(folder: Path) -> Iterator[Lab]:
    """A JupyterLab as `make notebook` starts it, with settings of its own."""
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = Lab(port, secrets.token_hex(8), notebooks)
    own = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}"),
        *(f"--ServerApp.root_dir={notebooks}", f"--IdentityProvider.token={lab.token}", "--ServerApp.port_retries=0"),
        *("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"),
        "--LabApp.expose_app_in_browser=True",
    ]
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **own, "PYTHONPATH": path})
        try:
            until_it_answers(lab, server, folder / "lab.log")
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def until_it_answers(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the server."""
    end = time.monotonic() + LONG
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{lab.port}/api?token={lab.token}", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def open_and_run(window: Browser, lab: Lab, notebook: str) -> None:
    """Open a notebook in JupyterLab and run all its cells, up to the last one's end."""
    window.driver.get(lab.address(notebook))
    window.ask("the notebook and its kernel", READY)
    window.run(
        "window.ran = false; window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { ran = true; })"
    )
    window.ask("the end of the last cell", "return window.ran")


def run_again(window: Browser, *cells: int) -> None:
    """Run some cells again, one after the other."""
    for cell in cells:
        window.run("window.jupyterapp.shell.currentWidget.content.activeCellIndex = arguments[0]", cell)
        window.run(
            "window.ran = false; window.jupyterapp.commands.execute('notebook:run-cell').then(() => { ran = true; })"
        )
        window.ask("the end of a cell", "return window.ran")


READY = """
    const panel = window.jupyterapp?.shell.currentWidget;
    return panel?.content?.model && panel.sessionContext?.session?.kernel?.status === 'idle';
"""
CELLS = "return window.jupyterapp.shell.currentWidget.content.widgets.length"
SHOW = """
    const content = window.jupyterapp.shell.currentWidget.content;
    content.activeCellIndex = arguments[0];
    return content.scrollToItem(arguments[0], 'start');
"""
SHOWN = """
    const { node, model } = window.jupyterapp.shell.currentWidget.content.widgets[arguments[0]];
    const outputs = model.type === 'code' ? model.outputs.toJSON() : [];
    return {
        connected: node.isConnected,
        errors: outputs.filter((o) => o.output_type === 'error' || o.name === 'stderr').map((o) => o.evalue ?? o.text),
        wanted: outputs.filter((o) => String(o.data?.['text/html'] ?? '').includes('toolkitEmbed')).length,
        drawn: [...node.querySelectorAll('svg.marks')].filter((svg) => svg.getBoundingClientRect().width > 50).length,
        widgets: outputs.filter((o) => o.data?.['application/vnd.jupyter.widget-view+json']).length,
        opened: node.querySelectorAll('.tkp-bar, .tkp-cards').length,
        maths: node.querySelectorAll('mjx-container').length,
        text: node.textContent,
    };
"""
