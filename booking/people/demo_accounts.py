"""The accounts of the demo: who they are, and the password everybody may know.

They exist only in the demo park. In production nobody of the demo can sign in, and the settings
refuse to start a demo there.
"""

from __future__ import annotations

from dataclasses import dataclass

from booking.core.forms import lazy_gettext

DEMO_PASSWORD = "menthe-et-amlou-2026"  # noqa: S105  # shown on the sign-in page of the demo


@dataclass(frozen=True)
class DemoAccount:
    """One invented person to sign in as."""

    email: str
    name: str
    role_label: str


DEMO_ACCOUNTS = (
    DemoAccount("salma@atlas-robotics.example", "Salma El Idrissi", lazy_gettext("Member")),
    DemoAccount(
        "youssef@atlas-robotics.example",
        "Youssef Berrada",
        lazy_gettext("Manager of an organisation"),
    ),
    DemoAccount("nadia@techvalley.example", "Nadia Chraïbi", lazy_gettext("Lab manager")),
    DemoAccount("hamza@techvalley.example", "Hamza Ouazzani", lazy_gettext("Reception")),
    DemoAccount("amine@techvalley.example", "Amine Tazi", lazy_gettext("Operator")),
    DemoAccount("leila@techvalley.example", "Leïla Bennis", lazy_gettext("Auditor")),
)
