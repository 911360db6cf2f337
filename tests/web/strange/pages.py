"""Pages as a program reads them: whether their tags are in order, and the forms they offer."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)
BUTTONS = frozenset({"submit", "button", "reset"})


@dataclass
class Form:
    """One form: where it goes, what it would send, and which of that somebody types or chooses."""

    action: str
    method: str
    enctype: str = ""
    values: dict[str, str] = field(default_factory=dict)
    visible: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """Reads a page; a tag that is not closed in its turn is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self._select = ""
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append(tag)
        self._note(tag, {name: value or "" for name, value in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, {name: value or "" for name, value in attrs})

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")
        if tag == "select":
            self._select = ""

    def _note(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "form":
            method = attributes.get("method", "get").lower()
            enctype = attributes.get("enctype", "")
            self.forms.append(Form(attributes.get("action", ""), method, enctype))
        elif "form" in self._open and self.forms:
            self._field(self.forms[-1], tag, attributes)

    def _field(self, form: Form, tag: str, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        kind = attributes.get("type", "text")
        if tag == "option" and self._select:
            if "selected" in attributes or not form.values[self._select]:
                form.values[self._select] = attributes.get("value", "")
        elif not name or kind in BUTTONS:
            return
        elif tag in ("input", "textarea", "select"):
            if tag == "select":
                self._select = name
            if kind == "file":
                form.files.append(name)
                return
            form.values.setdefault(name, attributes.get("value", "") if tag == "input" else "")
            if kind != "hidden":
                form.visible.append(name)
