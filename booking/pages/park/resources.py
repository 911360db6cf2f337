"""The operator's pages of resources: finding them, describing one or many, photos, retiring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from booking.core import listing
from booking.core.errors import InvalidError, OutdatedError, RefusedError
from booking.core.fingerprints import fingerprint
from booking.core.i18n import _, name_in, ngettext
from booking.core.layout_texts import layout_in_words
from booking.core.permissions import Action, Actor
from booking.core.refusal_texts import linked_in_the_way
from booking.core.refusals import Refusal
from booking.core.texts import plain
from booking.core.web import accepts, acts, current_actor
from booking.pages.park.editor import Editor, Texts, register
from booking.pages.park.forms import (
    DraftForm,
    NewResourcesForm,
    PartsForm,
    PhotoForm,
    ResourceForm,
)
from booking.pages.park.places import spaces_counted
from booking.policies import queries as policies
from booking.policies.facts import Place
from booking.reservations import ahead, linking, pooling
from booking.spaces import inventory, numbering, photos, pictures, service
from booking.spaces.drafts import ResourceDraft, Stored
from booking.spaces.inventory import StoredResource, Wanted

LINES_A_PAGE = 50
UPLOAD_LIMIT = pictures.MOST_BYTES + 1024 * 1024  # room enough to say that a picture is too large
ASKED = ("text", "building", "kind", "policy", "hours", "state")
STATES = ("in_use", "out_of_order", "retired", "all")

blueprint = Blueprint("resources", __name__, url_prefix="/resources")


@dataclass(frozen=True)
class Filter:
    """One select above the list."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


@blueprint.get("")
@acts(Action.OPERATE)
def index() -> ResponseReturnValue:
    """The resources that are wanted, by code, page by page."""
    wanted = _wanted()
    page = max(1, listing.page_from(request.args.get("page")))
    lines, total = inventory.resources(wanted, first=(page - 1) * LINES_A_PAGE, count=LINES_A_PAGE)
    asked: dict[str, Any] = {  # Any: what url_for takes
        name: value for name, value in request.args.items() if name in ASKED and value
    }
    return render_template(
        "park/resources.html",
        page_title=_("Spaces"),
        lines=lines,
        counted=spaces_counted(total),
        text=wanted.text,
        filters=_filters(wanted),
        is_filtered=bool(asked),
        is_empty=not total and not asked,
        newer_url=url_for(".index", **asked, page=page - 1) if page > 1 else None,
        older_url=(
            url_for(".index", **asked, page=page + 1) if page * LINES_A_PAGE < total else None
        ),
    )


def _wanted() -> Wanted:
    """What the address asks for; what it cannot mean is left out."""
    asked = {name: plain(request.args.get(name, "")) for name in ("text", "building", "kind")}
    state = request.args.get("state", "")
    return Wanted(
        **asked,
        policy=listing.page_from(request.args.get("policy")) or None,
        hours=listing.page_from(request.args.get("hours")) or None,
        state=state if state in STATES else "in_use",
    )


def _filters(wanted: Wanted) -> list[Filter]:
    every = ("", _("All"))
    buildings = [(one.draft.code, name_in(one.draft.names)) for one in inventory.buildings()]
    kinds = [(one.draft.code, name_in(one.draft.names)) for one in inventory.kinds()]
    states = [
        ("in_use", _("In use")),
        ("out_of_order", _("Out of order")),
        ("retired", _("Retired")),
        ("all", _("All")),
    ]
    return [
        Filter("building", _("Building"), [every, *buildings], wanted.building),
        Filter("kind", _("Kind"), [every, *kinds], wanted.kind),
        Filter("state", _("State"), states, wanted.state),
    ]


# --- one resource, or several at once ---


def add_range(actor: Actor, draft: ResourceDraft) -> list[str]:
    """The resources of a code, or of a range of codes."""
    return service.add_resources(actor, numbering.drafts(draft))


def _offer(form: DraftForm[ResourceDraft]) -> None:
    assert isinstance(form, ResourceForm)
    floors = {one.key: one.draft for one in inventory.floors()}
    form.area.choices = [
        (
            one.draft.code,
            " · ".join(
                (
                    floors[one.draft.floor].building,
                    name_in(floors[one.draft.floor].names),
                    name_in(one.draft.names),
                )
            ),
        )
        for one in inventory.areas()
    ]
    form.kind.choices = [(one.draft.code, name_in(one.draft.names)) for one in inventory.kinds()]
    form.features.choices = [
        (one.draft.code, name_in(one.draft.names)) for one in inventory.features()
    ]
    form.policy.choices = [(one.key, name_in(one.draft.names)) for one in policies.policies()]
    form.hours.choices = [(one.key, name_in(one.draft.names)) for one in inventory.hours()]


def _beside(stored: Stored[ResourceDraft] | None, typed: ResourceDraft | None) -> dict[str, object]:
    if not isinstance(stored, StoredResource):
        return {"needs": _needs()}
    return {
        "public_id": stored.public_id,
        "is_retired": stored.retired_at is not None,
        "photos": photos.photos_of([stored.key]).get(stored.key, ()),
        "place": linking.place_of(stored.public_id),
        "wanted_layouts": _wanted_layouts(stored),
    }


def _wanted_layouts(stored: Stored[ResourceDraft]) -> list[str]:
    """Which of the layouts are wanted by what is reserved ahead."""
    return [
        ngettext(
            "%(layout)s: %(num)s reservation ahead",
            "%(layout)s: %(num)s reservations ahead",
            count,
            layout=layout_in_words(kind),
        )
        for kind, count in sorted(ahead.layouts_of(stored.key).items())
    ]


def _needs() -> str:
    """What must be there first, and is not."""
    return "" if inventory.steps().areas else _("A space stands in an area: make one first.")


register(
    blueprint,
    Editor(
        name="resource",
        path="",
        form=ResourceForm,
        new_form=NewResourcesForm,
        texts=Texts(
            new=lambda: _("New spaces"),
            edit=lambda: _("Space"),
            added=lambda: _("Done: they can be booked from now on."),
            changed=lambda: _("The space has been changed."),
            removed=lambda: _("The space has been deleted."),
            in_use=lambda: _(
                "This space has been reserved or somebody looks after it, so it stays in the books."
                " Retire it instead: nobody finds it any more."
            ),
        ),
        read=inventory.resource,
        add=add_range,
        change=pooling.change_resource,
        remove=service.remove_resource,
        list_url=lambda: url_for("park.resources.index"),
        choices=_offer,
        after_changing=lambda key: url_for("park.resources.edit_resource", key=key),
        title=lambda draft: draft.code,
        beside=_beside,
        template="park/resource.html",
        converter="uuid",
    ),
)


# --- what is taken together ---


@blueprint.get("/<uuid:key>/parts")
@acts(Action.OPERATE)
def parts(key: UUID) -> ResponseReturnValue:
    """Which spaces are taken with this one."""
    place = linking.place_of(str(key))
    codes = ", ".join(part.code for part in place.parts)
    seen = fingerprint(linking.parts_of(place))
    return _parts_page(place, PartsForm(formdata=None, parts=codes, seen=seen))


@blueprint.post("/<uuid:key>/parts")
@acts(Action.OPERATE)
def set_parts(key: UUID) -> ResponseReturnValue:
    """Store them; or say what is reserved of them already, and change nothing."""
    form, place = PartsForm(), linking.place_of(str(key))
    try:
        linking.set_parts(current_actor(), str(key), form.codes, form.seen.data)
    except InvalidError as error:
        form.show(error)
        return _parts_page(place, form), 422
    except RefusedError as refused:
        return _parts_page(place, form, refused.refusals), 409
    except OutdatedError as outdated:
        form.seen.raw_data, form.seen.data = None, outdated.current
        return _parts_page(linking.place_of(str(key)), form, is_outdated=True), 409
    flash(_("The links between the spaces have been changed."), "ok")
    return redirect(url_for(".edit_resource", key=key), 303)


def _parts_page(
    place: Place,
    form: PartsForm,
    refusals: Sequence[Refusal] = (),
    *,
    is_outdated: bool = False,
) -> str:
    return render_template(
        "park/parts.html",
        page_title=_("Taken together"),
        place=place,
        form=form,
        reasons=[linked_in_the_way(one) for one in refusals],
        is_outdated=is_outdated,
    )


# --- retiring ---


@blueprint.get("/<uuid:key>/retire")
@acts(Action.OPERATE)
def ask_retire(key: UUID) -> ResponseReturnValue:
    """Are you sure? Says what is still reserved."""
    stored = inventory.resource(str(key))
    count = ahead.count_of(stored.key)
    warning = ""
    if count:
        warning = ngettext(
            "%(num)s reservation lies ahead. It stays until somebody cancels it.",
            "%(num)s reservations lie ahead. They stay until somebody cancels them.",
            count,
        )
    return render_template(
        "park/retire.html", page_title=_("Retire"), stored=stored, warning=warning
    )


@blueprint.post("/<uuid:key>/retire")
@acts(Action.OPERATE)
def retire(key: UUID) -> ResponseReturnValue:
    """Take it out of use."""
    inventory.resource(str(key))
    service.retire_resources(current_actor(), [str(key)])
    flash(_("The space is retired: nobody finds or books it any more."), "ok")
    return redirect(url_for(".edit_resource", key=key), 303)


@blueprint.post("/<uuid:key>/bring-back")
@acts(Action.OPERATE)
def bring_back(key: UUID) -> ResponseReturnValue:
    """Take it into use again."""
    inventory.resource(str(key))
    service.bring_back_resources(current_actor(), [str(key)])
    flash(_("The space is in use again."), "ok")
    return redirect(url_for(".edit_resource", key=key), 303)


# --- photos ---


@blueprint.get("/<uuid:key>/photos")
@acts(Action.OPERATE)
def photo_list(key: UUID) -> ResponseReturnValue:
    """The photos of a resource, and the form for another."""
    return _photos_page(key, PhotoForm(formdata=None))


@blueprint.post("/<uuid:key>/photos")
@acts(Action.OPERATE)
@accepts(UPLOAD_LIMIT)
def add_photo(key: UUID) -> ResponseReturnValue:
    """Add the picture that was sent."""
    form = PhotoForm()
    sent: Any = form.picture.data  # Any: a text where the form was not sent as a file
    data = sent.read() if isinstance(sent, FileStorage) else b""
    try:
        photos.add_photo(current_actor(), str(key), data, form.description.data or {})
    except InvalidError as error:
        form.show(error)
        return _photos_page(key, form), 422
    flash(_("The photo is there."), "ok")
    return redirect(url_for(".photo_list", key=key), 303)


@blueprint.get("/photos/<uuid:photo_id>")
@acts(Action.OPERATE)
def edit_photo(photo_id: UUID) -> ResponseReturnValue:
    """What a photo shows, in words."""
    found = photos.photo(str(photo_id))
    return _photo_page(photo_id, PhotoForm(formdata=None, description=found.description))


@blueprint.post("/photos/<uuid:photo_id>")
@acts(Action.OPERATE)
def describe_photo(photo_id: UUID) -> ResponseReturnValue:
    """Store what it shows."""
    form = PhotoForm()
    try:
        photos.describe_photo(current_actor(), str(photo_id), form.description.data or {})
    except InvalidError as error:
        form.show(error)
        return _photo_page(photo_id, form), 422
    flash(_("The description has been changed."), "ok")
    return _to_photos_of(photo_id)


@blueprint.post("/photos/<uuid:photo_id>/move")
@acts(Action.OPERATE)
def move_photo(photo_id: UUID) -> ResponseReturnValue:
    """Put it at another place in the order."""
    photos.move_photo(current_actor(), str(photo_id), listing.page_from(request.form.get("to")))
    return _to_photos_of(photo_id)


@blueprint.post("/photos/<uuid:photo_id>/delete")
@acts(Action.OPERATE)
def delete_photo(photo_id: UUID) -> ResponseReturnValue:
    """Delete it; the page asked already."""
    answer = _to_photos_of(photo_id)
    photos.delete_photo(current_actor(), str(photo_id))
    flash(_("The photo has been deleted."), "ok")
    return answer


def _to_photos_of(photo_id: UUID) -> ResponseReturnValue:
    resource_id = photos.photo(str(photo_id)).resource_id
    public_id = inventory.public_id_of(resource_id)
    return redirect(url_for("park.resources.photo_list", key=public_id), 303)


def _photos_page(key: UUID, form: PhotoForm) -> str:
    stored = inventory.resource(str(key))
    found = photos.photos_of([stored.key]).get(stored.key, ())
    return render_template(
        "park/photos.html",
        page_title=_("Photos"),
        stored=stored,
        photos=found,
        form=form,
        may_add=len(found) < photos.MOST_PHOTOS,
    )


def _photo_page(photo_id: UUID, form: PhotoForm) -> str:
    found = photos.photo(str(photo_id))
    public_id = inventory.public_id_of(found.resource_id)
    return render_template(
        "park/photo.html",
        page_title=_("Photo"),
        photo=found,
        form=form,
        back_url=url_for("park.resources.photo_list", key=public_id),
    )
