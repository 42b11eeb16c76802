"""Debian's Chromium for tests of pages: opened from disk, without network, watched closely.

Playwright drives it: it refuses requests before they are made, reports what the console says, and
feigns dark mode, paper and phones, where Selenium needs the browser's own protocol for each.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

AXE = Path(__file__).with_name("node_modules") / "axe-core/axe.min.js"
_NO_CHROMIUM = "no Chromium: `apt-get install chromium` brings it"
_NO_AXE = "no axe-core: `make axe` brings it"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Nothing listens there: what the tests do not see can't reach the network either.
    "--proxy-server=127.0.0.1:9",
]
"""Options of Chromium: nothing but the page, and no calls home."""
PHONE_WIDTH = 390
"""Width of a phone, in CSS pixels."""

Scheme = Literal["light", "dark"]


@dataclasses.dataclass(frozen=True)
class OpenPage:
    """A page in the browser.

    Attributes:
        page: The page.
        complaints: What the console said, and errors of scripts.
        requests: Addresses that were asked for, besides the page itself; all were refused.
    """

    page: Page
    complaints: list[str]
    requests: list[str]

    @property
    def overflow_pixels(self) -> int:
        """By how much the page is wider than the window."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def find_violations(self) -> list[str]:
        """List axe-core's serious and critical findings, each with the elements at fault.

        Raises:
            pytest.skip.Exception: If axe-core is not installed.
        """
        if not AXE.is_file():
            give_up(_NO_AXE)
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']})"
        )
        return [
            f"{violation['id']}: {[node['html'][:200] for node in violation['nodes'][:5]]}"
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
        ]


Opener = Callable[..., OpenPage]


def give_up(reason: str) -> None:
    """Skip a test for want of a tool, or fail where all tools have to be there."""
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with an empty profile."""
    path = shutil.which("chromium")
    if path is None:
        give_up(_NO_CHROMIUM)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Opener]:
    """Opens files: ``open_page(path, width=1280, scheme="light")``."""
    contexts = []

    def open_file(path: Path, width: int = 1280, scheme: Scheme = "light") -> OpenPage:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        opened = OpenPage(context.new_page(), [], [])
        _watch(opened, path)
        opened.page.goto(path.as_uri())
        return opened

    yield open_file
    for context in contexts:
        context.close()


def _watch(opened: OpenPage, path: Path) -> None:
    def route(request: Route) -> None:
        if request.request.url == path.as_uri():
            request.continue_()
            return
        opened.requests.append(request.request.url)
        request.abort()

    def note(message: ConsoleMessage) -> None:
        opened.complaints.append(f"{message.type}: {message.text}")

    opened.page.route("**/*", route)
    opened.page.on("console", note)
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
