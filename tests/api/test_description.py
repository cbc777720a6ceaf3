"""The description of the API: all of it is there, nothing of it comes from outside, and what it says of problems is so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.api import application, problems, reference
from app.api.routes import Route
from services.errors import RefusedError

ROUTES = application.create()


def get(path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(ROUTES), base_url="http://tocsin.test") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    answer = get("/api/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def test_every_route_is_described(document: dict[str, Any]) -> None:
    described = {(path, method.upper()) for path, operations in document["paths"].items() for method in operations}
    there = {(route.path, method) for route in ROUTES.routes if isinstance(route, Route) for method in route.methods}
    hidden = {("/api/openapi.json", "GET"), ("/api/docs", "GET"), ("/help", "GET")}
    operating = {("/healthz", "GET"), ("/readyz", "GET"), ("/-/metrics", "GET")}
    assert described == (there - hidden) | {("/intake/{key}", "POST")} | operating


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    operations = [operation for each in document["paths"].values() for operation in each.values()]
    assert all(operation["description"] for operation in operations)
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))


def test_every_operation_of_the_api_needs_a_key_or_a_session(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path.startswith("/api/v1/"):
                assert operation["security"] == [{"key": []}, {"session": []}]
                assert {"401", "403", "503"} <= set(operation["responses"])
                for status, told in operation["responses"].items():
                    answered = "text/plain" if path.endswith(".txt") else "application/json"
                    kind = problems.MEDIA_TYPE if status >= "400" else answered
                    assert list(told["content"]) == [kind], (path, status)
    moves = document["paths"]["/api/v1/incidents/{number}/resolve"]["post"]["responses"]
    assert {"200", "400", "404", "409", "412", "413", "422"} <= set(moves)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("post", "/api/v1/services", "409"),
        ("post", "/api/v1/integrations", "409"),
        ("patch", "/api/v1/integrations/{id}", "409"),
        ("get", "/api/v1/services/{id}", "422"),
        ("get", "/api/v1/integrations/{id}", "422"),
        ("get", "/-/metrics", "401"),
        ("get", "/-/metrics", "403"),
    ],
)
def test_refusals_that_happen_are_described(document: dict[str, Any], method: str, path: str, status: str) -> None:
    told = document["paths"][path][method]["responses"][status]
    assert list(told["content"]) == [problems.MEDIA_TYPE]
    assert told["description"]


def test_every_shape_that_is_named_is_there(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([\w.-]+)", str(document)))
    assert named <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_page_shows_every_route_and_loads_nothing(document: dict[str, Any]) -> None:
    answer = get("/api/docs")
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in page
    assert not re.findall(r"<(?:script|link|img|iframe)\b|@import|url\(|\bsrc=", page)
    assert "http://" not in page
    assert not [link for link in re.findall(r'href="([^"]+)"', page) if not link.startswith(("#", "/api/"))]
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in re.findall(r'href="(#[^"]+)"', page)} <= set(ids)


def below(kind: type[RefusedError]) -> Iterator[type[RefusedError]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def test_every_kind_of_problem_is_explained_where_its_type_leads() -> None:
    page = get("/api/docs").text
    told = {kind.title: kind.status for kind in reference.KINDS} | {problems.FAILED: 500}
    for title in told:
        assert f'id="{problems.type_of(title).partition("#")[2]}"' in page
    for kind in {RefusedError, *below(RefusedError)}:
        if kind.__module__.startswith(("services.errors", "services.intake", "app.api")):  # others stop a command or the start
            assert told.get(kind.title) == kind.status, kind
