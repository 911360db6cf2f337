"""What a message says and to whom; each kind is described by the feature that knows its facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from booking.messages.models import MessageKind

Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Key:
    """What makes a message that message: no two have the same, and its Message-ID comes from it."""

    kind: MessageKind
    subject: str
    version: int
    recipient_id: int
    due_at: datetime


@dataclass(frozen=True)
class Recipient:
    """A person as a message needs them."""

    person_id: int
    name: str
    email: str
    language: str


@dataclass(frozen=True)
class Line:
    """One fact under its label."""

    label: str
    value: str


@dataclass(frozen=True)
class Link:
    """An address and what it is for; it opens a page, it never acts."""

    label: str
    url: str


@dataclass(frozen=True)
class Section:
    """The lines about one thing; a heading where a letter is about several."""

    lines: tuple[Line, ...]
    heading: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Letter:
    """A message in the recipient's language, before it is laid out as text and as HTML."""

    title: str
    opening: str
    sections: tuple[Section, ...]
    links: tuple[Link, ...] = ()
    closing: str = ""


@dataclass(frozen=True)
class MessageType(Generic[Facts]):
    """How a kind of message is made: its facts, whether it is still worth telling, its words.

    `facts` is None where what the message is about is gone. `letter` is called while the
    recipient's language is spoken. `hide` takes a secret out of the facts: what it leaves is what
    may be kept, and what others than the recipient may read. `address` is where it goes when that
    is not the recipient's address of today.
    """

    facts: Callable[[Key], Facts | None]
    still_true: Callable[[Key, Facts], bool]
    letter: Callable[[Facts, Recipient], Letter]
    hide: Callable[[Facts], Facts] | None = None
    address: Callable[[Facts], str] | None = None


@dataclass(frozen=True)
class Catalogue:
    """What the messages ask of the features above them."""

    types: Mapping[MessageKind, MessageType[Any]]  # Any: each kind has its own facts
    recipients: Callable[[Collection[int]], Mapping[int, Recipient]]
    domain: Callable[[], str]


def write(
    catalogue: Catalogue, key: Key, recipient: Recipient, *, shows_secrets: bool = True
) -> Letter | None:
    """The letter, or None when it is no longer true; the recipient's language must be spoken."""
    of_kind = catalogue.types[key.kind]
    facts = of_kind.facts(key)
    if facts is None or not of_kind.still_true(key, facts):
        return None
    return _written(of_kind, facts, recipient, shows_secrets)


def sample(catalogue: Catalogue, key: Key, recipient: Recipient) -> Letter | None:
    """What such a message looks like, whether or not it would be sent now, without its secret."""
    of_kind = catalogue.types[key.kind]
    facts = of_kind.facts(key)
    return None if facts is None else _written(of_kind, facts, recipient, shows_secrets=False)


def _written(
    of_kind: MessageType[Any],  # Any: as in the catalogue
    facts: object,
    recipient: Recipient,
    shows_secrets: bool,
) -> Letter:
    if of_kind.hide is not None and not shows_secrets:
        facts = of_kind.hide(facts)
    return of_kind.letter(facts, recipient)


def addressed(catalogue: Catalogue, key: Key, recipient: Recipient) -> Recipient:
    """The recipient under the address to which this message goes."""
    of_kind = catalogue.types[key.kind]
    if of_kind.address is None:
        return recipient
    facts = of_kind.facts(key)
    return recipient if facts is None else replace(recipient, email=of_kind.address(facts))


def carries_a_secret(catalogue: Catalogue, kind: MessageKind) -> bool:
    """Whether whoever reads such a message can do what only its recipient may."""
    return catalogue.types[kind].hide is not None


def is_still_true(catalogue: Catalogue, key: Key) -> bool:
    """Whether the message would be sent if it were due now."""
    of_kind = catalogue.types[key.kind]
    facts = of_kind.facts(key)
    return facts is not None and of_kind.still_true(key, facts)
