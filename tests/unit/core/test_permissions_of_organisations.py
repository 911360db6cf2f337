"""Who may do what with an organisation: every role, every action."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from booking.core.errors import ForbiddenError, NotFoundError
from booking.core.permissions import Action, Actor, Belongs, Given, Role, Scope, allows, require


@dataclass(frozen=True)
class Startup:
    """An organisation, as far as rights go."""

    organisation_id: int | None = 1


def somebody(*belongs: Belongs, role: Role | None = None) -> Actor:
    given = () if role is None else (Given(role),)
    return Actor(7, "7", "Salma", "salma@example.org", "fr", belongs, given)


PEOPLE = {
    "member": somebody(Belongs(1, is_manager=False)),
    "manager": somebody(Belongs(1, is_manager=True)),
    "manager elsewhere": somebody(Belongs(2, is_manager=True), Belongs(1, is_manager=False)),
    "stranger": somebody(Belongs(2, is_manager=True)),
    "lab manager": somebody(role=Role.LAB_MANAGER),
    "reception": somebody(role=Role.RECEPTION),
    "auditor": somebody(role=Role.AUDITOR),
    "operator": somebody(role=Role.OPERATOR),
}
INSIDE = {"member", "manager", "manager elsewhere"}
MATRIX = {
    Action.SEE_ORGANISATION: INSIDE | {"auditor", "operator"},
    Action.SEE_PRESENCE: INSIDE,  # those who agreed agreed to colleagues, not to the house
    Action.MANAGE_ORGANISATION: {"manager", "operator"},
}


@pytest.mark.parametrize("action", MATRIX)
@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_may_what_the_matrix_says(who: str, action: Action) -> None:
    assert allows(PEOPLE[who], action, Startup()) is (who in MATRIX[action])
    assert not allows(None, action, Startup())


def test_what_one_may_not_see_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        require(PEOPLE["stranger"], Action.MANAGE_ORGANISATION, Startup())
    for who in ("member", "auditor"):
        with pytest.raises(ForbiddenError):
            require(PEOPLE[who], Action.MANAGE_ORGANISATION, Startup())
    with pytest.raises(ForbiddenError):
        require(PEOPLE["operator"], Action.SEE_PRESENCE, Startup())


def test_a_token_that_only_reads_manages_nothing() -> None:
    reading = Actor(
        7, "7", "S", "s@example.org", "fr", (Belongs(1, True),), scopes=frozenset({Scope.READ})
    )
    assert allows(reading, Action.SEE_ORGANISATION, Startup())
    assert not allows(reading, Action.MANAGE_ORGANISATION, Startup())
