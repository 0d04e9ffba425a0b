"""What programs may ask of this server, as an OpenAPI 3.1 description: made from what there is, so it cannot lag."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response

from catalog import __version__
from catalog.exports import exports
from server.public.examples import Example, Parameter, examples
from server.public.languages import choice
from server.public.limits import limits_sentence
from server.public.named import SHORT, runs_as
from server.public.responses import conditional
from server.public.site import etag, release, site
from server.query.formats import FORMATS, Format, shape_of
from server.query.lexer import query_kind

blueprint = Blueprint("openapi", __name__)

PROBLEM = {"$ref": "#/components/responses/Problem"}
JSON_TYPE = "application/json"
TEXT = {"schema": {"type": "string"}}


@blueprint.get("/api/openapi.json")
def openapi() -> Response:
    """The description of the API."""
    return conditional(
        etag("openapi"), JSON_TYPE, lambda: json.dumps(description(), ensure_ascii=False, indent=1)
    )


def description() -> dict[str, Any]:
    """The whole description, for the current release and settings."""
    current = site()
    title, _ = choice(current.title, "en")
    paths: dict[str, Any] = {
        "/sparql": _sparql(),
        "/sparql/cancel": {"post": _cancel()},
        "/sparql/words.json": {
            "get": _get("editorWords", "What the editor completes", {JSON_TYPE: _object()})
        },
        "/cite": {"post": _cite()},
        "/cite/{id}.json": {
            "get": _get(
                "citation",
                "A cited query, its answer then, and what today's release answers",
                {JSON_TYPE: {"schema": {"$ref": "#/components/schemas/Citation"}}},
                [_path("id", {"type": "string", "pattern": "^[a-z2-7]{16}$"}, "aaaaaaaaaaaaaaaa")],
                tag="Citations",
            )
        },
        "/record/{id}.{extension}": {
            "get": _get(
                "record",
                "The metadata of a record",
                {item.media_type: TEXT for item in exports().values()},
                [
                    _path("id", {"type": "string", "pattern": "^[0-9a-z][0-9a-z-]{0,63}$"}, _some_record()),
                    _path("extension", {"enum": [item.extension for item in exports().values()]}, "ttl"),
                ],
                tag="Records",
            )
        },
        "/healthz": {
            "get": _get("health", "Whether the catalog answers", {JSON_TYPE: _object()}, tag="Service")
        },
    }
    for example in examples():
        paths[f"/q/{example.name}.{{extension}}"] = {"get": _named(example)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
            "description": f"{limits_sentence(current.limits)} An answer is whole or it is an error.",
            "license": {"name": "Metadata", "url": current.metadata_license},
        },
        "servers": [{"url": release().base}],
        "paths": paths,
        "components": {"schemas": _schemas(), "responses": {"Problem": _problem()}},
    }


def _named(example: Example) -> dict[str, Any]:
    formats = runs_as(example)
    shape = shape_of(query_kind(example.query))
    extensions = sorted(
        {name for item in formats for name in (item.extension, item.name)} | set(SHORT[shape])
    )
    parameters = [
        _path("extension", {"type": "string", "enum": extensions}, "csv" if shape == "rows" else "ttl"),
        *map(_parameter, example.parameters),
    ]
    operation = _get(
        example.name, example.title.get("en", example.name), _media(formats), parameters, tag="Queries"
    )
    operation["description"] = example.description.get("en", "")
    operation["externalDocs"] = {"url": f"{release().base}/q/{example.name}"}
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = dict(parameter.kind.schema)
    if parameter.default:
        schema["default"] = parameter.default
    found: dict[str, Any] = {"name": parameter.name, "in": "query", "required": False, "schema": schema}
    words = f" One of: {', '.join(parameter.kind.choices)}." if parameter.kind.choices else ""
    default = f" Default: {parameter.default}." if parameter.default else " Any, when not given."
    found["description"] = parameter.title.get("en", parameter.name) + "." + words + default
    if parameter.default:
        found["example"] = parameter.default
    return found


def _sparql() -> dict[str, Any]:
    query = {"type": "string", "minLength": 1, "maxLength": site().limits.query_bytes}
    example = "SELECT ?element (COUNT(*) AS ?n) { ?s <https://w3id.org/xafscat/ns#element> ?element } GROUP BY ?element"
    graphs = [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "array", "items": {"type": "string", "format": "iri"}},
        }
        for name in ("default-graph-uri", "named-graph-uri")
    ]
    names = [item.name for item in FORMATS]
    form = {
        "type": "object",
        "required": ["query"],
        "properties": {"query": query, "format": {"enum": names}},
    }
    get = _get(
        "sparqlGet",
        "Answer a SPARQL query",
        _media(FORMATS),
        [
            {"name": "query", "in": "query", "required": True, "schema": query, "example": example},
            {"name": "format", "in": "query", "schema": {"type": "string", "enum": names}},
            *graphs,
        ],
        tag="SPARQL",
    )
    post = _get("sparqlPost", "Answer a SPARQL query that is sent as a body", _media(FORMATS), tag="SPARQL")
    post["requestBody"] = {
        "required": True,
        "content": {
            "application/sparql-query": {"schema": query, "example": example},
            "application/x-www-form-urlencoded": {"schema": form, "example": {"query": example}},
        },
    }
    return {"get": get, "post": post}


def _cancel() -> dict[str, Any]:
    operation = _get("cancel", "Kill the query that runs under a word", {JSON_TYPE: _object()}, tag="SPARQL")
    operation["responses"]["404"] = {"description": "No such query runs", "content": {JSON_TYPE: _object()}}
    operation["parameters"] = [
        {
            "name": "X-Query-Id",
            "in": "header",
            "required": True,
            "description": "The word that the query's own request has in the same header: 32 to 64 letters and digits.",
            "schema": {"type": "string", "pattern": "^[0-9A-Za-z-]{32,64}$"},
        }
    ]
    return operation


def _cite() -> dict[str, Any]:
    body = {JSON_TYPE: {"schema": {"$ref": "#/components/schemas/Cited"}}}
    operation = _get("cite", "Keep a query, its release and its answer", body, tag="Citations")
    operation["responses"]["201"] = {"description": "Kept; Location says where", "content": body}
    operation["responses"]["303"] = {"description": "For a browser: the page of the citation"}
    operation["requestBody"] = {
        "required": True,
        "content": {
            "application/sparql-query": {"schema": {"type": "string"}, "example": "ASK { ?s ?p ?o }"},
        },
    }
    return operation


def _get(
    identifier: str,
    summary: str,
    content: dict[str, Any],
    parameters: Iterable[dict[str, Any]] = (),
    *,
    tag: str = "SPARQL",
) -> dict[str, Any]:
    return {
        "operationId": identifier,
        "summary": summary,
        "tags": [tag],
        "parameters": list(parameters),
        "responses": {"200": {"description": "The whole answer", "content": content}, "default": PROBLEM},
    }


def _path(name: str, schema: dict[str, Any], example: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": example}


def _media(formats: Iterable[Format]) -> dict[str, Any]:
    return {item.media_type: _object() if item.media_type.endswith("json") else TEXT for item in formats}


def _object() -> dict[str, Any]:
    return {"schema": {"type": ["object", "array"]}}


def _some_record() -> str:
    return next((entry.id for entry in release().latest(1)), "0")


def _problem() -> dict[str, Any]:
    return {
        "description": "A refusal or an error, with a stable code (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _schemas() -> dict[str, Any]:
    row = {"type": "array", "items": {"type": ["object", "null"]}}
    rows = {"type": ["array", "null"], "items": row}
    facts = {
        "id": {"type": "string", "format": "iri"},
        "made": {"type": "string", "format": "date-time"},
        "release": {"type": "integer"},
        "release_hash": {"type": "string"},
        "query": {"type": "string"},
        "kind": {"type": "string"},
        "total": {"type": "integer"},
        "digest": {"type": "string"},
        "cite_as": {"type": "string"},
    }
    today = {
        "release": {"type": "integer"},
        "same": {"type": ["boolean", "null"]},
        "added": rows,
        "gone": rows,
        "problem": {"type": ["string", "null"]},
    }
    problem = {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    }
    more = {
        "columns": {"type": "array", "items": {"type": "string"}},
        "rows": rows,
        "withheld": {"type": "integer"},
        "today": {"type": "object", "required": list(today), "properties": today},
    }
    return {
        "Problem": {"type": "object", "required": list(problem), "properties": problem},
        "Cited": {"type": "object", "required": list(facts), "properties": facts},
        "Citation": {"type": "object", "required": [*facts, *more], "properties": {**facts, **more}},
    }
