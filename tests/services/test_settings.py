"""Settings: what the environment may say, and the sentence when it says something else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import settings
from services.settings import Settings, WrongSettingError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def test_without_any_setting_everything_is_in_the_data_folder_of_the_working_directory(tmp_path: Path) -> None:
    found = settings.current()
    assert found.data_dir == tmp_path / "data"
    assert found.database_url == f"sqlite:///{tmp_path}/data/tocsin.db"
    assert found.is_sqlite
    assert not found.cookies_are_secure


def test_reading_settings_writes_nothing(tmp_path: Path) -> None:
    settings.current()
    assert list(tmp_path.iterdir()) == []


def test_a_relative_sqlite_file_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", "sqlite:///here/x.db")
    assert settings.current().database_url == f"sqlite:///{tmp_path}/here/x.db"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TOCSIN_PORT", "eighty", "integer"),
        ("TOCSIN_PORT", "70000", "65535"),
        ("TOCSIN_BASE_URL", "tocsin.example.org", "such as https://"),
        ("TOCSIN_BASE_URL", "https://example.org/tocsin", "without a path"),
        ("TOCSIN_BASE_URL", "https://x:abc", "a port with one from 1 to 65535"),
        ("TOCSIN_BASE_URL", "https://x:99999", "a port with one from 1 to 65535"),
        ("TOCSIN_BASE_URL", "https://x:0", "a port from 1 to 65535"),
        ("TOCSIN_BASE_URL", "https://[x", "such as https://"),
        ("TOCSIN_DATA_DIR", "/etc/passwd", "must be a folder, and /etc/passwd is none"),
        ("TOCSIN_DATA_DIR", "~nobody-has-this-name/x", "must be a folder"),
        ("TOCSIN_DATA_DIR", "x" * 5000, "must be a folder"),
        ("TOCSIN_DATABASE_URL", "mysql://localhost/tocsin", "postgresql://"),
        ("TOCSIN_DATABASE_URL", "sqlite://", "must name a file"),
        ("TOCSIN_TRUSTED_PROXIES", "10.0.0.0/8, nobody", "nobody"),
        ("TOCSIN_OUTGOING_ALLOW", "10.0.0.0/8, intranet", "intranet"),
        ("TOCSIN_PREVIOUS_SECRET_KEY", "short", "at least 32"),
        ("TOCSIN_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("TOCSIN_SECRET_KEY", "short", "at least 32"),
        ("TOCSIN_RAW_PAYLOAD_DAYS", "0", "greater than or equal to 1"),
        ("TOCSIN_RAW_PAYLOAD_DAYS", "800000", "less than or equal to 36500"),
        ("TOCSIN_AUDIT_DAYS", "36501", "less than or equal to 36500"),
        ("TOCSIN_ENDED_DAYS", "36501", "less than or equal to 36500"),
        ("TOCSIN_SECURE_COOKIES", "perhaps", "boolean"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettingError) as refusal:
        settings.current()
    assert refusal.value.message.startswith(f"{name}: ")
    assert said in refusal.value.message
    assert not refusal.value.message.endswith("..")


def test_a_wrong_secret_is_not_repeated_in_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SECRET_KEY", "hunter2")
    with pytest.raises(WrongSettingError) as refusal:
        settings.current()
    assert "hunter2" not in refusal.value.message


def test_several_web_processes_are_refused_on_sqlite_and_taken_on_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_WORKERS", "2")
    with pytest.raises(WrongSettingError, match="need PostgreSQL: a SQLite file has one writer") as refusal:
        settings.current()
    assert refusal.value.message.endswith("(TOCSIN_WORKERS=1).")
    monkeypatch.setenv("TOCSIN_DATABASE_URL", "postgresql://tocsin@db/tocsin")
    assert settings.current().workers == 2


def test_cookies_are_secure_when_the_address_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(base_url="https://tocsin.example.org/").cookies_are_secure
    assert not Settings(base_url="https://tocsin.example.org", secure_cookies=False).cookies_are_secure
    assert Settings(base_url="https://Tocsin.example.org/").base_url == "https://tocsin.example.org"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::1", "http://[::1]:8123"),
        ("lan", "http://lan:8123"),
    ],
)
def test_without_an_address_links_lead_to_where_the_server_listens(monkeypatch: pytest.MonkeyPatch, host: str, address: str) -> None:
    monkeypatch.setenv("TOCSIN_HOST", host)
    monkeypatch.setenv("TOCSIN_PORT", "8123")
    assert settings.current().base_url == address
    monkeypatch.setenv("TOCSIN_BASE_URL", "https://tocsin.example.org")
    settings.current.cache_clear()
    assert settings.current().base_url == "https://tocsin.example.org"


def test_trusted_proxies_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TRUSTED_PROXIES", "10.0.0.0/8, ::1,")
    assert [str(network) for network in settings.current().trusted_proxies] == ["10.0.0.0/8", "::1/128"]


def test_a_misspelt_setting_is_found_with_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABSE_URL", "sqlite:///x.db")
    monkeypatch.setenv("TOCSIN_TEST_LONG", "1")
    assert settings.unknown() == {"TOCSIN_DATABSE_URL": "TOCSIN_DATABASE_URL"}


def test_every_setting_says_what_it_is_for() -> None:
    assert all(len(field.description or "") > 20 for field in Settings.model_fields.values())


def test_the_key_file_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    key = settings.secret_key()
    path = tmp_path / "data" / "secret.key"
    assert len(key) >= 32
    assert settings.secret_key() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


def test_a_data_folder_that_cannot_hold_the_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATA_DIR", "/proc/nope")
    with pytest.raises(WrongSettingError, match=r"^TOCSIN_DATA_DIR: the key file /proc/nope/secret\.key cannot be made or read: "):
        settings.secret_key()


def test_a_given_key_is_used_and_no_file_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOCSIN_SECRET_KEY", "k" * 40)
    assert settings.secret_key() == b"k" * 40
    assert not (tmp_path / "data").exists()
