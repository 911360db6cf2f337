"""A manager's desk in a browser: open a request, answer it as its page offers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Offer:
    """A form of a page, with what it carries."""

    client: FlaskClient
    action: str
    fields: dict[str, str]

    def send(self, **typed: str) -> TestResponse:
        """Post it, with what the reader types."""
        return self.client.post(self.action, data={**self.fields, **typed})


def offer_in(client: FlaskClient, page: str, verb: str) -> Offer | None:
    """The form of `approve` or `decline` in a page; none where it is not offered."""
    for form in re.findall(r"<form[^>]*>.*?</form>", page, re.DOTALL):
        action = re.search(rf'action="(/approvals/[\w-]+/{verb})"', form)
        if action:
            tags = [dict(_ATTRIBUTE.findall(tag)) for tag in re.findall(r"<input[^>]*>", form)]
            fields = {tag["name"]: unescape(tag.get("value", "")) for tag in tags}
            return Offer(client, action[1], fields)
    return None


def opened(client: FlaskClient, public_id: str, verb: str) -> Offer:
    """The form as the request's own page offers it."""
    offer = offer_in(client, client.get(f"/approvals/{public_id}").text, verb)
    assert offer is not None, f"{verb} is not offered"
    return offer
