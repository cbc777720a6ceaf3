"""The page that shows the API's description to people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from app.api import bodies, plain_page, problems
from services import errors, timeline
from services.errors import RefusedError
from services.intake import NotStoredError

_STYLE = """
section.call{border:1px solid var(--line);border-radius:8px;padding:0 1rem 1rem;margin:1rem 0}
nav ul{columns:18rem;padding-left:1.2rem}
"""


def page(document: Mapping[str, Any]) -> bytes:
    """The page for an OpenAPI document."""
    calls = list(_calls(document))
    tags = list(dict.fromkeys(tag for tag, *_ in calls))
    body = [
        f"<h1>{escape(document['info']['title'])} API</h1>",
        f"<p>{_words(document['info']['description'])}</p>",
        '<p>The same for programs: <a href="/api/openapi.json">openapi.json</a>.</p>',
        '<nav aria-label="Contents"><ul>',
        *(f'<li><a href="#{_slug(method, path)}"><code>{method} {escape(path)}</code></a></li>' for _, method, path, _ in calls),
        '<li><a href="#shapes">Shapes</a></li><li><a href="#events">Events</a></li><li><a href="#problems">Problems</a></li>',
        "</ul></nav>",
    ]
    for tag in tags:
        body.append(f"<h2>{escape(tag.capitalize())}</h2>")
        body += [_call(method, path, call) for at, method, path, call in calls if at == tag]
    body.append('<h2 id="shapes">Shapes</h2>')
    body += [_shape(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    body += [_events(), _problems()]
    return plain_page.page("API", f"<main>{''.join(body)}</main>", _STYLE)


def _calls(document: Mapping[str, Any]) -> Iterable[tuple[str, str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, call in operations.items():
            yield (call.get("tags") or ["other"])[0], method.upper(), path, call


def _call(method: str, path: str, call: Mapping[str, Any]) -> str:
    parts = [f"<h3><code>{method} {escape(path)}</code></h3>", f"<p>{_words(call.get('description', ''))}</p>"]
    parameters = call.get("parameters", ())
    if parameters:
        rows = (
            (f"<code>{escape(each['name'])}</code>", escape(each["in"]), _kind(each["schema"]), _words(each.get("description", "")))
            for each in parameters
        )
        parts.append(_table(("Parameter", "In", "Type", "Meaning"), rows))
    schema = _of_content(call.get("requestBody", {}))
    if schema:
        parts.append(f"<p><b>Body</b> {_kind(schema)}. {_words(call['requestBody'].get('description', ''))}</p>")
    answers = (
        (f"<code>{status}</code>", _kind(_of_content(told)), _words(told["description"])) for status, told in call["responses"].items()
    )
    parts.append(_table(("Answer", "Type", "When"), answers))
    return f'<section class="call" id="{_slug(method, path)}">{"".join(parts)}</section>'


def _of_content(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((content.get("schema", {}) for content in part.get("content", {}).values()), {})


def _shape(name: str, schema: Mapping[str, Any], kind_of: str = "shape") -> str:
    required = set(schema.get("required", ()))
    rows = (
        (
            f"<code>{escape(field)}</code>{'' if field in required else ' <span class=soft>optional</span>'}",
            _kind(kind),
            _words(kind.get("description", "")),
        )
        for field, kind in schema.get("properties", {}).items()
    )
    if "properties" not in schema:
        return f'<h3 id="{_slug(kind_of, name)}">{escape(name)}</h3><p>{_words(schema.get("description", ""))} {_kind(schema)}</p>'
    return f'<h3 id="{_slug(kind_of, name)}">{escape(name)}</h3><p>{_words(schema.get("description", ""))}</p>' + _table(
        ("Field", "Type", "Meaning"), rows
    )


def _events() -> str:
    parts = ['<h2 id="events">Events</h2>', "<p>What <code>data</code> holds for each <code>type</code> of a line on the timeline.</p>"]
    for event_type, model in timeline.known_types():
        schema = model.model_json_schema(mode="serialization")
        schema["properties"] = {name: _with_words_of(kind, schema.get("$defs", {})) for name, kind in schema.get("properties", {}).items()}
        parts.append(_shape(event_type.value, schema, "event"))
    return "".join(parts)


def _with_words_of(kind: Mapping[str, Any], defined: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself where it only points to one that stands beside it."""
    if "anyOf" in kind:
        return {**kind, "anyOf": [_with_words_of(one, defined) for one in kind["anyOf"]]}
    name = kind.get("$ref", "").rpartition("/")[2]
    return {key: value for key, value in defined[name].items() if key != "description"} if name in defined else kind


KINDS: dict[type[RefusedError], str] = {
    RefusedError: "The request is not readable: no JSON, not UTF-8, or not what its headers say.",
    bodies.BadLengthError: "The declared length is no number.",
    errors.NotSignedInError: "No key and no session, or one that has ended. Send a live key.",
    errors.NotAllowedError: "The role of the key or person is too low, the integration is disabled, or a page of another site sent this.",
    errors.NotFoundError: "There is nothing at this address, or no such thing in this organisation.",
    problems.MethodRefusedError: "The address is there and takes other methods; `Allow` lists them.",
    bodies.SlowBodyError: "The body took too long to come.",
    errors.ConflictError: "Somebody was first, or the state does not allow the move. `allowed` lists the moves that it does.",
    errors.StaleError: "It has changed since the version in `If-Match`. Look again, then repeat.",
    errors.TooLargeError: "The body has more than 1 MiB, perhaps after it was unpacked.",
    bodies.UnknownEncodingError: "The body is packed in a way that is not understood.",
    errors.InvalidInputError: "A value is missing or wrong. `field` names the first, `errors` has a sentence for each.",
    errors.SlowDownError: "Too many tries. `Retry-After` says in how many seconds to come back.",
    errors.StorageBusyError: "The database is away or did not answer in time. Send the same again after `Retry-After` seconds.",
    NotStoredError: "An alert could not be stored for a reason that is ours. Send it again; the log says what happened.",
}
"""Every kind of problem, and what it means to whoever gets it."""


def _problems() -> str:
    parts = ['<h2 id="problems">Problems</h2>', "<p>What the <code>type</code> of a refusal stands for.</p>"]
    failed = (problems.FAILED, 500, "Something of ours failed. The log has a line with the `request_id` of the answer.")
    for title, status, meaning in (*((kind.title, kind.status, words) for kind, words in KINDS.items()), failed):
        slug = problems.type_of(title).partition("#")[2]
        parts.append(f'<h3 id="{slug}">{escape(title)} <span class="soft">{status}</span></h3><p>{_words(meaning)}</p>')
    return "".join(parts)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def _kind(schema: Mapping[str, Any]) -> str:
    """The type of a value, with links to shapes."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{_slug("shape", name)}">{escape(name)}</a>'
    for either in ("anyOf", "oneOf"):
        if either in schema:
            return " or ".join(_kind(each) for each in schema[either])
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    name = {"uuid": "id", "date-time": "time"}.get(schema.get("format", ""), schema.get("type", ""))
    return escape({"string": "text", "integer": "whole number", "boolean": "true or false"}.get(name, name))


def _words(text: str) -> str:
    """Plain words, with what stands between backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text.strip())).replace("\n\n", "</p><p>")


def _slug(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
