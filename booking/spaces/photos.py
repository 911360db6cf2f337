"""The photos of resources: adding, describing, ordering and deleting them, and reading them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from booking.core import clock, ids
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, require
from booking.core.revisions import Scope, bump
from booking.core.texts import checked_names
from booking.journal import service as journal
from booking.spaces import pictures
from booking.spaces.models import Photo, Resource
from booking.spaces.pictures import Rendered, Size

MOST_PHOTOS = 12
LONGEST_DESCRIPTION = 200


@dataclass(frozen=True)
class PhotoFacts:
    """What a page needs to show a photo; `description` is its text by language."""

    public_id: str
    resource_id: int
    description: Mapping[str, str]
    width: int
    height: int

    def measures(self, size: str) -> tuple[int, int]:
        """Width and height in that size."""
        return pictures.measures(self.width, self.height, Size(size))


def photos_of(resource_ids: Collection[int]) -> dict[int, tuple[PhotoFacts, ...]]:
    """The photos of these resources in their order, in one statement and without their bytes."""
    rows = session().execute(
        select(Photo.public_id, Photo.resource_id, Photo.description, Photo.width, Photo.height)
        .where(Photo.resource_id.in_(resource_ids))
        .order_by(Photo.position, Photo.id)
    )
    found: dict[int, list[PhotoFacts]] = defaultdict(list)
    for row in rows:
        found[row.resource_id].append(PhotoFacts(*row))
    return {resource_id: tuple(photos) for resource_id, photos in found.items()}


def content(public_id: str, size: Size) -> bytes | None:
    """The WebP file of a photo; what is served under one address never changes."""
    column = Photo.large if size is Size.LARGE else Photo.small
    return session().scalar(select(column).where(Photo.public_id == public_id))


def photo(public_id: str) -> PhotoFacts:
    """One photo; raises NotFoundError."""
    row = (
        session()
        .execute(
            select(
                Photo.public_id, Photo.resource_id, Photo.description, Photo.width, Photo.height
            ).where(Photo.public_id == public_id)
        )
        .first()
    )
    if row is None:
        raise NotFoundError
    return PhotoFacts(*row)


def add_photo(actor: Actor, resource_id: str, data: bytes, description: Mapping[str, str]) -> str:
    """Store a picture of a resource after those it has; returns the photo's public id.

    The picture is written anew before the transaction begins: other writers need not wait for it.
    Raises InvalidError for `picture` and `description`.
    """
    require(actor, Action.OPERATE)
    return store_photo(actor, resource_id, pictures.render(data), description)


@transactional
def store_photo(
    actor: Actor, resource_id: str, picture: Rendered, description: Mapping[str, str]
) -> str:
    """The same with a picture that is written anew already, for whoever stores it in a transaction
    of their own."""
    require(actor, Action.OPERATE)
    described = _described(description)
    key = session().scalar(select(Resource.id).where(Resource.public_id == resource_id))
    if key is None:
        raise NotFoundError
    _lock(key)
    count, last = (
        session()
        .execute(
            select(func.count(), func.coalesce(func.max(Photo.position), -1)).where(
                Photo.resource_id == key
            )
        )
        .one()
    )
    if count >= MOST_PHOTOS:
        raise InvalidError({"picture": Problem.TOO_MANY})
    public_id = ids.new_public_id()
    session().execute(
        insert(Photo).values(
            public_id=public_id,
            resource_id=key,
            position=last + 1,
            description=described,
            width=picture.width,
            height=picture.height,
            large=picture.large,
            small=picture.small,
            created_at=clock.now(),
        )
    )
    _write(actor, "photo_added", photo(public_id))
    return public_id


@transactional
def describe_photo(actor: Actor, public_id: str, description: Mapping[str, str]) -> None:
    """Replace what is said about a photo to those who cannot see it."""
    require(actor, Action.OPERATE)
    described = _described(description)
    before = photo(public_id)
    session().execute(
        update(Photo).where(Photo.public_id == public_id).values(description=described)
    )
    _write(actor, "photo_described", before)


@transactional
def move_photo(actor: Actor, public_id: str, to: int) -> None:
    """Put a photo at another place in the order; 0 is the first, which lists show."""
    require(actor, Action.OPERATE)
    moved = photo(public_id)
    _lock(moved.resource_id)
    order = [one.public_id for one in photos_of([moved.resource_id]).get(moved.resource_id, ())]
    if public_id not in order:  # somebody deleted it meanwhile
        raise NotFoundError
    order.remove(public_id)
    order.insert(max(0, min(to, len(order))), public_id)
    for position, one in enumerate(order):
        session().execute(update(Photo).where(Photo.public_id == one).values(position=position))
    _write(actor, "photo_moved", moved)


@transactional
def delete_photo(actor: Actor, public_id: str) -> None:
    """Delete a photo in both sizes."""
    require(actor, Action.OPERATE)
    deleted = photo(public_id)
    session().execute(delete(Photo).where(Photo.public_id == public_id))
    _write(actor, "photo_deleted", deleted)


def _lock(resource_id: int) -> None:
    """Hold the resource, so that two who arrange its photos do so one after the other."""
    session().execute(
        select(Resource.id).where(Resource.id == resource_id).with_for_update(key_share=True)
    )


def _described(description: Mapping[str, str]) -> dict[str, str]:
    return checked_names("description", description, LONGEST_DESCRIPTION)


def _write(actor: Actor, act: str, about: PhotoFacts) -> None:
    code = session().scalar(select(Resource.public_id).where(Resource.id == about.resource_id))
    bump(Scope.RESOURCE, [about.resource_id])
    journal.write(
        actor,
        act,
        subject_kind="resource",
        subject_id=code or "",
        after={"photo": about.public_id},
    )
