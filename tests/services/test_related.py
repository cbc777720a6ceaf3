"""Unresolved incidents that may be the same trouble: found by words and by service, the most alike first, each with its reason."""

from __future__ import annotations

import pytest

from services import catalog, declaring, incidents, related
from services.access import Actor
from tests.fixtures.stories import Story


def opened(actor: Actor, *titles: str) -> None:
    for title in titles:
        declaring.declare(actor, title, "high")


def found(actor: Actor, title: str, **more: object) -> list[tuple[str, str]]:
    return [(one.number, one.reason) for one in related.unresolved_like(actor, title, **more)]  # type: ignore[arg-type]


def test_what_says_the_same_is_named_with_the_words_in_common(story: Story) -> None:
    rob = story.organisation.responder
    opened(rob, "Checkout error rate above 5 %", "Certificate of identity expires", "Empty carts at the checkout")
    assert found(rob, "Customers report empty carts after checkout") == [
        ("INC-3", "says “Empty”, “carts”, “checkout”"),
        ("INC-1", "says “Checkout”"),
    ]
    (first, _) = related.unresolved_like(rob, "Customers report empty carts after checkout")
    assert (first.title, first.state, first.opened_at) == ("Empty carts at the checkout", "open", "2026-11-23T03:07:00.000Z")


def test_the_same_service_is_named_though_no_word_is_the_same(story: Story) -> None:
    rob, mina = story.organisation.responder, story.organisation.manager
    cart, media = (catalog.create(mina, name).id for name in ("Cart", "Media"))
    declaring.declare(rob, "Pool exhausted", "high", service_id=cart)
    declaring.declare(rob, "Thumbnails are gone", "high", service_id=media)
    declaring.declare(rob, "Carts are empty", "high", service_id=cart)
    assert found(rob, "Empty carts", service_id=cart) == [("INC-3", "same service, says “empty”, “Carts”"), ("INC-1", "same service")]
    assert found(rob, "", service_id=cart) == [("INC-3", "same service"), ("INC-1", "same service")]


@pytest.mark.parametrize("title", ["", "  ", "the of and", "Something is slow", "5 % more errors", "%%% --- ☃", "\x00"])
def test_what_says_nothing_telling_finds_nothing(story: Story, title: str) -> None:
    rob = story.organisation.responder
    opened(rob, "Checkout is slow", "Error rate above 7 %")
    assert found(rob, title) == []


def test_two_vague_words_are_enough(story: Story) -> None:
    rob = story.organisation.responder
    opened(rob, "Error rate above 5 %")
    assert found(rob, "Rate of errors is high") == [("INC-1", "says “rate”, “Error”")]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("Deploying failed", "Deploy is stuck"),
        ("Caches are cold", "Cache hit ratio fell"),
        ("ÅTERBETALNINGAR saknas", "Aterbetalningar saknas"),
        ("zahlung hängt", "Zahlung hangt seit gestern"),
        ("注文 が 遅い", "注文 失敗"),
        ("checkout_api", "checkout-api down"),
    ],
)
def test_forms_of_a_word_are_the_word(story: Story, typed: str, title: str) -> None:
    rob = story.organisation.responder
    opened(rob, title)
    assert [number for number, _ in found(rob, typed)] == ["INC-1"]


def test_the_word_that_is_being_typed_counts_as_a_beginning(story: Story) -> None:
    rob = story.organisation.responder
    opened(rob, "Checkout is away")
    assert found(rob, "The che") == [("INC-1", "says “Checkout”")]
    assert found(rob, "The che ") == []
    assert found(rob, "The ch") == []


def test_resolved_ones_and_those_of_others_are_not_named(story: Story) -> None:
    rob, stranger = story.organisation.responder, story.organisation.stranger
    opened(rob, "Checkout is away", "Checkout is back")
    incidents.resolve(rob, "INC-1", "Rolled back")
    incidents.acknowledge(rob, "INC-2")
    assert found(rob, "Checkout") == [("INC-2", "says “Checkout”")]
    assert found(stranger, "Checkout") == []
    assert [one.state for one in related.unresolved_like(rob, "Checkout")] == ["acknowledged"]


def test_at_most_five_are_named_the_newest_of_those_that_are_as_alike(story: Story) -> None:
    rob = story.organisation.responder
    for place in range(7):
        story.pass_time(minutes=1)
        opened(rob, f"Checkout {10 + place}")
    assert [number for number, _ in found(rob, "Checkout")] == ["INC-7", "INC-6", "INC-5", "INC-4", "INC-3"]
    assert found(rob, "Checkout 10")[0][0] == "INC-1"


def test_the_one_at_hand_is_left_out(story: Story) -> None:
    rob = story.organisation.responder
    opened(rob, "Checkout is away", "Checkout is slow")
    assert [number for number, _ in found(rob, "Checkout", but=incidents.get(rob, "INC-2").id)] == ["INC-1"]
