"""The tabs that the lists of my reservations and my quotas share."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from booking.core.i18n import _


@dataclass(frozen=True)
class Tab:
    """One of the lists."""

    url: str
    label: str
    current: bool


def tabs(current: str) -> tuple[Tab, ...]:
    """Of them the one that is shown: upcoming, past, others or quotas."""
    return (
        Tab(url_for("reservations.mine"), _("Upcoming"), current == "upcoming"),
        Tab(url_for("reservations.mine", when="past"), _("Past and closed"), current == "past"),
        Tab(url_for("reservations.mine", when="others"), _("For others"), current == "others"),
        Tab(url_for("reservations.quotas"), _("My quotas"), current == "quotas"),
    )
