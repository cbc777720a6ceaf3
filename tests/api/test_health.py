"""Alive, ready, and the figures: what a probe and a scraper are told, and who may scrape."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api import application
from services import database, engine, jobs, people, settings
from services.database import Storage
from services.errors import StorageBusyError

TOKEN = "scraper-token-of-the-test"
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page bundle that is there."""
    page = tmp_path / "bundle" / "build" / "client" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<html></html>")
    monkeypatch.setenv("REFLEX_WEB_WORKDIR", str(tmp_path / "bundle"))
    return page


@pytest.fixture
def well(storage: Storage, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All parts are well."""
    monkeypatch.setattr(engine, "_last_cycle", time.monotonic())


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TOCSIN_METRICS_TOKEN", TOKEN)
    settings.current.cache_clear()
    yield TOKEN
    settings.current.cache_clear()


def client(host: str = "127.0.0.1", port: int = 50000) -> TestClient:
    """A client that asks from this address; one that a trusted proxy named has port 0."""
    return TestClient(application.create(), client=(host, port))


def ill(answer: dict[str, Any]) -> set[str]:
    return {name for name, part in answer["parts"].items() if not part["well"]}


def test_a_process_that_answers_is_alive_whatever_its_parts_are() -> None:
    answer = client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_process_whose_parts_are_well_is_ready(well: None) -> None:
    answer = client().get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "ready"
    assert set(answer.json()["parts"]) == {"database", "engine", "bundle"}


def test_a_database_that_is_away_is_named(well: None) -> None:
    database.use(AWAY)
    answer = client().get("/readyz")
    assert answer.status_code == 503
    assert ill(answer.json()) == {"database"}
    assert answer.json()["parts"]["database"]["detail"] == "The database does not answer."


def test_a_full_disk_is_named_until_something_can_be_stored_again(
    new_database: Callable[[str], str], bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads alone would say that all is well."""
    monkeypatch.setattr(engine, "_last_cycle", time.monotonic())
    database.use(new_database("sqlite"))
    system = people.create_organisation("Northwind")

    def store() -> None:
        with database.write(system.tenant_id) as tx:
            jobs.add(tx, "note", {"long": "x" * 100_000}, tx.now)

    def give_pages(count: int) -> None:
        database.storage()._writer_connection().connection.driver_connection.execute(f"PRAGMA max_page_count = {count}")  # type: ignore[union-attr]

    try:
        give_pages(1)  # as many as there are
        with pytest.raises(StorageBusyError, match="its disk may be full"):
            store()
        answer = client().get("/readyz")
        assert (answer.status_code, ill(answer.json())) == (503, {"database"})
        assert "its disk may be full" in answer.json()["parts"]["database"]["detail"]
        give_pages(1_000_000)
        store()
        assert client().get("/readyz").status_code == 200
    finally:
        database.use(None)


@pytest.mark.parametrize(("age", "word"), [(None, "yet"), (100.0, "100 seconds ago")])
def test_an_engine_that_stands_still_is_named(well: None, monkeypatch: pytest.MonkeyPatch, age: float | None, word: str) -> None:
    monkeypatch.setattr(engine, "_last_cycle", None if age is None else time.monotonic() - age)
    answer = client().get("/readyz")
    assert answer.status_code == 503
    assert ill(answer.json()) == {"engine"}
    assert word in answer.json()["parts"]["engine"]["detail"]


def test_a_bundle_that_is_not_there_is_named(well: None, bundle: Path) -> None:
    bundle.unlink()
    answer = client().get("/readyz")
    assert answer.status_code == 503
    assert ill(answer.json()) == {"bundle"}


def test_all_that_is_ill_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_last_cycle", None)
    monkeypatch.delenv("REFLEX_WEB_WORKDIR", raising=False)
    database.use(AWAY)
    try:
        assert ill(client().get("/readyz").json()) == {"database", "engine", "bundle"}
    finally:
        database.use(None)


def test_the_figures_tell_of_jobs_engine_and_database(well: None) -> None:
    system = people.create_organisation("Northwind")
    with database.write(system.tenant_id) as tx:
        jobs.add(tx, "note", {}, tx.now)
    engine.claim("w", 1)
    answer = client().get("/-/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    figures = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert figures['tocsin_jobs{status="running"}'] == "1.0"
    assert figures['tocsin_jobs{status="pending"}'] == "1.0", "the organisation's daily one"
    assert figures["tocsin_database_up"] == "1.0"
    assert float(figures["tocsin_database_ping_seconds"]) > 0
    assert float(figures["tocsin_engine_cycle_age_seconds"]) < 60
    assert "tocsin_intake_queue_depth" in figures
    assert 'tocsin_intake_requests_total{result="busy"}' in figures


def test_the_figures_are_there_when_the_database_is_not() -> None:
    database.use(AWAY)
    try:
        answer = client().get("/-/metrics")
    finally:
        database.use(None)
    assert answer.status_code == 200
    assert "\ntocsin_database_up 0.0\n" in answer.text
    assert "tocsin_jobs{" not in answer.text


def allowed(answer: Any) -> bool:
    assert answer.status_code in (200, 401, 403)
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "tocsin_" not in answer.text
    return bool(answer.status_code == 200)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_scrape(storage: Storage, host: str) -> None:
    assert allowed(client(host).get("/-/metrics"))


@pytest.mark.parametrize("host", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.7", "testclient", ""])
def test_another_machine_may_not(host: str) -> None:
    assert not allowed(client(host).get("/-/metrics"))
    assert client(host).get("/-/metrics").status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_request_that_an_untrusted_proxy_of_this_machine_passed_on_may_not(header: str) -> None:
    """The proxy asks from this machine; whoever asked the proxy need not."""
    assert not allowed(client().get("/-/metrics", headers={header: "127.0.0.1"}))


def test_a_request_that_a_trusted_proxy_passed_on_counts_by_whom_it_names(storage: Storage) -> None:
    named = {"X-Forwarded-For": "whoever"}  # what it says stands in the client's address by now
    assert allowed(client("127.0.0.1", 0).get("/-/metrics", headers=named))
    assert not allowed(client("192.0.2.7", 0).get("/-/metrics", headers=named))


def test_the_token_opens_the_figures_to_another_machine(storage: Storage, token: str) -> None:
    stranger = client("192.0.2.7")
    assert allowed(stranger.get("/-/metrics", headers={"Authorization": f"Bearer {token}"}))
    assert allowed(stranger.get("/-/metrics", headers={"Authorization": f"bearer {token}"}))
    assert allowed(client().get("/-/metrics")), "this machine needs none"


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xe4"])
def test_a_wrong_token_does_not(token: str, said: str) -> None:
    answer = client("192.0.2.7").get("/-/metrics", headers={"Authorization": said.encode("latin-1")})
    assert not allowed(answer)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
