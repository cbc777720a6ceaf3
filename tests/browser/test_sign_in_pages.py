"""Coming in and going out in a real browser: set-up, sign-in, a lost password, and that nobody sees what was another's."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.fixtures.servers import PASSWORD, Server


def fill_sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def ends_at(page: Page, path: str) -> None:
    page.wait_for_url(lambda url: re.sub(r"^https?://[^/]+", "", url).rstrip("/") == path)


def test_the_printed_link_makes_the_first_admin_once(new_server: Callable[..., Server], browser: Browser) -> None:
    server = new_server()
    server.start()
    link = re.findall(r"http://\S+/setup\?token=\S+", server.log)[-1]
    context = browser.new_context(base_url=server.address)
    page = context.new_page()
    for path in ("/login", "/setup"):
        page.goto(path)
        expect(page.get_by_text("Tocsin waits for its first administrator")).to_be_visible()
    expect(page.get_by_role("heading", name="Open the set-up link")).to_be_visible()
    page.goto(link)
    page.get_by_label("Organisation").fill("Northwind Traders")
    page.get_by_label("Your name").fill("Alice Moreau")
    page.get_by_label("Handle").fill("not a handle")
    page.get_by_label("E-mail").fill("alice@northwind.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create and sign in").click()
    expect(page.get_by_text("Handle must have 1 to 40 characters")).to_be_visible()
    expect(page.get_by_label("Organisation")).to_have_value("Northwind Traders")
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("Handle").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create and sign in").click()
    ends_at(page, "/incidents")
    page.goto(link)
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    page.goto("/setup")
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    context.clear_cookies()
    page.goto("/login")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Tocsin waits for its first administrator")).to_have_count(0)
    context.close()


def test_sign_in_leads_to_the_page_that_was_asked_for(page: Page, server: Server) -> None:
    page.goto("/settings/profile?x=1")
    page.wait_for_url(re.compile(r"/login/?\?next="))
    fill_sign_in(page, server.person("responder"))
    page.wait_for_url(re.compile(r"/settings/profile/?\?x=1$"))
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()


def test_a_wrong_password_keeps_the_address_and_says_so_at_the_field(page: Page, server: Server) -> None:
    email = server.person("responder")
    page.goto("/login?next=/settings/profile")
    fill_sign_in(page, email, "not the password")
    expect(page.get_by_text("E-mail or password is wrong.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    assert "not the password" not in page.url
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    ends_at(page, "/settings/profile")


def test_after_signing_out_the_tab_shows_nothing_of_its_person(page: Page, server: Server) -> None:
    first, second = server.person("responder", "First Person"), server.person("responder", "Second Person")
    page.goto("/login?next=/settings/profile")
    fill_sign_in(page, first)
    expect(page.get_by_label("Name", exact=True)).to_have_value("First Person")
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    page.locator("main").get_by_role("button", name="Sign out").click()
    ends_at(page, "/login")
    page.go_back()
    page.wait_for_url(re.compile("/login"))
    fill_sign_in(page, second)
    page.wait_for_url(re.compile("/(incidents|settings)"))
    page.goto("/settings/profile")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Second Person")
    assert frames
    assert "First Person" not in "".join(frames)
    assert first not in "".join(frames)


def test_a_revoked_session_leaves_its_open_page_within_seconds(signed_in: Callable[..., Page]) -> None:
    here, there = signed_in("responder", "Rita Roamer"), signed_in("responder", "Rita Roamer")
    there.goto("/settings/profile")
    expect(there.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    here.goto("/settings/profile")
    row = here.get_by_role("listitem").filter(has=here.get_by_role("button", name=re.compile("^Sign out Chrome"))).first
    row.get_by_role("button", name=re.compile("^Sign out Chrome")).click()
    began = time.monotonic()
    there.wait_for_url(re.compile("/login"), timeout=5_000)
    assert time.monotonic() - began < 5
    expect(there.get_by_text("Rita Roamer")).to_have_count(0)
    expect(here.get_by_role("status").filter(has_text="That browser is signed out.")).to_be_visible()


def test_a_new_session_appears_on_the_open_profile(signed_in: Callable[..., Page]) -> None:
    page = signed_in("responder", "Lena Live")
    page.goto("/settings/profile")
    listed = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    expect(listed).to_have_count(1)
    signed_in("responder", "Lena Live")
    expect(listed).to_have_count(2)


def test_a_lost_password_is_given_anew_by_a_link(signed_in: Callable[..., Page], new_page: Callable[..., Page], server: Server) -> None:
    email = server.person("viewer", "Lotte Lost")
    admin = signed_in("admin")
    admin.goto("/settings/people")
    admin.get_by_role("button", name="Password link for Lotte Lost").click()
    dialog = admin.get_by_role("dialog")
    expect(dialog.get_by_text("Shown once.")).to_be_visible()
    link = dialog.get_by_role("region", name="Password link").inner_text()
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)

    lotte = new_page()
    lotte.goto(link)
    expect(lotte.get_by_text(email)).to_be_visible()
    lotte.get_by_label("Password").fill("too short")
    lotte.get_by_role("button", name="Save and sign in").click()
    expect(lotte.get_by_text("Password must have 12 characters or more.")).to_be_visible()
    lotte.get_by_label("Password").fill("a password that is new")
    lotte.get_by_role("button", name="Save and sign in").click()
    ends_at(lotte, "/incidents")
    lotte.goto(link)
    expect(lotte.get_by_role("heading", name="This link does not work any more")).to_be_visible()


def test_somebody_is_invited_and_comes_in_before_two_admins(
    signed_in: Callable[..., Page], new_page: Callable[..., Page], server: Server
) -> None:
    admin, other = signed_in("admin"), signed_in("admin", "Other Admin")
    other.goto("/settings/people")
    expect(other.get_by_role("cell", name=re.compile("Other Admin · you"))).to_be_visible()
    admin.goto("/settings/people")
    admin.get_by_role("button", name="Invite").click()
    dialog = admin.get_by_role("dialog", name="Invite somebody")
    dialog.get_by_label("Name", exact=True).fill("Nia Berg")
    dialog.get_by_label("E-mail").fill(server.person("viewer"))
    dialog.get_by_label("Role").select_option("manager")
    dialog.get_by_label("Manager").select_option(label="Other Admin")
    dialog.get_by_role("button", name="Invite").click()
    expect(dialog.get_by_text("already")).to_be_visible()
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Nia Berg")
    dialog.get_by_label("E-mail").fill("nia@example.org")
    dialog.get_by_role("button", name="Invite").click()
    shown = admin.get_by_role("dialog", name="Invitation for Nia Berg")
    link = shown.get_by_role("region", name="Password link").inner_text()
    shown.get_by_role("button", name="Done").click()
    row = other.get_by_role("row", name=re.compile("Nia Berg.*manager.*Other Admin.*invited.*link until"))
    expect(row).to_be_visible()

    row.get_by_role("button", name="Change Nia Berg").click()
    change = other.get_by_role("dialog", name="Change Nia Berg")
    expect(change.get_by_label("Manager")).to_have_value(re.compile("."))
    change.get_by_label("Manager").select_option(label="Nobody")
    change.get_by_label("Role").select_option("responder")
    change.get_by_label("Name", exact=True).fill("Nia Bergman")
    change.get_by_label("Name", exact=True).press("Enter")
    expect(change).to_have_count(0)
    expect(admin.get_by_role("row", name=re.compile("Nia Bergman.*responder.*invited"))).to_be_visible()

    nia = new_page()
    nia.goto(link)
    expect(nia.get_by_role("heading", name=re.compile("Welcome to "))).to_be_visible()
    nia.get_by_label("Password").fill("a password that is hers")
    nia.get_by_role("button", name="Save and sign in").click()
    ends_at(nia, "/incidents")
    expect(nia.get_by_role("button", name="Nia Bergman, your menu")).to_be_visible()
    expect(other.get_by_role("row", name=re.compile("Nia Bergman")).get_by_text("invited")).to_have_count(0)


def test_the_profile_is_saved_and_counts_at_once(signed_in: Callable[..., Page]) -> None:
    page = signed_in("responder", "Paul Profile")
    page.goto("/settings/profile")
    page.get_by_label("Name", exact=True).fill("Paula Profile")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_label("Theme", exact=True).select_option("dark")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.locator("html.dark")).to_have_count(1)
    expect(page.get_by_role("button", name="Paula Profile, your menu")).to_be_visible()
    page.get_by_label("Handle").fill("?")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Handle must have 1 to 40 characters")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Paula Profile")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_password_is_changed_and_the_old_one_is_over(
    signed_in: Callable[..., Page], new_page: Callable[..., Page], server: Server
) -> None:
    email = server.person("responder", "Petra Password")
    page = signed_in("responder", "Petra Password")
    page.goto("/settings/profile")
    page.get_by_label("Old password").fill("guess")
    page.get_by_label("New password").fill("a password that is new")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Old password is wrong.")).to_be_visible()
    expect(page.get_by_label("New password")).to_have_value("a password that is new")
    page.get_by_label("Old password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status").filter(has_text="The password is changed.")).to_be_visible()
    expect(page.get_by_label("New password")).to_have_value("")
    other = new_page()
    other.goto("/login")
    fill_sign_in(other, email)
    expect(other.get_by_text("E-mail or password is wrong.")).to_be_visible()
    fill_sign_in(other, email, "a password that is new")
    ends_at(other, "/incidents")


def test_no_secret_is_in_the_log(server: Server) -> None:
    server.command("reset-link", "--email", server.person("viewer"))
    assert not re.search(r"t[slki]_[A-Za-z0-9_-]{20,}", re.sub(r"http://\S+/setup\?token=\S+", "", server.log))
    assert PASSWORD not in server.log
