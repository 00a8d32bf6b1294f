"""What of an OpenAPI document clients rely on, and which changes take it away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from node.portal.openapi import describe

SERVER = "https://node.vastedag.example/v1"
Document = Mapping[str, Any]


def published(app: FastAPI) -> dict[str, Any]:
    """The document as it is frozen: with one server for all nodes."""
    return describe(app, SERVER)


def breaking(old: Document, new: Document) -> list[str]:
    """Every change by which a client of the old document may fail with the new one."""
    return list(_paths(old, new))


def _paths(old: Document, new: Document) -> Iterator[str]:
    for path, operations in old["paths"].items():
        for method, operation in operations.items():
            found = new["paths"].get(path, {}).get(method)
            where = f"{method.upper()} {path}"
            if found is None:
                yield f"{where}: gone"
                continue
            yield from _asked(where, operation, found, old, new)
            for status, answer in operation["responses"].items():
                other = found["responses"].get(status)
                if other is None:
                    yield f"{where}: answers {status} no more"
                    continue
                for kind, content in answer.get("content", {}).items():
                    theirs = other.get("content", {}).get(kind)
                    if theirs is None:
                        yield f"{where}: answers {status} no more as {kind}"
                    else:
                        yield from _told(
                            f"{where} {status}",
                            _schema(content, old),
                            _schema(theirs, new),
                            old,
                            new,
                        )


def _asked(where: str, old: Document, new: Document, was: Document, now: Document) -> Iterator[str]:
    before = {(each["in"], each["name"]) for each in old.get("parameters", [])}
    for each in new.get("parameters", []):
        if each.get("required") and (each["in"], each["name"]) not in before:
            yield f"{where}: asks for the parameter {each['name']}"
    for kind, content in old.get("requestBody", {}).get("content", {}).items():
        theirs = new.get("requestBody", {}).get("content", {}).get(kind)
        if theirs is None:
            yield f"{where}: takes {kind} no more"
            continue
        needed = set(_schema(content, was).get("required", []))
        for name in sorted(set(_schema(theirs, now).get("required", [])) - needed):
            yield f"{where}: asks for the member {name}"


def _told(where: str, old: Document, new: Document, was: Document, now: Document) -> Iterator[str]:
    if old.get("type") != new.get("type"):
        yield f"{where}: was {old.get('type')}, is {new.get('type')}"
    for name, member in old.get("properties", {}).items():
        theirs = new.get("properties", {}).get(name)
        if theirs is None:
            yield f"{where}: the member {name} is gone"
            continue
        member, theirs = _resolved(member, was), _resolved(theirs, now)
        if member.get("type") != theirs.get("type"):
            yield f"{where}: the member {name} has another type"
    for name in sorted(set(old.get("required", [])) - set(new.get("required", []))):
        yield f"{where}: the member {name} is no longer certain"


def _schema(content: Document, document: Document) -> Document:
    return _resolved(content.get("schema", {}), document)


def _resolved(schema: Document, document: Document) -> Document:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Document = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return found
