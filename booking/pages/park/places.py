"""The operator's pages of the site, its buildings, floors and areas, of kinds and of features."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import listing
from booking.core.errors import InvalidError, OutdatedError
from booking.core.i18n import _, locale, name_in, ngettext
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages.park.editor import Change, Editor, Texts, changes_of, register
from booking.pages.park.forms import (
    AreaForm,
    BuildingForm,
    DraftForm,
    FeatureForm,
    FloorForm,
    KindForm,
    SiteForm,
)
from booking.reservations import ahead
from booking.spaces import inventory, service
from booking.spaces.drafts import (
    AreaDraft,
    BuildingDraft,
    FeatureDraft,
    FloorDraft,
    KindDraft,
    Stored,
)

BUILDINGS_A_PAGE = 20
LINES_A_PAGE = 100

blueprint = Blueprint("places", __name__)


# --- the site ---


@blueprint.get("/site")
@acts(Action.OPERATE)
def site() -> ResponseReturnValue:
    """What is said about the site."""
    return _site_page(SiteForm.showing(inventory.site().draft))


@blueprint.post("/site")
@acts(Action.OPERATE)
def change_site() -> ResponseReturnValue:
    """Store what was typed; the country only while nobody has booked."""
    has_reservations = ahead.has_any()
    form = SiteForm().offer().keep(inventory.site().draft, has_reservations=has_reservations)
    if not form.validate():
        return _site_page(form), 422
    try:
        service.change_site(
            current_actor(),
            form.to_draft(),
            has_reservations=has_reservations,
            seen=form.seen.data or "",
        )
    except InvalidError as error:
        form.show(error)
        return _site_page(form), 422
    except OutdatedError as error:
        current = SiteForm.showing(inventory.site().draft)
        changes = changes_of(form, current, error)
        form.seen.data = error.current
        return _site_page(form, changes), 409
    flash(_("The site has been changed."), "ok")
    return redirect(url_for("park.show"), 303)


def _site_page(form: SiteForm, changes: list[Change] | None = None) -> str:
    stored, has_reservations = inventory.site(), ahead.has_any()
    form.keep(stored.draft, has_reservations=has_reservations)
    form.seen.data = form.seen.data or stored.mark
    return render_template(
        "park/site.html",
        page_title=_("Site"),
        form=form,
        kept=stored.draft,
        country_name=locale().territories.get(stored.draft.country, stored.draft.country),
        has_reservations=has_reservations,
        changes=changes or [],
        list_url=url_for("park.show"),
    )


# --- buildings, floors, areas ---


@dataclass(frozen=True)
class FloorLine:
    """A floor with its areas."""

    stored: Stored[FloorDraft]
    areas: list[Stored[AreaDraft]]


@dataclass(frozen=True)
class BuildingCard:
    """A building with its floors."""

    stored: Stored[BuildingDraft]
    floors: list[FloorLine]


@blueprint.get("/buildings")
@acts(Action.OPERATE)
def buildings() -> ResponseReturnValue:
    """Buildings with their floors and areas, in four statements however many there are."""
    after = listing.page_from(request.args.get("after"))
    found = inventory.buildings((after, BUILDINGS_A_PAGE + 1))
    shown = found[:BUILDINGS_A_PAGE]
    more = url_for(".buildings", after=shown[-1].key) if len(found) > len(shown) else None
    return render_template(
        "park/buildings.html",
        page_title=_("Buildings"),
        cards=_cards(shown),
        first_url=url_for(".buildings") if after else None,
        more_url=more,
    )


def _cards(shown: list[Stored[BuildingDraft]]) -> list[BuildingCard]:
    codes = [one.draft.code for one in shown]
    floors = inventory.floors_of(codes)
    areas: dict[int, list[Stored[AreaDraft]]] = defaultdict(list)
    for area in inventory.areas_of([floor.key for floor in floors]):
        areas[area.draft.floor].append(area)
    lines: dict[str, list[FloorLine]] = defaultdict(list)
    for floor in floors:
        lines[floor.draft.building].append(FloorLine(floor, areas[floor.key]))
    return [BuildingCard(one, lines[one.draft.code]) for one in shown]


def _buildings_url() -> str:
    return url_for("park.places.buildings")


def _called(draft: BuildingDraft | AreaDraft | KindDraft | FeatureDraft) -> str:
    return f"{name_in(draft.names)} ({draft.code})"


def _offer_buildings(form: DraftForm[FloorDraft]) -> None:
    assert isinstance(form, FloorForm)
    form.building.choices = [
        (one.draft.code, f"{one.draft.code} · {name_in(one.draft.names)}")
        for one in inventory.buildings()
    ]


def _offer_floors(form: DraftForm[AreaDraft]) -> None:
    assert isinstance(form, AreaForm)
    form.floor.choices = [
        (one.key, f"{one.draft.building} · {name_in(one.draft.names)}")
        for one in inventory.floors()
    ]


register(
    blueprint,
    Editor(
        name="building",
        path="/buildings",
        form=BuildingForm,
        texts=Texts(
            new=lambda: _("New building"),
            edit=lambda: _("Building"),
            added=lambda: _("The building is there. Now one of its floors."),
            changed=lambda: _("The building has been changed."),
            removed=lambda: _("The building has been deleted."),
            in_use=lambda: _("This building has floors. Delete them first."),
        ),
        read=inventory.building,
        add=service.add_building,
        change=service.change_building,
        remove=service.remove_building,
        list_url=_buildings_url,
        after_adding=lambda key, draft: url_for("park.places.new_floor", building=draft.code),
        title=_called,
    ),
)
register(
    blueprint,
    Editor(
        name="floor",
        path="/floors",
        form=FloorForm,
        texts=Texts(
            new=lambda: _("New floor"),
            edit=lambda: _("Floor"),
            added=lambda: _("The floor is there. Now one of its areas."),
            changed=lambda: _("The floor has been changed."),
            removed=lambda: _("The floor has been deleted."),
            in_use=lambda: _("This floor has areas. Delete them first."),
        ),
        read=inventory.floor,
        add=service.add_floor,
        change=service.change_floor,
        remove=service.remove_floor,
        list_url=_buildings_url,
        choices=_offer_buildings,
        after_adding=lambda key, draft: url_for("park.places.new_area", floor=key),
        title=lambda draft: f"{draft.building}, {name_in(draft.names)}",
    ),
)
register(
    blueprint,
    Editor(
        name="area",
        path="/areas",
        form=AreaForm,
        texts=Texts(
            new=lambda: _("New area"),
            edit=lambda: _("Area"),
            added=lambda: _("The area is there. Now its spaces."),
            changed=lambda: _("The area has been changed."),
            removed=lambda: _("The area has been deleted."),
            in_use=lambda: _("This area has spaces. Move or delete them first."),
        ),
        read=inventory.area,
        add=service.add_area,
        change=service.change_area,
        remove=service.remove_area,
        list_url=_buildings_url,
        choices=_offer_floors,
        after_adding=lambda key, draft: url_for("park.resources.new_resource", area=draft.code),
        title=_called,
    ),
)


# --- kinds and features ---


@dataclass(frozen=True)
class Line:
    """One line of a plain list."""

    url: str
    icon: str
    title: str
    code: str
    detail: str


@blueprint.get("/kinds")
@acts(Action.OPERATE)
def kinds() -> ResponseReturnValue:
    """The kinds of resources."""
    return _list_page(
        inventory.kinds,
        "kind",
        _("Kinds of spaces"),
        _("New kind"),
        _("There is no kind of space yet."),
    )


@blueprint.get("/features")
@acts(Action.OPERATE)
def features() -> ResponseReturnValue:
    """The features resources can have."""
    return _list_page(
        inventory.features,
        "feature",
        _("Features"),
        _("New feature"),
        _("Features are what people look for: a projector, a window, step-free access."),
    )


def _list_page(read: Any, name: str, title: str, new: str, nothing: str) -> str:
    # Any: kinds and features are read alike
    after = listing.page_from(request.args.get("after"))
    found = read((after, LINES_A_PAGE + 1))
    shown = found[:LINES_A_PAGE]
    endpoint = request.endpoint or ""
    return render_template(
        "park/list.html",
        page_title=title,
        lines=[_line(one, f"park.places.edit_{name}") for one in shown],
        new_url=url_for(f"park.places.new_{name}"),
        new_label=new,
        nothing=nothing,
        first_url=url_for(endpoint) if after else None,
        more_url=url_for(endpoint, after=shown[-1].key) if len(found) > len(shown) else None,
    )


def _line(one: Stored[Any], endpoint: str) -> Line:  # Any: a kind or a feature
    return Line(
        url_for(endpoint, key=one.key),
        one.draft.icon,
        name_in(one.draft.names),
        one.draft.code,
        spaces_counted(one.uses),
    )


def spaces_counted(number: int) -> str:
    """«12 spaces»."""
    if not number:
        return _("No space yet")
    return ngettext("%(num)s space", "%(num)s spaces", number)


register(
    blueprint,
    Editor(
        name="kind",
        path="/kinds",
        form=KindForm,
        texts=Texts(
            new=lambda: _("New kind"),
            edit=lambda: _("Kind of space"),
            added=lambda: _("The kind is there."),
            changed=lambda: _("The kind has been changed."),
            removed=lambda: _("The kind has been deleted."),
            in_use=lambda: _("Spaces are of this kind. Give them another kind first."),
        ),
        read=inventory.kind,
        add=service.add_kind,
        change=service.change_kind,
        remove=service.remove_kind,
        list_url=lambda: url_for("park.places.kinds"),
        title=_called,
    ),
)
register(
    blueprint,
    Editor(
        name="feature",
        path="/features",
        form=FeatureForm,
        texts=Texts(
            new=lambda: _("New feature"),
            edit=lambda: _("Feature"),
            added=lambda: _("The feature is there. Spaces get it on their own pages."),
            changed=lambda: _("The feature has been changed."),
            removed=lambda: _("The feature has been deleted."),
            in_use=lambda: _("Spaces have this feature. Take it from them first."),
        ),
        read=inventory.feature,
        add=service.add_feature,
        change=service.change_feature,
        remove=service.remove_feature,
        list_url=lambda: url_for("park.places.features"),
        title=_called,
    ),
)
