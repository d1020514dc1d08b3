"""A user who has nothing but a keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

MOST_STEPS = 300
HAS_FOCUS = "element => element === document.activeElement"


class Keyboard:
    """Reaches everything in `page` by Tab."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def go_to(self, target: Locator) -> None:
        """Press Tab until an element has the focus. Fails the test if it cannot be reached."""
        expect(target).to_be_visible()
        for _ in range(MOST_STEPS):
            if target.evaluate(HAS_FOCUS):
                return
            self._page.keyboard.press("Tab")
        pytest.fail(f"Tab does not lead to {target}")

    def press(self, target: Locator) -> None:
        """Go to a button or a link, and press Enter."""
        expect(target).to_be_enabled()
        self.go_to(target)
        self._page.keyboard.press("Enter")

    def type(self, target: Locator, text: str) -> None:
        """Go to a field, and type a text in place of what is there."""
        self.go_to(target)
        self._page.keyboard.press("Control+a")
        self._page.keyboard.type(text)

    def jump(self, *keys: str) -> None:
        """Press the keys of a shortcut one after the other."""
        for key in keys:
            self._page.keyboard.press(key)
