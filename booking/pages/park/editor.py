"""The pages of one kind of thing that operators describe: new, edit, delete, all alike.

A form carries the mark of what it showed. Where somebody else was faster it comes back with what
was typed, beside what is stored now, and saving again is a decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from booking.core import ids, web
from booking.core.errors import FixedError, InUseError, InvalidError, OutdatedError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.web import acts, current_actor
from booking.pages.park.forms import DraftForm
from booking.spaces.drafts import Draft, Stored

FROM_ADDRESS = ("building", "floor", "area")  # where a new one belongs

AnyDraft = TypeVar("AnyDraft", bound=Draft)
Key = Any  # Any: a number, or the public id of a resource
Words = Callable[[], str]  # in the reader's language


@dataclass(frozen=True)
class Change:
    """A field that somebody else has changed, and what stands there now."""

    label: str
    now: str


@dataclass(frozen=True)
class Texts:
    """What the pages say."""

    new: Words
    edit: Words
    added: Words
    changed: Words
    removed: Words
    in_use: Words  # why it cannot be deleted, and what to do instead


@dataclass(frozen=True)
class Editor(Generic[AnyDraft]):
    """How one kind of thing is read, written and shown."""

    name: str  # of its endpoints: new_<name>, edit_<name>, …
    path: str
    form: type[DraftForm[AnyDraft]]
    texts: Texts
    read: Callable[[Key], Stored[AnyDraft]]
    add: Callable[[Actor, AnyDraft], Key]
    change: Callable[[Actor, Key, AnyDraft, str], None]
    remove: Callable[[Actor, Key], None]
    list_url: Callable[[], str]
    new_form: type[DraftForm[AnyDraft]] | None = None
    choices: Callable[[DraftForm[AnyDraft]], None] = lambda form: None
    blank: Callable[[], dict[str, object]] = dict  # what a new form begins with
    after_adding: Callable[[Key, AnyDraft], str] | None = None  # where to go; else the list
    after_changing: Callable[[Key], str] | None = None
    title: Callable[[AnyDraft], str] = lambda draft: ""
    # What stands beside the form: by what is stored, if anything, and what was typed, if readable.
    beside: Callable[[Stored[AnyDraft] | None, AnyDraft | None], dict[str, object]] = (
        lambda stored, typed: {}
    )
    template: str = "park/form.html"
    converter: str = "int"
    has_preview: bool = False


def register(blueprint: Blueprint, editor: Editor[AnyDraft]) -> None:
    """Give the blueprint the routes of these pages."""
    pages = _Pages(editor)
    one = f"{editor.path}/<{editor.converter}:key>"
    routes: Iterable[tuple[str, str, str, Callable[..., ResponseReturnValue]]] = (
        (f"{editor.path}/new", f"new_{editor.name}", "GET", pages.new),
        (f"{editor.path}/new", f"add_{editor.name}", "POST", pages.add),
        (one, f"edit_{editor.name}", "GET", pages.edit),
        (one, f"change_{editor.name}", "POST", pages.change),
        (f"{one}/remove", f"ask_remove_{editor.name}", "GET", pages.ask_remove),
        (f"{one}/remove", f"remove_{editor.name}", "POST", pages.remove),
    )
    for rule, endpoint, method, view in routes:
        blueprint.add_url_rule(
            rule, endpoint, acts(Action.OPERATE)(_named(view, endpoint)), methods=[method]
        )


def _named(
    view: Callable[..., ResponseReturnValue], name: str
) -> Callable[..., ResponseReturnValue]:
    """A function of its own for each route: the action is noted on it."""

    def call(**values: object) -> ResponseReturnValue:
        return view(**values)

    call.__name__ = name
    call.__doc__ = view.__doc__
    return call


def changes_of(
    form: DraftForm[Any], current: DraftForm[Any], error: OutdatedError
) -> list[Change]:  # Any: two forms about the same
    """The fields that somebody else has changed, with what stands there now."""
    names = [field for name in error.fields for field in form.fields_of(name) if field in form]
    return [
        Change(str(form[name].label.text), current.in_words(name))
        for name in names
        if form.in_words(name) != current.in_words(name)
    ]


class _Pages(Generic[AnyDraft]):
    def __init__(self, editor: Editor[AnyDraft]) -> None:
        self._editor = editor

    def new(self) -> ResponseReturnValue:
        """The form for a new one; the address may fill in where it belongs."""
        form_type = self._editor.new_form or self._editor.form
        asked = {name: request.args[name] for name in FROM_ADDRESS if name in request.args}
        form = form_type(formdata=None, **self._editor.blank() | asked).offer()
        return self._page(form, None)

    def add(self) -> ResponseReturnValue:
        """Add what was typed."""
        form = (self._editor.new_form or self._editor.form)().offer()
        draft = self._draft(form)
        if draft is None:
            return self._page(form, None), 422
        if self._is_preview():
            return self._preview(form, None, draft)
        actor = current_actor()

        def act() -> Answer:
            key = self._editor.add(actor, draft)
            after = self._editor.after_adding
            return Answer(303, after(key, draft) if after else self._editor.list_url())

        try:
            answer = web.once_for_form(actor, form.idempotency_key.data, act)
        except InvalidError as error:
            form.show(error)
            return self._page(form, None), 422
        flash(self._editor.texts.added(), "ok")
        return redirect(answer.location, 303)  # nosemgrep: redirect-elsewhere

    def edit(self, key: Key) -> ResponseReturnValue:
        """The form for one there is."""
        stored = self._read(key)
        return self._page(self._editor.form.showing(stored.draft), stored, typed=stored.draft)

    def change(self, key: Key) -> ResponseReturnValue:
        """Store what was typed, unless somebody else was faster."""
        stored = self._read(key)
        form = self._editor.form().offer()
        draft = self._draft(form)
        if draft is None:
            return self._page(form, stored), 422
        if self._is_preview():
            return self._preview(form, stored, draft)
        try:
            self._editor.change(current_actor(), _plain(key), draft, form.seen.data or "")
        except InvalidError as error:
            form.show(error)
            return self._page(form, stored, typed=draft), 422
        except OutdatedError as error:
            return self._outdated(form, self._read(key), draft, error), 409
        flash(self._editor.texts.changed(), "ok")
        after = self._editor.after_changing
        address = after(_plain(key)) if after else self._editor.list_url()
        return redirect(address, 303)  # nosemgrep: redirect-elsewhere

    def ask_remove(self, key: Key) -> ResponseReturnValue:
        """Are you sure?"""
        stored = self._read(key)
        return self._remove_page(stored)

    def remove(self, key: Key) -> ResponseReturnValue:
        """Delete it, unless something refers to it."""
        stored = self._read(key)
        try:
            self._editor.remove(current_actor(), _plain(key))
        except (InUseError, FixedError):
            return self._remove_page(stored, refusal=self._editor.texts.in_use()), 409
        flash(self._editor.texts.removed(), "ok")
        return redirect(self._editor.list_url(), 303)  # nosemgrep: redirect-elsewhere

    def _read(self, key: Key) -> Stored[AnyDraft]:
        return self._editor.read(_plain(key))

    def _draft(self, form: DraftForm[AnyDraft]) -> AnyDraft | None:
        """What was typed; None where some of it cannot be read, which then stands in the form."""
        if not form.validate():
            return None
        try:
            return form.to_draft()
        except InvalidError as error:
            form.show(error)
            return None

    def _is_preview(self) -> bool:
        return self._editor.has_preview and "preview" in request.form

    def _preview(
        self, form: DraftForm[AnyDraft], stored: Stored[AnyDraft] | None, draft: AnyDraft
    ) -> ResponseReturnValue:
        """What the change would do; nothing is stored."""
        try:
            return self._page(form, stored, typed=draft)
        except InvalidError as error:
            form.show(error)
            return self._page(form, stored), 422

    def _outdated(
        self,
        form: DraftForm[AnyDraft],
        stored: Stored[AnyDraft],
        typed: AnyDraft,
        error: OutdatedError,
    ) -> str:
        """What was typed beside what is stored now; saved again, it replaces that."""
        current = self._editor.form.showing(stored.draft)
        self._editor.choices(current)
        changes = changes_of(form, current, error)
        return self._page(form, stored, typed=typed, changes=changes, seen=error.current)

    def _page(
        self,
        form: DraftForm[AnyDraft],
        stored: Stored[AnyDraft] | None,
        *,
        typed: AnyDraft | None = None,
        changes: Iterable[Change] = (),
        seen: str | None = None,
    ) -> str:
        self._editor.choices(form)
        form.seen.data = seen or form.seen.data or (stored.mark if stored else "")
        form.idempotency_key.data = form.idempotency_key.data or ids.new_public_id()
        texts = self._editor.texts
        return render_template(
            self._editor.template,
            page_title=texts.edit() if stored else texts.new(),
            subject=self._editor.title(stored.draft) if stored else "",
            form=form,
            stored=stored,
            changes=list(changes),
            list_url=self._editor.list_url(),
            remove_url=f"{request.path.removesuffix('/remove')}/remove" if stored else None,
            has_preview=self._editor.has_preview,
            **self._editor.beside(stored, typed),
        )

    def _remove_page(self, stored: Stored[AnyDraft], refusal: str = "") -> str:
        return render_template(
            "park/remove.html",
            page_title=_("Delete"),
            subject=self._editor.title(stored.draft),
            refusal=refusal,
            back_url=request.path.removesuffix("/remove"),
        )


def _plain(key: Key) -> Key:
    return str(key) if isinstance(key, UUID) else key
