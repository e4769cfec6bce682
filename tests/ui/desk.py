"""The product with one business on it, and ways to look at its screen in real Chromium."""

from __future__ import annotations

import subprocess
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.support.product import Business, Product

DESKTOP, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)
Theme = Literal["light", "dark"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class Desk:
    """The product with one business on it, and ways to open its screen."""

    def __init__(self, made: Product, business: Business, browser: Browser, helper: subprocess.Popen[str]) -> None:
        self.product, self.business, self.browser = made, business, browser
        self.url = made.url
        self.said: list[str] = []
        self._helper: Any = helper
        self._state: Any = None
        self._open: list[BrowserContext] = []
        self._closing = False

    def path(self, page: str = "receipts") -> str:
        """An address of the business's page."""
        return f"{self.url}/app/b/{self.business.slug}/{page}"

    def context(
        self,
        size: tuple[int, int] = DESKTOP,
        *,
        lang: str = "en",
        theme: Theme = "light",
        signed_in: bool = True,
        **more: Any,
    ) -> BrowserContext:
        """A browser of its own, signed in; whatever its console says is gathered in `said`."""
        if signed_in and self._state is None:
            self._state = self._sign_in()
        phone = size[0] <= 640
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, storage_state=self._state if signed_in else None,
            color_scheme=theme, locale="he-IL" if lang == "he" else "en-GB", has_touch=phone, is_mobile=phone,
            device_scale_factor=2 if phone else 1, reduced_motion="reduce", timezone_id="Asia/Jerusalem", **more,
        )  # fmt: skip
        context.add_init_script(
            f"if (location.origin !== 'null') {{ localStorage['prosaas.lang'] ??= '{lang}'; "
            "localStorage['prosaas.lang.chosen'] ??= '1'; }"
        )
        context.set_default_timeout(60_000)  # patience costs a good run nothing
        context.set_default_navigation_timeout(120_000)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.said.append(f"error: {error.error}"))
        self._open.append(context)
        return context

    def _hear(self, message: ConsoleMessage) -> None:
        if self._closing:
            return  # what a closing window had under way fails, and nobody would see it
        if message.location["url"].startswith(self.url) or not message.location["url"]:  # not Google's page
            self.said.append(f"{message.type}: {message.text} ({message.location['url']})")

    def open(self, page: str = "receipts", size: tuple[int, int] = DESKTOP, **how: Any) -> Page:
        """A page of the business, its list drawn."""
        opened = self.context(size, **how).new_page()
        opened.goto(self.path(page))
        opened.wait_for_selector("#main")
        return opened

    def close(self) -> None:
        """Close what a test has opened."""
        self._closing = True
        for context in self._open:
            context.close()
        self._open.clear()
        self._closing = False

    def order(self, what: str, *arguments: str) -> None:
        """Let the helper process do something to the business's rows: fill, many N, clear, touch."""
        self._helper.stdin.write(f"{' '.join([what, self.business.slug, *arguments])}\n")
        self._helper.stdin.flush()
        assert self._helper.stdout.readline() == "done\n"

    def _sign_in(self) -> Any:
        context = self.browser.new_context()
        page = context.new_page()
        page.goto(self.product.command("user", "add", self.business.email).split()[-1])
        page.wait_for_selector(".side")
        state = {"cookies": context.storage_state()["cookies"], "origins": []}
        context.close()
        return state
