"""Photos of a resource: added, described, put in order, deleted, and counted in its revision."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.core import revisions
from booking.core.errors import ForbiddenError, InvalidError, NotFoundError, Problem
from booking.spaces import photos
from booking.spaces.pictures import Size
from tests import make
from tests.drawing import picture

DESCRIPTION = {"en": "A desk by the window"}
NOBODY = "0190163d-8694-739b-aea5-966c26f8ad91"


def _order(resource_id: int) -> list[str]:
    return [one.public_id for one in photos.photos_of([resource_id]).get(resource_id, ())]


def test_photos_keep_the_order_they_are_given(app: Flask) -> None:
    desk, operator = make.desk(), make.operator()
    made = [
        photos.add_photo(operator, desk.spot.public_id, picture(), DESCRIPTION) for _ in range(3)
    ]
    assert _order(desk.resource_id) == made
    photos.move_photo(operator, made[2], 0)
    assert _order(desk.resource_id) == [made[2], made[0], made[1]]
    photos.move_photo(operator, made[2], 99)
    assert _order(desk.resource_id) == made
    photos.delete_photo(operator, made[1])
    assert _order(desk.resource_id) == [made[0], made[2]]
    assert photos.content(made[0], Size.SMALL)
    assert photos.content(made[1], Size.LARGE) is None
    assert revisions.number(revisions.Scope.RESOURCE, desk.resource_id) == 6


def test_a_photo_says_what_it_shows(app: Flask) -> None:
    desk, operator = make.desk(), make.operator()
    with pytest.raises(InvalidError) as refused:
        photos.add_photo(operator, desk.spot.public_id, picture(), {"fr": " \0 "})
    assert refused.value.fields == {"description": Problem.MISSING}
    made = photos.add_photo(operator, desk.spot.public_id, picture(), DESCRIPTION)
    photos.describe_photo(operator, made, {"fr": "Un bureau", "ar": "مكتب"})
    assert photos.photo(made).description == {"fr": "Un bureau", "ar": "مكتب"}


def test_a_resource_has_only_so_many_photos(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_PHOTOS", 1)
    desk, operator = make.desk(), make.operator()
    photos.add_photo(operator, desk.spot.public_id, picture(), DESCRIPTION)
    with pytest.raises(InvalidError) as refused:
        photos.add_photo(operator, desk.spot.public_id, picture(), DESCRIPTION)
    assert refused.value.fields == {"picture": Problem.TOO_MANY}


def test_only_operators_touch_photos_and_only_those_there_are(app: Flask) -> None:
    desk, operator, member = make.desk(), make.operator(), make.member_of()
    with pytest.raises(ForbiddenError):
        photos.add_photo(member, desk.spot.public_id, picture(), DESCRIPTION)
    made = photos.add_photo(operator, desk.spot.public_id, picture(), DESCRIPTION)
    with pytest.raises(ForbiddenError):
        photos.delete_photo(member, made)
    for act in (
        lambda: photos.add_photo(operator, NOBODY, picture(), DESCRIPTION),
        lambda: photos.describe_photo(operator, NOBODY, DESCRIPTION),
        lambda: photos.move_photo(operator, NOBODY, 0),
        lambda: photos.delete_photo(operator, NOBODY),
    ):
        with pytest.raises(NotFoundError):
            act()
