"""What the environment says about this installation: every `TOCSIN_` variable, its meaning and its default."""

import difflib
import os
import re
import secrets
from collections.abc import Iterator
from email.utils import parseaddr
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from services.errors import RefusedError

PREFIX = "TOCSIN_"
_TEST_VARIABLES = frozenset({"TOCSIN_TEST_LONG"})
MASK = "********"
_PASSWORDS = (re.compile(r"^([^:]+://[^:/@]*:).+(?=@)"), re.compile(r"([?&]\w*password=)[^&]+"))
_MOST_DAYS = 36_500  # a hundred years: more is a slip, and times so far back cannot be reckoned
_POSTGRESQL_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


class WrongSettingError(RefusedError):
    """A variable of the environment has a value that Tocsin cannot use; the message names it and says what would be right."""

    status = 500
    title = "Wrong setting"


class Settings(BaseSettings):
    """The settings of this process. Read once; a change needs a restart."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(
        default=Path("data"),
        validate_default=True,
        description="Folder for what Tocsin writes: the SQLite file and the key file. Made at the first start. A relative path starts at "
        "the working directory.",
    )
    database_url: str = Field(
        default="",
        description="Address of the database: `postgresql://user:password@host/name` or `sqlite:////absolute/path.db`. "
        "Default: the file `tocsin.db` in the data folder.",
    )
    base_url: str = Field(
        default="",
        description="Address at which people and senders reach Tocsin, without a path. Links that leave Tocsin begin with it, and pages "
        "may connect from it as well as from the host that they were loaded from. Default: `http://` with TOCSIN_HOST and TOCSIN_PORT.",
    )
    host: str = Field(
        default="127.0.0.1", description="Address that `tocsin serve` listens on. `0.0.0.0` for every network of the machine."
    )
    port: int = Field(default=8000, ge=1, le=65535, description="Port that `tocsin serve` listens on.")
    workers: int = Field(default=1, ge=1, le=64, description="Web processes of `tocsin serve`. More than one needs PostgreSQL.")
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret of at least 32 characters, the same for all processes of an installation. Default: a random one, kept in the "
        "file `secret.key` of the data folder.",
    )
    previous_secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="The secret key before the last change of it: what was encrypted with it can still be read. Without it, channels whose "
        "address or secret was encrypted with another key say so and send nothing until it is entered again or renewed.",
    )
    secure_cookies: bool | None = Field(
        default=None,
        description="Whether browsers send the session cookie over TLS only. Default: yes when TOCSIN_BASE_URL begins with https.",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description="Networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, with commas between them, "
        "such as `10.0.0.0/8, ::1`.",
    )
    outgoing_allow: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description="Networks that Tocsin may call beside public addresses, with commas between them, such as `10.20.0.0/16, 127.0.0.1`: "
        "where webhooks of your own network listen. Without it, addresses of private networks and of this machine are refused.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server: `smtp://user:password@host:587` (TLS by STARTTLS where the server offers it) or `smtps://…:465`. "
        "Percent-encode special characters. Without it nothing is mailed.",
    )
    mail_from: str = Field(
        default="",
        description="Sender of the mails, such as `Tocsin <tocsin@example.org>`. Default: `tocsin@` with the host of TOCSIN_BASE_URL.",
    )
    oidc_issuer: str = Field(
        default="",
        description="Issuer of a provider of OpenID Connect by which people may sign in beside their password, as the provider writes it, "
        "such as `https://login.example.org/realms/main`. Needs TOCSIN_OIDC_CLIENT_ID.",
    )
    oidc_client_id: str = Field(default="", description="What the provider calls Tocsin.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Secret that the provider gave for Tocsin. Without it Tocsin is a public client, with PKCE alone."
    )
    oidc_name: str = Field(
        default="OpenID Connect", max_length=40, description="What the provider is called on the sign-in page: “Sign in with …”."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Bearer token, of at least 16 characters, that opens `/-/metrics` to other machines. "
        "Without it only this machine may read them.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="How a log line is written: for people, or as one JSON object."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important log lines that are written."
    )
    raw_payload_days: int = Field(
        default=30, ge=1, le=_MOST_DAYS, description="Days for which what senders sent is kept word by word, at most 36,500."
    )
    audit_days: int = Field(default=400, ge=1, le=_MOST_DAYS, description="Days for which audit entries are kept, at most 36,500.")
    ended_days: int = Field(
        default=30,
        ge=1,
        le=_MOST_DAYS,
        description="Days for which ended sessions, used or expired links, finished jobs and messages to channels are kept, at most "
        "36,500.",
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        try:
            found = path.expanduser().absolute()
            is_other = found.exists() and not found.is_dir()
        except (OSError, RuntimeError) as error:  # RuntimeError: a home of nobody
            raise ValueError(f"must be a folder; {path} cannot be looked at: {getattr(error, 'strerror', None) or error}") from error
        if is_other:
            raise ValueError(f"must be a folder, and {found} is none")
        return found

    @field_validator("base_url")
    @classmethod
    def _origin(cls, url: str) -> str:
        if not url:
            return url  # made of host and port, below
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError as error:
            raise ValueError("must be an address such as https://tocsin.example.org, if it has a port with one from 1 to 65535") from error
        if port == 0:
            raise ValueError("must have a port from 1 to 65535, or none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("must be an address without a path, such as https://tocsin.example.org")
        if parts.username or parts.password:
            raise ValueError("must not hold a user or a password")
        return f"{parts.scheme}://{parts.netloc}".lower()

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value().strip():
            return None
        try:
            parts = urlsplit(url.get_secret_value().strip())
            is_right = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0 and parts.path in ("", "/")
        except ValueError:
            is_right = False
        if not is_right:
            raise ValueError("must be an address such as smtp://user:password@mail.example.org:587")
        return SecretStr(url.get_secret_value().strip())

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, sender: str) -> str:
        address = parseaddr(sender)[1]
        if sender and not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            raise ValueError("must be an address such as tocsin@example.org, or Tocsin <tocsin@example.org>")
        return sender

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, url: str) -> str:
        if url and (not is_private_address(url) or "?" in url or "#" in url):
            raise ValueError("must be an https address such as https://login.example.org; http is for this machine alone")
        return url

    @field_validator("trusted_proxies", "outgoing_allow", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
        except ValueError as error:
            raise ValueError(f"must be addresses or networks with commas between them, such as 10.0.0.0/8: {error}") from error

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://{_reachable(self.host)}:{self.port}")
        object.__setattr__(self, "database_url", _database_address(self.database_url.strip(), self.data_dir))
        if bool(self.oidc_issuer) is not bool(self.oidc_client_id):
            raise ValueError("TOCSIN_OIDC_ISSUER and TOCSIN_OIDC_CLIENT_ID: both or neither must be set")
        if self.workers > 1 and self.is_sqlite:
            raise ValueError(several_on_sqlite(self.workers))
        return self

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file that one web process holds."""
        return self.database_url.startswith("sqlite")

    @property
    def cookies_are_secure(self) -> bool:
        """Whether the session cookie is for TLS alone."""
        return self.base_url.startswith("https:") if self.secure_cookies is None else self.secure_cookies


def is_private_address(url: str) -> bool:
    """Whether nobody on the way reads what is sent to this address: it is https, or this machine's own."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost")))


def names_database(url: str) -> str:
    """The variable that says where this database is: the data folder's, while it is the file that is there by default."""
    is_default = url == _database_address("", current().data_dir)
    return variable("data_dir" if is_default else "database_url")


def several_on_sqlite(workers: int) -> str:
    """The sentence that refuses several web processes on SQLite."""
    return (
        f"TOCSIN_WORKERS: {workers} web processes need PostgreSQL: a SQLite file has one writer, and a page in one process would not "
        "hear of a change made in another. Set TOCSIN_DATABASE_URL to a postgresql:// address, or start one process (TOCSIN_WORKERS=1)."
    )


def _reachable(host: str) -> str:
    """The host as it stands in an address; a server that listens everywhere is reached on this machine, too."""
    if host in ("0.0.0.0", "::"):  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _database_address(url: str, data_dir: Path) -> str:
    """The address with an absolute path for SQLite. Raises: ValueError with what would be right."""
    if not url:
        return f"sqlite:///{data_dir / 'tocsin.db'}"
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        name, mark, query = rest.removeprefix("/").partition("?")
        if not rest.startswith("/") or not name or name == ":memory:":
            raise ValueError("TOCSIN_DATABASE_URL: must name a file, such as sqlite:////var/lib/tocsin/tocsin.db")
        return f"sqlite:///{Path(name).absolute()}{mark}{query}"
    if scheme not in _POSTGRESQL_SCHEMES or not rest:
        raise ValueError("TOCSIN_DATABASE_URL: must begin with postgresql:// or sqlite:///")
    return url


@lru_cache(maxsize=1)
def current() -> Settings:
    """The settings of this process. Raises: WrongSettingError, which names each variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        raise WrongSettingError(" ".join(_complaints(error))) from error
    except SettingsError as error:
        raise WrongSettingError(f"A setting cannot be read: {error}.") from error


def _complaints(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        said = each["msg"].removeprefix("Value error, ").removesuffix(".")
        if each["loc"]:
            yield f"{variable(str(each['loc'][0]))}: {said}."
        else:
            yield f"{said}."


def variable(name: str) -> str:
    """The name of a setting as the environment has it."""
    return PREFIX + name.upper()


def unknown() -> dict[str, str]:
    """Variables of the environment that look like settings and are none, each with the setting that was meant or an empty text."""
    known = {variable(name) for name in Settings.model_fields}
    strange = [name for name in os.environ if name.startswith(PREFIX) and name not in known | _TEST_VARIABLES]
    return {name: next(iter(difflib.get_close_matches(name, known, 1)), "") for name in strange}


def shown() -> dict[str, str | None]:
    """The settings in force by the names of their variables, with secrets masked; None where one is not set and has no default."""
    found = current()
    return {variable(name): _shown(getattr(found, name)) for name in Settings.model_fields}


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    for password in _PASSWORDS:
        text = password.sub(rf"\1{MASK}", text)
    return text


def secret_key() -> bytes:
    """The secret of this installation, from the environment or from a file that only its owner may read, made at the first call.

    Raises: WrongSettingError when the data folder cannot hold that file.
    """
    given = current().secret_key
    if given is not None:
        return given.get_secret_value().encode()
    path = current().data_dir / "secret.key"
    try:
        if not path.exists():
            _write_new_key(path)
        return path.read_bytes().strip()
    except OSError as error:
        raise WrongSettingError(f"TOCSIN_DATA_DIR: the key file {path} cannot be made or read: {error.strerror}.") from error


def _write_new_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_urlsafe(48).encode() + b"\n")
    try:
        path.hardlink_to(draft)  # whole or not at all, and the first of several processes wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()
