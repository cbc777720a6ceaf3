"""Commands that make organisations, people, integrations and keys. They act as the organisation's own system, and are audited."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.vocabulary import IntegrationKind, Role
from services.errors import ConflictError, InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from services.access import Actor

DEFAULT_TENANT = ("Default", "default")

Tenant = Annotated[str | None, typer.Option(help="Slug of the organisation; needed where there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(cli: typer.Typer) -> None:
    """Make these commands known."""
    for command in (create_tenant, create_user, create_integration, create_api_key, reset_link):
        cli.command()(command)


def create_tenant(
    slug: Annotated[str, typer.Option(help="Short name: a to z, 0 to 9 and dashes.")],
    name: Annotated[str, typer.Option(help="What the organisation is called.")],
    as_json: AsJson = False,
) -> None:
    """Make an organisation."""
    from services import people

    _open()
    system = people.create_organisation(name, slug)
    _tell(as_json, {"id": str(system.tenant_id), "slug": slug, "name": name}, f"Made the organisation {name} ({slug}).")


def create_user(
    email: Annotated[str, typer.Option(help="Address that the person signs in with.")],
    name: Annotated[str, typer.Option(help="What the person is called.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    tenant: Tenant = None,
    handle: Annotated[str | None, typer.Option(help="For mentions, as in @alice. [default: made of the name]")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Take the password from the first line of the input.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a person. In an empty database the organisation `default` is made, too."""
    from services import account_input, people

    _open()
    password = _first_line() if password_stdin else None
    account_input.check_person(
        email=email, name=name, handle=handle, password=password, timezone=None
    )  # before an organisation is made for them
    system = _system(tenant, or_make=True)
    person = people.create_person(system, email=email, name=name, role=role, handle=handle, password=password)
    made = {"id": str(person.id), "email": person.email, "name": person.name, "handle": person.handle, "role": person.role.value}
    how = "" if password_stdin else f" They have no password yet: tocsin reset-link --email {person.email}"
    _tell(as_json, made, f"Made {person.name} (@{person.handle}), {person.role}.{how}")


def create_integration(
    kind: Annotated[IntegrationKind, typer.Option(help="What sends the alerts.")],
    name: Annotated[str, typer.Option(help="What the integration is called.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Make an integration and print the address that alerts are sent to. It is shown once."""
    from services import integrations

    _open()
    made = integrations.create(_system(tenant), kind, name)
    _tell(as_json, {"id": str(made.id), "kind": made.kind.value, "key": made.key, "url": made.url}, made.url)


def create_api_key(
    name: Annotated[str, typer.Option(help="What the key is for; its service account is called so.")],
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Make a key for the API and print it. It is shown once."""
    from services import api_keys

    _open()
    made = api_keys.create(_system(tenant), name, role)
    _tell(as_json, {"id": str(made.id), "token": made.token}, made.token)


def reset_link(email: Annotated[str, typer.Option(help="Address of the person who lost their password.")], as_json: AsJson = False) -> None:
    """Print a link with which a person gives themselves a password. It works once, for 24 hours, or for 7 days where it is the first."""
    from services import one_time_links

    _open()
    url = one_time_links.password_address(one_time_links.make_password_link_by_email(email).token)
    _tell(as_json, {"url": url}, url)


def _open() -> None:
    from services import schema

    schema.migrate()


def _system(slug: str | None, *, or_make: bool = False) -> Actor:
    """The system of the organisation that a command is about. Raises: NotFoundError, ConflictError."""
    from services import across_tenants, people

    found = across_tenants.organisations()
    slugs = ", ".join(each.slug for each in found)
    if slug is not None:
        named = [each for each in found if each.slug == slug]
        if not named:
            raise NotFoundError(
                f"There is no organisation {slug}. {f'There is: {slugs}.' if found else 'Make it with tocsin create-tenant.'}"
            )
        return people.system_actor(named[0].id)
    if not found:
        if or_make:
            return people.create_organisation(*DEFAULT_TENANT)
        raise NotFoundError("There is no organisation yet. Make one with tocsin create-tenant, or on the page that tocsin serve prints.")
    if len(found) > 1:
        raise ConflictError(f"There are several organisations: {slugs}. Say which with --tenant.")
    return people.system_actor(found[0].id)


def _first_line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise InvalidInputError("No password came: send it on the first line of the input.", field="password")
    return line.rstrip("\r\n")


def _tell(as_json: bool, values: dict[str, Any], sentence: str) -> None:
    if as_json:
        import orjson

        sentence = orjson.dumps(values).decode()
    typer.echo(sentence)
