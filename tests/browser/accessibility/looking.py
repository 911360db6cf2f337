"""What must hold on every page, whatever it is about."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.browser.conftest import PHONE, WIDE, Visit

# Puts the focus on everything that can have it, as keys would, and names what does not show it.
# A link that fills its row shows the focus on the row.
WITHOUT_FOCUS_RING = """() => {
  const shown = ({ outlineStyle, outlineWidth }) =>
    outlineStyle === "auto" || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
  const faults = [];
  for (const element of document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    if (!element.getClientRects().length || element.matches(":disabled, [tabindex='-1']")) continue;
    element.focus();
    if (document.activeElement !== element) continue;
    const rings = [getComputedStyle(element), getComputedStyle(element, "::after")];
    if (!rings.some(shown)) faults.push(element.outerHTML.slice(0, 120));
  }
  return faults;
}"""

# What reaches over an edge of the window, the innermost elements only.
OVER_THE_EDGE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= innerWidth) return [];
  const over = [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1);
  });
  const holds = (outer, inner) => outer !== inner && outer.contains(inner);
  const innermost = over.filter((element) => !over.some((other) => holds(element, other)));
  const found = innermost.slice(0, 3).map((element) => element.outerHTML.slice(0, 160));
  return [`${root.scrollWidth} wide`, ...found];
}"""


def faults_by_day(visited: Visit) -> list[str]:
    """What is wrong with the open page on a wide screen, and what does not fit on a phone."""
    page = visited.page
    _show(visited, WIDE, "light")
    faults = [f"light: {fault}" for fault in visited.violations()]
    faults += [f"wide: {fault}" for fault in page.evaluate(OVER_THE_EDGE)]
    if page.locator("h1").count() != 1:
        faults.append(f"{page.locator('h1').count()} headings of the first level")
    if not page.title().strip(" ·"):
        faults.append("no title")
    page.keyboard.press("Tab")
    faults += [f"no focus ring: {fault}" for fault in page.evaluate(WITHOUT_FOCUS_RING)]
    _show(visited, PHONE, "light")
    faults += [f"phone: {fault}" for fault in page.evaluate(OVER_THE_EDGE)]
    return _named(page, faults)


def faults_by_night(visited: Visit, *, colours_only: bool = False) -> list[str]:
    """What is wrong with the open page on a phone in dark colours; where axe, which takes longer
    than all else, has seen by day what the page is made of, only the colours are new."""
    page = visited.page
    _show(visited, PHONE, "dark")
    faults = [f"dark: {fault}" for fault in visited.violations(colours_only=colours_only)]
    faults += [f"phone: {fault}" for fault in page.evaluate(OVER_THE_EDGE)]
    return _named(page, faults)


def _named(page: Page, faults: list[str]) -> list[str]:
    path = urlsplit(page.url)._replace(scheme="", netloc="").geturl()
    return [f"{path} {fault}" for fault in faults]


def _show(visited: Visit, screen: dict[str, int], theme: str) -> None:
    width, height = screen["width"], screen["height"]
    if visited.page.viewport_size != {"width": width, "height": height}:
        visited.page.set_viewport_size({"width": width, "height": height})
    visited.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
