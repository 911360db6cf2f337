"""Photos are served for ever under their random names, to whoever may see spaces."""

from __future__ import annotations

from flask.testing import FlaskClient

from booking.spaces import photos
from tests import make
from tests.drawing import picture


def test_a_photo_is_kept_by_the_browser_for_ever(client: FlaskClient) -> None:
    desk = make.desk()
    made = photos.add_photo(make.operator(), desk.spot.public_id, picture(), {"en": "A desk"})
    assert client.get(f"/photos/{made}/small").status_code == 303
    make.signed_in(client, make.member_of())
    for size in ("small", "large"):
        answer = client.get(f"/photos/{made}/{size}")
        assert answer.status_code == 200
        assert answer.mimetype == "image/webp"
        assert answer.data.startswith(b"RIFF")
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again = client.get(
            f"/photos/{made}/{size}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert (again.status_code, again.data) == (304, b"")


def test_what_is_no_photo_is_not_there(client: FlaskClient) -> None:
    desk = make.desk()
    made = photos.add_photo(make.operator(), desk.spot.public_id, picture(), {"en": "A desk"})
    make.signed_in(client, make.member_of())
    for address in (f"{made}/huge", f"{made}/%00", "x/small", f"{desk.spot.public_id}/large"):
        assert client.get(f"/photos/{address}").status_code == 404
