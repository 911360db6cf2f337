"""Rules that every template, style sheet and script keeps."""

import re
from pathlib import Path

import pytest

from booking.assets import icons

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "static" / "src"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# A letter brings its styles along: mail programs fetch none. Its preview has a policy of its own.
PAGES = [path for path in TEMPLATES if path.parent.name != "messages"]
STYLE_SHEETS = sorted((SOURCE / "css").glob("*.css"))
SCRIPTS = sorted((SOURCE / "js").glob("*.js"))

PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)"
    r"|left|right)(?:-[a-z]+)*\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)"
    r"|to (?:left|right)"
    r"|(?<![\w-])(?:width|height|min-width|max-height|min-height)\s*:"
)
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TEMPLATE_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _rules(path: Path) -> list[tuple[str, str]]:
    found = RULE.findall(COMMENT.sub("", _text(path)))
    return [(selector.strip(), body) for selector, body in found]


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", STYLE_SHEETS, ids=_named)
def test_layout_follows_the_reading_direction(path: Path) -> None:
    rules = _rules(path)
    mirrored = {
        selector.replace('[dir="rtl"] ', "") for selector, _ in rules if "[dir=" in selector
    }
    for selector, body in rules:
        has_a_pair = '[dir="rtl"]' in selector or selector in mirrored
        assert has_a_pair or not PHYSICAL.search(body), f"{selector} {{{body}}}"


@pytest.mark.parametrize("path", STYLE_SHEETS, ids=_named)
def test_text_is_never_made_paler_by_opacity(path: Path) -> None:
    assert re.findall(r"opacity:\s*([\d.]+)", _text(path)) in ([], ["1"])


@pytest.mark.parametrize("path", STYLE_SHEETS, ids=_named)
def test_nothing_moves_for_readers_who_asked_for_calm(path: Path) -> None:
    sheet = COMMENT.sub("", _text(path))
    calm = sheet.split("@media (prefers-reduced-motion: no-preference)")[0]
    assert not re.search(r"(transition|animation)\s*:", calm)


@pytest.mark.parametrize("path", STYLE_SHEETS, ids=_named)
def test_colours_are_tokens(path: Path) -> None:
    if path.name not in {"tokens.css", "print.css"}:
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", COMMENT.sub("", _text(path)))


def test_letter_sizes_are_relative_and_never_under_eleven_pixels() -> None:
    sizes = re.findall(r"--text-[\w-]+: ([\d.]+)(\w+);", _text(SOURCE / "css" / "tokens.css"))
    assert sizes
    assert all(unit == "rem" and float(size) * 16 >= 11 for size, unit in sizes)
    for path in STYLE_SHEETS:
        assert not re.search(r"font(-size)?:[^;}]*\d(px|pt)", _text(path)), path.name


@pytest.mark.parametrize("path", PAGES, ids=_named)
def test_templates_keep_the_content_security_policy(path: Path) -> None:
    template = TEMPLATE_COMMENT.sub("", _text(path))
    assert not re.search(r"\sstyle\s*=|<style|javascript:|\son[a-z]+\s*=\s*[\"']", template)
    for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", template, re.DOTALL):
        assert "src=" in attributes
        assert not content.strip()


@pytest.mark.parametrize("path", TEMPLATES, ids=_named)
def test_templates_trust_autoescape_alone(path: Path) -> None:
    template = TEMPLATE_COMMENT.sub("", _text(path))
    assert not re.search(r"\|\s*safe\b|Markup|autoescape", template)


@pytest.mark.parametrize("path", SCRIPTS, ids=_named)
def test_scripts_keep_the_content_security_policy_and_no_clock(path: Path) -> None:
    assert not re.search(r"\beval\(|new Function|\bIntl\b|new Date|Date\.", _text(path))


# Icons named in Python travel to templates as values; the browser journeys see those.
ICON_CALL = re.compile(
    r"\bicon\(\"([a-z0-9-]+)\"\)"
    r"|icon-((?!name\b)[a-z][a-z0-9-]*)\b(?!\s*\{\{)"
    r"|(?:link_button|post_button|button)\([^)]*?,\s*\"([a-z0-9-]+)\""
    r"|url_for\([^()]*\), \"([a-z]+(?:-[a-z0-9]+)+)\""
    r"|empty_state\(\"([a-z0-9-]+)\""
    r"|(?:action_icon|confirm_icon|icon_name)=\"([a-z0-9-]+)\""
)


def test_every_icon_named_in_templates_and_style_sheets_is_listed() -> None:
    listed = {icon.name for icon in icons.listed(SOURCE / "icons.txt")}
    for path in (*TEMPLATES, *STYLE_SHEETS):
        text = TEMPLATE_COMMENT.sub("", COMMENT.sub("", _text(path)))
        named = {next(filter(None, found)) for found in ICON_CALL.findall(text)}
        kinds = {"default", "primary", "ghost", "danger"}
        unknown = {name for name in named if name not in listed | kinds}
        assert not unknown, f"{_named(path)}: {sorted(unknown)}"


def test_every_listed_icon_exists_in_the_package_and_is_listed_once() -> None:
    listed = icons.listed(SOURCE / "icons.txt")
    assert len({icon.name for icon in listed}) == len(listed)
    addresses = icons.data_addresses(listed)
    assert all(address.startswith("data:image/svg+xml,") for address in addresses.values())
    assert not any(letter in address for address in addresses.values() for letter in '<>"#')
