"""What must hold on every page, whatever it is about."""

from __future__ import annotations

from collections.abc import Collection

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


def faults_of(
    visited: Visit, themes: Collection[str] = ("light", "dark"), *, colours_only: bool = False
) -> list[str]:
    """What is wrong with the open page: by day on a wide screen, then by night on a phone.

    axe, which takes longer than all else, looks at these themes only, and where it has seen what
    the page is made of elsewhere, at its colours only.
    """
    page = visited.page
    _show(visited, WIDE, "light")
    faults = [f"light: {fault}" for fault in _violations(visited, "light", themes, colours_only)]
    faults += [f"wide: {fault}" for fault in page.evaluate(OVER_THE_EDGE)]
    if page.locator("h1").count() != 1:
        faults.append(f"{page.locator('h1').count()} headings of the first level")
    if not page.title().strip(" ·"):
        faults.append("no title")
    page.keyboard.press("Tab")
    faults += [f"no focus ring: {fault}" for fault in page.evaluate(WITHOUT_FOCUS_RING)]
    _show(visited, PHONE, "dark")
    faults += [f"dark: {fault}" for fault in _violations(visited, "dark", themes, colours_only)]
    faults += [f"phone: {fault}" for fault in page.evaluate(OVER_THE_EDGE)]
    return [f"{page.url.removeprefix(visited.address)} {fault}" for fault in faults]


def _violations(
    visited: Visit, theme: str, themes: Collection[str], colours_only: bool
) -> list[str]:
    return visited.violations(colours_only=colours_only) if theme in themes else []


def _show(visited: Visit, screen: dict[str, int], theme: str) -> None:
    visited.page.set_viewport_size({"width": screen["width"], "height": screen["height"]})
    visited.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
