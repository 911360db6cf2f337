"""Who may do what: one table from action to predicates; what is not in it is denied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from booking.core.errors import ForbiddenError, NotFoundError, SignInRequiredError


class Role(StrEnum):
    """What the park can give a person."""

    OPERATOR = "operator"
    AUDITOR = "auditor"
    LAB_MANAGER = "lab_manager"
    RECEPTION = "reception"


class Scope(StrEnum):
    """What a token may be used for; a browser session has them all."""

    READ = "read"
    WRITE = "write"
    DECIDE = "decide"
    ADMIN = "admin"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True)
class Given:
    """One grant: a role for a resource, an area or a building, or for the whole site; what was
    given to somebody else, in whose place a deputy stands today, names that person."""

    role: Role
    resource_id: int | None = None
    area_id: int | None = None
    building_id: int | None = None
    instead_of: int | None = None


@dataclass(frozen=True)
class Belongs:
    """One membership that holds today."""

    organisation_id: int
    is_manager: bool
    public_id: str = ""
    name: str = ""


@dataclass(frozen=True)
class Actor:
    """Who performs an action, as loaded at the start of the request."""

    person_id: int
    public_id: str
    name: str
    email: str
    language: str
    memberships: tuple[Belongs, ...] = ()
    grants: tuple[Given, ...] = ()
    scopes: frozenset[Scope] = field(default=ALL_SCOPES)

    @property
    def organisation_ids(self) -> frozenset[int]:
        """The organisations this person is in today."""
        return frozenset(membership.organisation_id for membership in self.memberships)

    def has(self, role: Role) -> bool:
        """Whether the person holds the role anywhere."""
        return any(grant.role == role for grant in self.grants)


class Place(Protocol):
    """A resource, as far as rights go."""

    @property
    def resource_id(self) -> int: ...
    @property
    def area_id(self) -> int: ...
    @property
    def building_id(self) -> int: ...


class OfOrganisation(Protocol):
    """An organisation, or what belongs to one or to none, as far as rights go."""

    @property
    def organisation_id(self) -> int | None: ...


class Held(OfOrganisation, Protocol):
    """A reservation, as far as rights go."""

    @property
    def person_id(self) -> int: ...
    @property
    def booked_by_id(self) -> int: ...
    @property
    def places(self) -> Sequence[Place]: ...
    @property
    def questions(self) -> Sequence[Sequence[Place]]: ...
    @property
    def places_to_decide(self) -> Sequence[Place]: ...
    @property
    def own_request_may_be_decided(self) -> bool: ...


class Booked(Protocol):
    """What is booked for somebody else, as far as rights go: where, and in which organisations."""

    @property
    def organisation_ids(self) -> frozenset[int]: ...
    @property
    def places(self) -> Sequence[Place]: ...


class Closing(Protocol):
    """What is closed, as far as rights go."""

    @property
    def places(self) -> Sequence[Place]: ...


class Action(StrEnum):
    """Everything a route or a verb can be about."""

    ENTER = "enter"  # sign-in, health, language, assets: open to all
    FETCH_FEED = "fetch_feed"  # the secret in the address is the right
    FOLLOW_LINK = "follow_link"  # the same, for a one-time link
    SEE_SPACES = "see_spaces"
    SEARCH = "search"  # what is found is limited by what one may see
    BOOK = "book"
    BOOK_FOR = "book_for"
    OVERRIDE = "override"  # rules of the house; the subject says at which places
    SEE_RESERVATIONS = "see_reservations"
    SEE_RESERVATION = "see_reservation"
    SEE_HISTORY = "see_history"
    CHANGE = "change"
    CANCEL = "cancel"
    CHECK_IN = "check_in"  # oneself, or whoever stands at the reception
    SEE_ARRIVALS = "see_arrivals"  # of a building, at its reception
    PRINT_LABELS = "print_labels"  # the codes at doors and desks
    SEE_APPROVALS = "see_approvals"
    DECIDE = "decide"
    ASK = "ask"  # about a request
    ANSWER = "answer"  # what was asked
    DECIDE_ANYTHING = "decide_anything"
    SEE_ORGANISATIONS = "see_organisations"
    SEE_ORGANISATION = "see_organisation"
    SEE_PRESENCE = "see_presence"  # who is where today, of those who agreed
    MANAGE_ORGANISATION = "manage_organisation"
    MANAGE_OWN_ACCOUNT = "manage_own_account"
    NAME_DEPUTY = "name_deputy"
    SEE_DEPUTIES = "see_deputies"  # one's own; the next sees those of all
    SEE_EVERY_DEPUTY = "see_every_deputy"
    END_DEPUTY = "end_deputy"
    INVITE = "invite"  # the subject says to which organisation
    CLOSE_SPACES = "close_spaces"  # and see what is closed; the subject says which spaces
    AUTHORISE = "authorise"  # and see who is; the groups are those of one's spaces
    SEE_JOURNAL = "see_journal"
    SEE_FIGURES = "see_figures"
    SEE_DEMAND = "see_demand"  # what could not be had
    SEE_PEOPLE = "see_people"
    EXPORT = "export"
    OPERATE = "operate"


Predicate = Callable[[Actor | None, object], bool]


def anyone(actor: Actor | None, subject: object) -> bool:
    return True


def signed_in(actor: Actor | None, subject: object) -> bool:
    return actor is not None


def operator(actor: Actor | None, subject: object) -> bool:
    return actor is not None and actor.has(Role.OPERATOR)


def auditor(actor: Actor | None, subject: object) -> bool:
    return actor is not None and actor.has(Role.AUDITOR)


def lab_manager(actor: Actor | None, subject: object) -> bool:
    return actor is not None and actor.has(Role.LAB_MANAGER)


def reception(actor: Actor | None, subject: object) -> bool:
    return actor is not None and actor.has(Role.RECEPTION)


def lab_manager_in_person(actor: Actor | None, subject: object) -> bool:
    """A deputy passes nothing on."""
    return actor is not None and any(
        grant.role == Role.LAB_MANAGER and grant.instead_of is None for grant in actor.grants
    )


def absent_person(actor: Actor | None, subject: object) -> bool:
    return actor is not None and actor.person_id == getattr(subject, "person_id", None)


def organisation_manager(actor: Actor | None, subject: object) -> bool:
    return actor is not None and any(one.is_manager for one in actor.memberships)


def holder_or_booker(actor: Actor | None, subject: object) -> bool:
    held = _held(subject)
    return actor is not None and actor.person_id in {held.person_id, held.booked_by_id}


def same_organisation(actor: Actor | None, subject: object) -> bool:
    return actor is not None and _organised(subject).organisation_id in actor.organisation_ids


def manager_of_organisation(actor: Actor | None, subject: object) -> bool:
    if actor is None:
        return False
    managed = {one.organisation_id for one in actor.memberships if one.is_manager}
    return _organised(subject).organisation_id in managed


def manages_every_place(actor: Actor | None, subject: object) -> bool:
    return manages(actor, _held(subject).places)


def manages_what_is_closed(actor: Actor | None, subject: object) -> bool:
    """Before it is known what is closed: whether they are the lab manager of anything."""
    if subject is None:
        return lab_manager(actor, subject)
    return manages(actor, _closing(subject).places)


def manages_in_person(actor: Actor | None, subject: object) -> bool:
    """The lab manager of every place, not a deputy; before the places are known, of any."""
    if actor is None or not lab_manager_in_person(actor, subject):
        return False
    own = tuple(grant for grant in actor.grants if grant.instead_of is None)
    return subject is None or manages(replace(actor, grants=own), _closing(subject).places)


def decides_there(actor: Actor | None, subject: object) -> bool:
    """Each policy that asks is answered by whoever manages all of its places; of a change that
    waits, the places that are asked for."""
    if actor is None:
        return False
    held = _held(subject)
    acting = in_this_case(actor, held)
    return any(manages(acting, places) for places in held.questions)


def manages_a_place(actor: Actor | None, subject: object) -> bool:
    held = _held(subject)
    return any(manages(actor, [place]) for place in (*held.places, *held.places_to_decide))


def receives_there(actor: Actor | None, subject: object) -> bool:
    held = _held(subject)
    return actor is not None and any(
        _covers(grant, place)
        for grant in actor.grants
        if grant.role == Role.RECEPTION
        for place in held.places
    )


def shares_an_organisation(actor: Actor | None, subject: object) -> bool:
    return actor is not None and bool(actor.organisation_ids & _booked(subject).organisation_ids)


def receives_at_every_place(actor: Actor | None, subject: object) -> bool:
    return actor is not None and all(
        any(_covers(grant, place) for grant in actor.grants if grant.role == Role.RECEPTION)
        for place in _booked(subject).places
    )


def not_own_request(actor: Actor | None, subject: object) -> bool:
    held = _held(subject)
    return held.own_request_may_be_decided or not holder_or_booker(actor, subject)


def both(first: Predicate, second: Predicate) -> Predicate:
    """A predicate that holds where two hold."""
    return lambda actor, subject: first(actor, subject) and second(actor, subject)


TABLE: dict[Action, tuple[Predicate, ...]] = {
    Action.ENTER: (anyone,),
    Action.FETCH_FEED: (anyone,),
    Action.FOLLOW_LINK: (anyone,),
    Action.SEE_SPACES: (signed_in,),
    Action.SEARCH: (signed_in,),
    Action.BOOK: (signed_in,),
    Action.BOOK_FOR: (shares_an_organisation, receives_at_every_place, operator),
    Action.OVERRIDE: (manages_in_person, operator),
    Action.SEE_RESERVATIONS: (signed_in,),
    Action.SEE_RESERVATION: (
        holder_or_booker,
        same_organisation,
        manages_a_place,
        receives_there,
        operator,
        auditor,
    ),
    Action.SEE_HISTORY: (
        holder_or_booker,
        same_organisation,
        manages_a_place,
        operator,
        auditor,
    ),
    Action.CHANGE: (holder_or_booker, manager_of_organisation, operator),
    Action.CANCEL: (holder_or_booker, manager_of_organisation, manages_every_place, operator),
    Action.CHECK_IN: (holder_or_booker, receives_there, operator),
    Action.SEE_ARRIVALS: (reception, operator),
    Action.PRINT_LABELS: (lab_manager, operator),
    Action.SEE_APPROVALS: (lab_manager, operator),
    Action.DECIDE: (both(decides_there, not_own_request), both(operator, not_own_request)),
    Action.ASK: (both(decides_there, not_own_request), both(operator, not_own_request)),
    Action.ANSWER: (holder_or_booker,),
    Action.DECIDE_ANYTHING: (operator,),
    Action.SEE_ORGANISATIONS: (signed_in,),
    Action.SEE_ORGANISATION: (same_organisation, operator, auditor),
    Action.SEE_PRESENCE: (same_organisation,),
    Action.MANAGE_ORGANISATION: (manager_of_organisation, operator),
    Action.MANAGE_OWN_ACCOUNT: (signed_in,),
    Action.NAME_DEPUTY: (lab_manager_in_person,),
    Action.SEE_DEPUTIES: (signed_in,),
    Action.SEE_EVERY_DEPUTY: (operator,),
    Action.END_DEPUTY: (absent_person, operator),
    Action.INVITE: (manager_of_organisation, operator),
    Action.CLOSE_SPACES: (manages_what_is_closed, operator),
    Action.AUTHORISE: (lab_manager, operator),
    Action.SEE_JOURNAL: (operator, auditor),
    Action.SEE_DEMAND: (operator, auditor),
    Action.SEE_FIGURES: (operator, auditor, lab_manager, organisation_manager),
    Action.SEE_PEOPLE: (operator, auditor),
    Action.EXPORT: (operator, auditor),
    Action.OPERATE: (operator,),
}

SCOPES: dict[Action, Scope] = {
    Action.BOOK: Scope.WRITE,
    Action.BOOK_FOR: Scope.WRITE,
    Action.OVERRIDE: Scope.DECIDE,
    Action.CHANGE: Scope.WRITE,
    Action.CANCEL: Scope.WRITE,
    Action.CHECK_IN: Scope.WRITE,
    Action.MANAGE_ORGANISATION: Scope.WRITE,
    Action.MANAGE_OWN_ACCOUNT: Scope.WRITE,
    Action.INVITE: Scope.WRITE,
    Action.DECIDE: Scope.DECIDE,
    Action.ASK: Scope.DECIDE,
    Action.ANSWER: Scope.WRITE,
    Action.SEE_APPROVALS: Scope.DECIDE,
    Action.NAME_DEPUTY: Scope.DECIDE,
    Action.END_DEPUTY: Scope.DECIDE,
    Action.CLOSE_SPACES: Scope.DECIDE,
    Action.AUTHORISE: Scope.DECIDE,
    Action.OPERATE: Scope.ADMIN,
    Action.EXPORT: Scope.ADMIN,
    Action.SEE_JOURNAL: Scope.ADMIN,
    Action.SEE_DEMAND: Scope.ADMIN,
    Action.SEE_PEOPLE: Scope.ADMIN,
    Action.DECIDE_ANYTHING: Scope.ADMIN,
}


def allows(actor: Actor | None, action: Action, subject: object = None) -> bool:
    """Whether the actor may; a token also needs the action's scope (`read` where none is named)."""
    if actor is not None and SCOPES.get(action, Scope.READ) not in actor.scopes:
        return False
    return any(predicate(actor, subject) for predicate in TABLE.get(action, ()))


def require(actor: Actor | None, action: Action, subject: object = None) -> None:
    """Refuse what the table does not allow.

    Raises SignInRequiredError when nobody is signed in, NotFoundError when the actor may not even
    see what it is about, ForbiddenError otherwise.
    """
    if allows(actor, action, subject):
        return
    if actor is None:
        raise SignInRequiredError
    if subject is not None and action in OF_ONE_THING and not _sees(actor, action, subject):
        raise NotFoundError
    raise ForbiddenError


def in_this_case(actor: Actor, held: Held) -> Actor:
    """The actor with the grants that count where it is decided about this reservation.

    What a deputy holds for somebody counts neither for the deputy's own requests nor, unless the
    policy lets people decide on their own, for those of whom they stand in for.
    """
    asked_by = {held.person_id, held.booked_by_id}
    barred = set() if held.own_request_may_be_decided else asked_by
    is_own = actor.person_id in asked_by
    counting = tuple(
        grant
        for grant in actor.grants
        if grant.instead_of is None or not (is_own or grant.instead_of in barred)
    )
    return actor if len(counting) == len(actor.grants) else replace(actor, grants=counting)


def in_whose_place(actor: Actor, held: Held) -> int | None:
    """The person for whom the actor decides here as a deputy; None where they need nobody's
    rights but their own."""
    own = tuple(grant for grant in actor.grants if grant.instead_of is None)
    if len(own) == len(actor.grants):
        return None
    in_person = replace(actor, grants=own)
    lent = (
        grant.instead_of
        for places in held.questions
        if answers(actor, held, places) and not answers(in_person, held, places)
        for grant in in_this_case(actor, held).grants
        if grant.instead_of is not None and _covers(grant, places[0])
    )
    return next(lent, None)


OF_A_RESERVATION = frozenset(
    {
        Action.SEE_RESERVATION,
        Action.SEE_HISTORY,
        Action.CHANGE,
        Action.CANCEL,
        Action.CHECK_IN,
        Action.DECIDE,
        Action.ASK,
        Action.ANSWER,
    }
)
OF_AN_ORGANISATION = frozenset(
    {Action.SEE_ORGANISATION, Action.SEE_PRESENCE, Action.MANAGE_ORGANISATION}
)
OF_ONE_THING = OF_A_RESERVATION | OF_AN_ORGANISATION


def require_entry(actor: Actor | None, action: Action) -> None:
    """What can be said before it is known what it is about: signed in, with the scope; the rest,
    when the action is about no single thing. The service asks again with the thing in hand."""
    if action not in OF_ONE_THING | {Action.END_DEPUTY}:
        require(actor, action)
    elif actor is None:
        raise SignInRequiredError
    elif SCOPES.get(action, Scope.READ) not in actor.scopes:
        raise ForbiddenError


def _sees(actor: Actor, action: Action, subject: object) -> bool:
    about_organisations = action in OF_AN_ORGANISATION
    seeing = Action.SEE_ORGANISATION if about_organisations else Action.SEE_RESERVATION
    return any(predicate(actor, subject) for predicate in TABLE[seeing])


def _held(subject: object) -> Held:
    # The table pairs each predicate with the actions whose subject is a reservation.
    return subject  # type: ignore[return-value]  # see the line above


def _organised(subject: object) -> OfOrganisation:
    # The table pairs each predicate with actions about reservations or organisations.
    return subject  # type: ignore[return-value]  # see the line above


def _closing(subject: object) -> Closing:
    # As above, for Action.CLOSE_SPACES.
    return subject  # type: ignore[return-value]  # see the line above


def _booked(subject: object) -> Booked:
    # As above, for Action.BOOK_FOR.
    return subject  # type: ignore[return-value]  # see the line above


def answers(actor: Actor, held: Held, places: Sequence[Place]) -> bool:
    """Whether the actor answers what the policy of these places of a reservation asks."""
    return operator(actor, None) or manages(in_this_case(actor, held), places)


def manages(actor: Actor | None, places: Sequence[Place]) -> bool:
    """Whether the actor is the lab manager of every one of these places."""
    return actor is not None and all(
        any(_covers(grant, place) for grant in actor.grants if grant.role == Role.LAB_MANAGER)
        for place in places
    )


def _covers(grant: Given, place: Place) -> bool:
    if grant.resource_id is not None:
        return grant.resource_id == place.resource_id
    if grant.area_id is not None:
        return grant.area_id == place.area_id
    if grant.building_id is not None:
        return grant.building_id == place.building_id
    return True
