"""The description of the API (OpenAPI 3.1), made from the shapes that validate what is sent."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, current_app
from werkzeug.routing import Rule

from booking.core import listing, schema
from booking.core.permissions import SCOPES, TABLE, Action, Scope, anyone
from booking.core.schema import Description
from booking.core.web import acts

PREFIX = "/api/v1"
VERSION = "1"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFERENCE = "#/components/schemas/{name}"
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
_PATH_TYPES = {
    "UUIDConverter": {"type": "string", "format": "uuid"},
    "IntegerConverter": {"type": "integer", "minimum": 0},
}

Json = dict[str, Any]  # Any: a piece of the document

blueprint = Blueprint("openapi", __name__, url_prefix=PREFIX)


class Problem(msgspec.Struct):
    """An error (RFC 9457); which further members there are depends on `code`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    fields: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    reasons: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET  # Any: facts of each reason
    alternatives: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET  # Any: as above


@blueprint.get("/openapi.json")
@acts(Action.ENTER)
@schema.describes(answer=dict[str, Any])  # Any: OpenAPI describes itself elsewhere
def document() -> Response:
    """This description."""
    return listing.read(describe(current_app))


def describe(app: Flask) -> Json:
    """The whole description; it changes with the program only, so it is made once."""
    found: Json | None = app.extensions.get("openapi")
    if found is None:
        found = app.extensions["openapi"] = _describe(app)
    return found


def endpoints(app: Flask) -> Iterator[tuple[Rule, Callable[..., object]]]:
    """The routes of the API with their views."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(PREFIX):
            yield rule, app.view_functions[rule.endpoint]


def _describe(app: Flask) -> Json:
    paths: dict[str, Json] = {}
    described = [
        (rule, found)
        for rule, view in endpoints(app)
        if (found := schema.description_of(view)) is not None
    ]
    components, schema_of = _components([found for _, found in described])
    for rule, found in described:
        path = _CONVERTER.sub(r"{\1}", rule.rule)
        for method in METHODS:
            if method in (rule.methods or ()):
                operation = _operation(app, rule, method, found, schema_of)
                paths.setdefault(path, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Booking for a technology park",
            "version": VERSION,
            "description": "Times are RFC 3339; without an offset they are local at the space.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _components(
    described: Sequence[Description],
) -> tuple[Json, Callable[[object], Json]]:
    """Every shape once, and how to refer to each."""
    types: list[object] = [Problem]
    for found in described:
        parts = (found.query, found.body, found.answer, found.items)
        types += [part for part in parts if part is not None and part not in types]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    places = list(zip(types, schemas, strict=True))

    def schema_of(shape: object) -> Json:
        return next(written for known, written in places if known == shape)

    queries = {found.query.__name__ for found in described if found.query}  # stand as parameters
    return {name: told for name, told in components.items() if name not in queries}, schema_of


def _operation(
    app: Flask, rule: Rule, method: str, found: Description, schema_of: Callable[[object], Json]
) -> Json:
    view = app.view_functions[rule.endpoint]
    summary, _, more = (inspect.getdoc(view) or "").partition("\n\n")
    operation: Json = {
        "operationId": rule.endpoint if method == "GET" else f"{rule.endpoint}:{method.lower()}",
        "tags": [rule.endpoint.partition(".")[0].removesuffix("_api")],
        "summary": " ".join(summary.split()),
        "parameters": [*_path(rule), *_query(found, schema_of), *_headers(method)],
        "responses": _responses(method, found, schema_of),
        **_who_may(view),
    }
    if more:
        operation["description"] = " ".join(more.split())
    if found.body is not None:
        content = {"application/json": {"schema": schema_of(found.body)}}
        operation["requestBody"] = {"required": _has_required(found.body), "content": content}
    elif found.takes:
        operation["requestBody"] = {
            "required": True,
            "content": {found.takes: {"schema": {"type": "string"}}},
        }
    return operation


def _who_may(view: Callable[..., object]) -> Json:
    action: Action = view.action  # type: ignore[attr-defined]  # every route declares one
    if anyone in TABLE[action]:
        return {"security": []}
    return {"x-scope": SCOPES.get(action, Scope.READ).value}


def _path(rule: Rule) -> Iterator[Json]:
    for name, converter in rule._converters.items():
        kind = _PATH_TYPES.get(type(converter).__name__, {"type": "string"})
        yield {"name": name, "in": "path", "required": True, "schema": kind}


def _query(found: Description, schema_of: Callable[[object], Json]) -> Iterator[Json]:
    if found.query is None:
        return
    (written,), components = msgspec.json.schema_components([found.query], ref_template=REFERENCE)
    shape = components[written["$ref"].rpartition("/")[2]]
    for name, of_field in shape["properties"].items():
        required = name in shape.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": _without_null(of_field)}


def _without_null(written: Json) -> Json:
    """A query string has no null: what is absent is absent."""
    choices = [one for one in written.get("anyOf", ()) if one != {"type": "null"}]
    kept = {name: value for name, value in written.items() if name not in ("anyOf", "default")}
    if len(choices) == 1:
        return {**kept, **choices[0]}
    return {**kept, "anyOf": choices} if choices else written


def _headers(method: str) -> Iterator[Json]:
    key = {"type": "string", "maxLength": 200, "pattern": "^[ -~]*$"}
    if method == "POST":
        yield {"name": "Idempotency-Key", "in": "header", "required": False, "schema": key}
    if method == "PATCH":
        tag = {"type": "string", "pattern": '^("[0-9]{1,9}"|\\*)$'}
        yield {"name": "If-Match", "in": "header", "required": False, "schema": tag}


def _responses(method: str, found: Description, schema_of: Callable[[object], Json]) -> Json:
    good: Json = {"description": "Done"}
    if found.items is not None:
        entries = {"type": "array", "items": schema_of(found.items)}
        shape = {"type": "object", "properties": {"items": entries}, "required": ["items"]}
        good["content"] = {"application/json": {"schema": shape}}
        good["headers"] = {
            "Link": {"schema": {"type": "string"}, "description": 'The next page: rel="next"'}
        }
    elif found.gives:
        good["content"] = {found.gives: {"schema": {"type": "string"}}}
    elif found.answer is not None:
        good["content"] = {"application/json": {"schema": schema_of(found.answer)}}
    problem = {"application/problem+json": {"schema": schema_of(Problem)}}
    answers = {str(found.status): good, "default": {"description": "Why not", "content": problem}}
    if method == "GET":
        answers["304"] = {"description": "It is still what the ETag stands for"}
    return answers


@functools.cache
def _has_required(shape: type[msgspec.Struct]) -> bool:
    return any(field.required for field in msgspec.structs.fields(shape))
