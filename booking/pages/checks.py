"""The operator's page of checks: whether the data keeps its promises, and what guards them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from booking.checks import promises
from booking.checks.promises import Finding, Promise
from booking.core import clock, zones
from booking.core.i18n import _, format_clock, ngettext
from booking.core.permissions import Action
from booking.core.web import acts, settings

blueprint = Blueprint("checks", __name__)


@dataclass(frozen=True)
class Line:
    """One promise as the page shows it."""

    label: str
    found: str
    is_kept: bool
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Definition:
    """What the database says it does, in its own words."""

    name: str
    sql: str


@acts(Action.OPERATE)
def verify() -> ResponseReturnValue:
    """Overlaps, orphans, unsent messages, and the guard against overlaps as it stands."""
    report = promises.verify()
    labels = _labels()
    local = zones.to_local(clock.now(), zones.zone(settings().site_zone))
    return render_template(
        "operator/verify.html",
        page_title=_("Checks"),
        lines=[_line(finding, labels[finding.promise]) for finding in report.findings],
        over_quota=report.over_quota,
        is_clean=report.is_clean,
        guard_is_whole=report.guard.is_whole,
        definitions=[
            Definition(name, " ".join(sql.split()))
            for name, sql in sorted(report.guard.definitions.items())
        ],
        checked_at=format_clock(local),
    )


@blueprint.record
def _add_page(state: BlueprintSetupState) -> None:
    """The operator's pages share one group of endpoints, whose blueprint is that of messages."""
    state.app.add_url_rule("/operator/verify", "operator.verify", verify, methods=["GET"])


def _line(finding: Finding, label: str) -> Line:
    found = ngettext("%(num)s case", "%(num)s cases", finding.count)
    return Line(label, found, finding.count == 0, finding.examples)


def _labels() -> dict[Promise, str]:
    return {
        Promise.OVERLAPS: _("Overlapping claims"),
        Promise.DEAD_CLAIMS: _("Claims whose reservation, closure or hold is no longer live"),
        Promise.MISSING_CLAIMS: _("Reservations ahead whose place is not claimed"),
        Promise.WRONG_CLAIMS: _("Claims at another time or place than their reservation"),
        Promise.WRONG_CLOSURES: _("Closures that take another time or space than theirs"),
        Promise.DEAD_HOLDS: _("Places held for a change that no longer waits"),
        Promise.EMPTY_OFFERS: _("Offers from the waiting list of places that nothing holds"),
        Promise.EMPTY_REPLACEMENTS: _("Places held for displaced people that nothing holds"),
        Promise.DEAD_CHANGES: _("Changes that wait for a reservation that is no longer confirmed"),
        Promise.UNSENT: _("Messages due over five minutes ago and still not sent"),
        Promise.SET_ASIDE: _("Events that could not be handled and were set aside"),
    }
