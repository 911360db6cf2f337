"""What is sent to a page's form and is no form: files, JSON."""

from __future__ import annotations

import io

from flask.testing import FlaskClient

from tests import forms, make


def test_a_file_or_json_in_the_place_of_a_text_counts_as_nothing(client: FlaskClient) -> None:
    make.signed_in(client, make.operator())
    page = "/operator/people/new"
    file = (io.BytesIO(b"Salma"), "name.txt")
    others = {"email": "salma@example.com", "language": "fr", "role": "member"}
    refused = forms.post(client, page, name=file, **others)
    assert refused.status_code == 422
    token = {"X-CSRFToken": forms.token(client, page)}
    for body in ("[]", "5", '{"name": 5, "email": ["x"]}'):
        sent = client.post(page, data=body, headers=token, content_type="application/json")
        assert sent.status_code == 422
