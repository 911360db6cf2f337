"""How rooms are set out, in words."""

from __future__ import annotations

from collections.abc import Mapping

from booking.core.i18n import _
from booking.core.refusals import LayoutKind


def layouts_in_words() -> Mapping[LayoutKind, str]:
    """What each layout is called."""
    return {
        LayoutKind.THEATRE: _("Theatre"),
        LayoutKind.CLASSROOM: _("Classroom"),
        LayoutKind.U_SHAPE: _("U-shape"),
        LayoutKind.BOARDROOM: _("Meeting table"),
        LayoutKind.BANQUET: _("Round tables"),
    }


def layout_in_words(kind: LayoutKind | None) -> str:
    """What a layout is called; none is the room as it stands."""
    return _("As it stands") if kind is None else layouts_in_words()[kind]
