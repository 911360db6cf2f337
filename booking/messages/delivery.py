"""Sends what is due: leases it, looks again whether it is true, hands it over, settles it."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from booking.core import clock, web
from booking.core.database import end_reading
from booking.messages import letters, mail, queries, service
from booking.messages.letters import Catalogue
from booking.messages.mail import Composed
from booking.messages.models import MessageKind, MessageState
from booking.messages.service import Leased
from booking.messages.smtp import Answer, Connection, Envelope, Fate

log = logging.getLogger("booking.messages")

BATCH = 20


@dataclass
class Delivered:
    """What became of the messages of one run."""

    counts: Counter[tuple[MessageKind, MessageState]] = field(default_factory=Counter)
    is_unreachable: bool = False  # the mail server: the next run tries again
    trouble: str = ""  # what it said, or what came instead


def deliver(catalogue: Catalogue, *, seconds: float) -> Delivered:
    """Send what is due, for about so many seconds, or until nothing is due."""
    delivered = Delivered()
    ends = time.monotonic() + seconds
    with Connection(web.settings().mail) as connection:
        while time.monotonic() < ends and not delivered.is_unreachable:
            leases = _lease()
            if not leases:
                break
            _Round(catalogue, connection, delivered, leases).run()
    return delivered


def lease_length() -> timedelta:
    """Long enough to hand one message over, twice; short enough that what a killed worker held
    is sent soon."""
    return timedelta(seconds=2 * web.settings().mail.timeout_seconds)


def _lease() -> list[Leased]:
    is_due = queries.anything_is_due()
    end_reading()
    return service.lease_due(BATCH, lease_length()) if is_due else []


class _Round:
    """One batch of leased messages."""

    def __init__(
        self,
        catalogue: Catalogue,
        connection: Connection,
        delivered: Delivered,
        leases: list[Leased],
    ) -> None:
        self._catalogue = catalogue
        self._connection = connection
        self._delivered = delivered
        self._left = leases
        self._domain = catalogue.domain()
        self._recipients = catalogue.recipients([lease.key.recipient_id for lease in leases])
        self._renewed = time.monotonic()
        end_reading()

    def run(self) -> None:
        """Every message of the batch, as long as the lease on it holds."""
        while self._left and not self._delivered.is_unreachable:
            # Connecting can take longer than a lease lasts, so it comes before the look at it.
            trouble = self._connection.open() if web.settings().mail.host else None
            self._hold_on()
            if self._left:
                lease = self._left.pop(0)
                if trouble is None:
                    self._settle(lease)
                else:
                    self._note(lease, trouble)
        service.give_back(self._left)

    def _hold_on(self) -> None:
        """Before a message goes out the lease must outlast it: half of it is one message's time.

        The wall clock is asked, too: where it has jumped, another worker may hold them by now.
        """
        age = timedelta(seconds=time.monotonic() - self._renewed)
        if age * 2 >= lease_length() or clock.now() >= self._left[0].until:
            self._left = service.renew(self._left, lease_length())
            self._renewed = time.monotonic()

    def _settle(self, lease: Leased) -> None:
        identifier = mail.message_id(lease.key, self._domain)
        try:
            written = self._written(lease, identifier)
        except Exception as error:  # the worker's outer loop: others must go out
            log.exception("message %s cannot be written", lease.id)
            self._note(lease, Answer(Fate.LATER, f"{type(error).__name__}: {error}"))
            return
        finally:
            end_reading()
        if written is None:
            service.settle_withdrawn(lease)
            self._count(lease, MessageState.WITHDRAWN)
        elif web.settings().mail.host:
            composed, envelope = written
            self._note(lease, self._connection.send(envelope), identifier, composed.title)
        else:
            composed, _envelope = written
            service.settle_kept(lease, identifier, composed.title, composed.text, composed.html)
            self._count(lease, MessageState.KEPT)

    def _written(self, lease: Leased, identifier: str) -> tuple[Composed, Envelope] | None:
        """The message as it looks and as it goes out; None when it is no longer true, or when
        the recipient's account is closed."""
        recipient = self._recipients.get(lease.key.recipient_id)
        if recipient is None:
            return None
        composed = mail.compose(
            self._catalogue,
            lease.key,
            recipient,
            shows_secrets=bool(web.settings().mail.host),  # what is kept holds none
        )
        if composed is None:
            return None
        addressed = letters.addressed(self._catalogue, lease.key, recipient)
        return composed, mail.envelope(composed, addressed, identifier)

    def _note(self, lease: Leased, answer: Answer, identifier: str = "", title: str = "") -> None:
        """Write down the fate of a message."""
        if answer.fate is not Fate.ACCEPTED:
            log.warning("message %s: %s, %s", lease.id, answer.fate.value, answer.words)
        match answer.fate:
            case Fate.ACCEPTED:
                service.settle_sent(lease, identifier, title)
                self._count(lease, MessageState.SENT)
            case Fate.REFUSED:
                service.settle_refused(lease, answer.words)
                self._count(lease, MessageState.REFUSED)
            case Fate.LATER | Fate.UNREACHABLE:
                service.try_later(lease, answer.words)
                self._count(lease, MessageState.PLANNED)
                self._delivered.is_unreachable = answer.fate is Fate.UNREACHABLE
                self._delivered.trouble = answer.words if self._delivered.is_unreachable else ""

    def _count(self, lease: Leased, state: MessageState) -> None:
        self._delivered.counts[(lease.key.kind, state)] += 1
