"""A browser window in which a person logs in to a site, and the state it ends with.

It connects directly, not through the recording proxy: a login is no evidence, and a password must not
pass the recorder. The window opens the one address the administrator named.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from playwright.sync_api import BrowserContext, StorageState, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from archiver.core.child_environment import child_environment
from archiver.core.errors import SiteLoginFailed
from capture.browser.browser import tokens_hidden
from capture.browser.chromium import find_chromium, launch_flags
from capture.cookies.browser_state import BrowserState, from_storage_state

_LOOK_SECONDS = 0.3
_LOAD_SECONDS = 60.0


def sign_in(url: str, *, browser_path: str, finished: Callable[[], bool], headless: bool = False) -> BrowserState:
    """Show `url` until `finished` says so or the window is closed; all the browser then knows.

    Raises BrowserMissing, and SiteLoginFailed where there is no display, the browser does not start, or the
    page cannot be opened.
    """
    if not headless and not _has_display():
        raise SiteLoginFailed(
            "this machine has no display to show a browser on: log in with a browser elsewhere, export its cookies, "
            "and store them with `archiver session import`"
        )
    executable = find_chromium(browser_path)
    with tokens_hidden():
        playwright = sync_playwright().start()
    try:
        chromium = playwright.chromium.launch(
            executable_path=executable,
            headless=headless,
            args=launch_flags(),
            env=dict[str, str | float | bool](child_environment()),
        )
        context = chromium.new_context(no_viewport=not headless)
        page = context.new_page()
        page.goto(url, timeout=_LOAD_SECONDS * 1000, wait_until="commit")
        return _wait(context, finished)
    except PlaywrightError as error:
        raise SiteLoginFailed(f"{url} could not be shown: {error.message.splitlines()[0]}") from error
    finally:
        playwright.stop()


def _wait(context: BrowserContext, finished: Callable[[], bool]) -> BrowserState:
    """The state when the person is done. A browser that was quit as a whole leaves the cookies last seen."""
    cookies: list[Any] = []
    try:
        while context.pages and not finished():
            cookies = list(context.cookies())  # also lets the library learn that the window was closed
            time.sleep(_LOOK_SECONDS)
        state: StorageState = context.storage_state(indexed_db=True)
    except PlaywrightError:
        return from_storage_state({"cookies": cookies, "origins": []})
    return from_storage_state(cast(Mapping[str, Any], state))


def _has_display() -> bool:
    return not sys.platform.startswith("linux") or any(os.environ.get(key) for key in ("DISPLAY", "WAYLAND_DISPLAY"))
