"""Where people and organisations stand against their quotas: theirs, and those of others as far as
it is the reader's business."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from booking.core import clock, web, zones
from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.core.permissions import Action, Actor, Role, allows
from booking.core.refusals import QuotaOf
from booking.people.models import Organisation, Person
from booking.policies.models import Policy
from booking.policies.quotas import (
    Account,
    Balance,
    Counted,
    Counting,
    Quota,
    Used,
    days_of,
    quotas_from,
)
from booking.reservations import quotas
from booking.reservations.queries import PersonName
from booking.spaces.models import Resource


@dataclass(frozen=True)
class Standing:
    """The balance of one resource group today, and what the group is called."""

    policy_id: int
    names: Mapping[str, str]
    balance: Balance
    subject_id: int  # the key of the person or the organisation
    of: PersonName


def of_actor(actor: Actor) -> list[Standing]:
    """Where the actor and each of their organisations stand today, in every group with a quota."""
    person = PersonName(actor.public_id, actor.name)
    organisations = [
        (one.organisation_id, PersonName(one.public_id, one.name)) for one in actor.memberships
    ]
    return _standings(
        {QuotaOf.PERSON: [(actor.person_id, person)], QuotaOf.ORGANISATION: organisations}, None
    )


def of_person(actor: Actor, public_id: str) -> list[Standing]:
    """Where somebody else stands, as far as it is the actor's business: an operator sees every
    group, a lab manager those of the spaces they decide on. Raises NotFoundError."""
    policies = _policies_of(actor)
    found = (
        session()
        .execute(
            select(Person.id, Person.public_id, Person.name).where(Person.public_id == public_id)
        )
        .first()
    )
    if found is None:
        raise NotFoundError
    named = (found.id, PersonName(found.public_id, found.name))
    return _standings({QuotaOf.PERSON: [named]}, policies)


def of_organisation(actor: Actor, public_id: str) -> list[Standing]:
    """The same of an organisation; its members see it, too. Raises NotFoundError."""
    belongs = any(one.public_id == public_id for one in actor.memberships)
    policies = None if belongs else _policies_of(actor)
    found = (
        session()
        .execute(
            select(Organisation.id, Organisation.public_id, Organisation.name).where(
                Organisation.public_id == public_id
            )
        )
        .first()
    )
    if found is None:
        raise NotFoundError
    named = (found.id, PersonName(found.public_id, found.name))
    return _standings({QuotaOf.ORGANISATION: [named]}, policies)


def _policies_of(actor: Actor) -> list[int] | None:
    """The groups whose balances the actor may see of others; None is all of them."""
    if allows(actor, Action.DECIDE_ANYTHING):
        return None
    managed = [one for one in actor.grants if one.role == Role.LAB_MANAGER]
    where = [
        *(Resource.id == one.resource_id for one in managed if one.resource_id is not None),
        *(Resource.area_id == one.area_id for one in managed if one.area_id is not None),
    ]
    if not where:
        raise NotFoundError
    return list(session().scalars(select(Resource.policy_id).where(or_(*where)).distinct()))


def _standings(
    subjects: Mapping[QuotaOf, Sequence[tuple[int, PersonName]]], policies: list[int] | None
) -> list[Standing]:
    today = clock.today(zones.zone(web.settings().site_zone))
    now = clock.now()
    groups = [one for one in _groups() if policies is None or one.policy_id in policies]
    found = []
    for whose, named in subjects.items():
        holders = {
            key: Counted(key) if whose is QuotaOf.PERSON else Counted(0, key)
            for key, _name in named
        }
        counted = quotas.counting(groups, list(holders.values()), (today, today), now=now)
        if counted is None:
            continue
        found += [
            Standing(group.policy_id, group.names, balance, key, name)
            for key, name in named
            for group in groups
            for balance in counted.of(holders[key]).stand(group, today)
            if balance.quota.whose is whose
        ]
    return found


def _holder(whose: QuotaOf, key: int) -> Counted:
    return Counted(key) if whose is QuotaOf.PERSON else Counted(0, key)


@dataclass(frozen=True)
class _Group:
    """A resource group with a quota."""

    policy_id: int
    names: Mapping[str, str]
    quotas: tuple[Quota, ...]

    @property
    def resource_id(self) -> int:
        return 0


def _groups() -> list[_Group]:
    person = (Policy.person_quota_minutes, Policy.person_quota_count)
    organisation = (Policy.organisation_quota_minutes, Policy.organisation_quota_count)
    rows = session().execute(
        select(
            Policy.id,
            Policy.names,
            *person,
            Policy.person_quota_period,
            *organisation,
            Policy.organisation_quota_period,
        )
        .where(or_(*(one.is_not(None) for one in (*person, *organisation))))
        .order_by(Policy.id)
    )
    return [_Group(row[0], row[1], quotas_from(*row[2:])) for row in rows]


def over() -> list[Standing]:
    """Who has more than a quota in a period that is not over: booked before the limit was lowered,
    or taken over from somebody else."""
    now = clock.now()
    today = clock.today(zones.zone(web.settings().site_zone))
    found = Counting(Counted(0), now)
    groups = _groups()
    for group in groups:
        for quota in group.quotas:
            days = days_of(quota.period, today)
            since, until = quotas.ahead(now)
            window = (since if days is None else quotas.around([days])[0], until)
            quotas.read(found, quota.whose, quota.is_ahead, ([group.policy_id], None, window))
    beyond = [
        (group, balance, account)
        for account, used in found.used.items()
        for group in groups
        if group.policy_id == account.policy_id
        for balance in _passed(group, account, used, today)
    ]
    names = _names({(account.whose, account.subject_id) for _group, _balance, account in beyond})
    return [
        Standing(
            group.policy_id,
            group.names,
            balance,
            account.subject_id,
            names[account.whose, account.subject_id],
        )
        for group, balance, account in beyond
    ]


def _passed(group: _Group, account: Account, used: Used, today: date) -> Iterator[Balance]:
    for quota in group.quotas:
        if (quota.whose, quota.is_ahead) != (account.whose, account.is_ahead):
            continue
        periods = {days_of(quota.period, day) for day in used.every_day}
        for days in sorted(periods, key=lambda one: one or (today, today)):
            if days is None or days[1] > today:
                balance = Balance.of(account.policy_id, quota, days, used)
                if balance.is_over:
                    yield balance


def _names(subjects: Collection[tuple[QuotaOf, int]]) -> dict[tuple[QuotaOf, int], PersonName]:
    found: dict[tuple[QuotaOf, int], PersonName] = {}
    for whose, model in ((QuotaOf.PERSON, Person), (QuotaOf.ORGANISATION, Organisation)):
        keys = [key for one, key in subjects if one is whose]
        if not keys:
            continue
        rows = session().execute(
            select(model.id, model.public_id, model.name).where(model.id.in_(keys))
        )
        found |= {(whose, row.id): PersonName(row.public_id, row.name) for row in rows}
    return found
