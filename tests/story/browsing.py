"""A real browser on the console, in a language; texts are looked up by the console's own keys."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isthmus.processes import state
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from running import Running

ROOT = Path(__file__).resolve().parents[2]
# On a machine that does other things, too.
expect.set_options(timeout=30_000)
PASSWORD = "correct horse battery"
LOCALES = {"en": "en-US", "zh": "zh-CN"}


def texts(language: str) -> dict[str, str]:
    files = sorted((ROOT / "console" / "src" / "i18n").glob(f"{language}*.ts"))
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    found = re.findall(r"^\s*'([\w.]+)':\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")", source, flags=re.M | re.S)
    return {key: (one or other).replace("\\'", "'") for key, one, other in found}


@contextmanager
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program is not None, "chromium is not installed: run requirements/system.sh"
    # Without its sandbox it runs as root, too; it opens nothing but the gateway of a test.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


class Console:
    """One signed-in window. What the console logs as an error, and requests to anywhere else, are collected."""

    def __init__(self, browser: Browser, gateway: Running, language: str = "en", scheme: str = "light") -> None:
        self.url = str(gateway.ready["console"])
        self.gateway = gateway
        self.texts = texts(language)
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 1360, "height": 900},
            locale=LOCALES[language],
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._watch(request.url))

    def _watch(self, url: str) -> None:
        inside = url.startswith((self.gateway.ready["management"], "data:", "blob:"))
        if not inside:
            self.errors.append(f"a request to {url}")

    def t(self, key: str, **values: str) -> str:
        text = self.texts[key]
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        return text

    def set_up(self, user: str) -> None:
        link = state.setup_link(self.gateway.state, self.url)
        assert link is not None
        self.page.goto(link)
        self.field("sign.user").fill(user)
        self.page.locator("input[type=password]").fill(PASSWORD)
        self.button("welcome.submit").click()
        self.heading("overview.title").wait_for()

    def sign_in(self, user: str) -> None:
        self.page.goto(self.url)
        self.field("sign.user").fill(user)
        self.page.locator("input[type=password]").fill(PASSWORD)
        self.button("sign.submit").click()
        self.heading("overview.title").wait_for()

    def open(self, path: str) -> None:
        self.page.goto(self.url + path.lstrip("/"))
        self.page.locator("h1").first.wait_for()

    def go(self, key: str) -> None:
        """Through the navigation."""
        self.page.get_by_role("navigation").get_by_role("link", name=self.t(key), exact=True).click()

    def heading(self, key: str, **values: str) -> Locator:
        return self.page.get_by_role("heading", name=self.t(key, **values), exact=True, level=1)

    def button(self, key: str) -> Locator:
        return self.page.get_by_role("button", name=self.t(key), exact=True)

    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def field(self, key: str, within: Locator | None = None) -> Locator:
        """By its label, with or without the mark of a required field."""
        label = re.compile(rf"^{re.escape(self.t(key))}( \*)?$")
        return (within or self.page).get_by_label(label).first

    def choose(self, key: str, option: str, within: Locator | None = None) -> None:
        self.field(key, within).click()
        self.page.get_by_role("option", name=option).first.click()

    def reach(self, target: Locator) -> None:
        """With the Tab key alone."""
        target.first.wait_for()
        element = target.first.element_handle()
        for _ in range(150):
            if self.page.evaluate("one => document.activeElement === one", element):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.reach(target)
        self.page.keyboard.press(key)

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def pick(self, target: Locator, option: str) -> None:
        """From a list that can be searched."""
        self.write(target, option)
        self.page.get_by_role("option", name=option).first.wait_for()
        self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")

    def picture(self, name: str) -> None:
        """Only when somebody asked for pictures."""
        folder = os.environ.get("ISTHMUS_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True, animations="disabled")

    def close(self) -> None:
        self.context.close()
        assert self.errors == []
