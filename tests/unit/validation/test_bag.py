from __future__ import annotations

import json

from securely.validation import MessageBag


def _bag() -> MessageBag:
    return MessageBag({"items.0.sku": ["Short.", "Odd."], "items.1.sku": ["Gone."], "name": "No."})


def test_add_when_said_already_then_is_not_said_twice() -> None:
    bag = MessageBag().add("a", "x").add("a", "x").add("a", "y").add_if(False, "a", "z")

    assert bag.messages() == {"a": ["x", "y"]}


def test_get_when_a_name_has_stars_then_returns_messages_by_field() -> None:
    assert _bag().get("items.*.sku") == {
        "items.0.sku": ["Short.", "Odd."],
        "items.1.sku": ["Gone."],
    }
    assert _bag().get("name") == ["No."]
    assert _bag().get("other") == []


def test_first_when_asked_then_keeps_the_order_of_finding() -> None:
    assert _bag().first() == "Short."
    assert _bag().first("items.1.*") == "Gone."
    assert _bag().first("other") == ""


def test_has_when_fields_are_named_then_all_or_any_count() -> None:
    bag = _bag()

    assert bag.has("name", "items.*")
    assert not bag.has("name", "other")
    assert bag.has_any("other", "name")
    assert bag.missing("other")
    assert "name" in bag
    assert 3 not in bag


def test_all_when_asked_then_counts_and_lists_every_message() -> None:
    bag = _bag()

    assert [*bag] == ["Short.", "Odd.", "Gone.", "No."]
    assert len(bag) == bag.count() == 4
    assert bag.keys() == ["items.0.sku", "items.1.sku", "name"]
    assert bag.is_not_empty()
    assert not bag.is_empty()


def test_messages_when_changed_by_the_caller_then_the_bag_stays() -> None:
    bag = _bag()
    bag.messages()["name"].append("More.")

    assert bag.get("name") == ["No."]


def test_merge_when_another_bag_then_adds_what_is_new() -> None:
    bag = MessageBag({"a": "x"}).merge(MessageBag({"a": ["x", "y"], "b": "z"}))

    assert bag.messages() == {"a": ["x", "y"], "b": ["z"]}
    assert bag.unique() == ["x", "y", "z"]
    assert bag.forget("a").keys() == ["b"]


def test_to_json_when_asked_then_is_the_messages() -> None:
    assert json.loads(MessageBag({"é": "ü"}).to_json()) == {"é": ["ü"]}


def test_pattern_when_it_has_many_stars_then_matching_takes_no_time() -> None:
    bag = MessageBag({"a" * 10_000: "x"})

    assert bag.has("*" * 5_000 + "a")
    assert not bag.has("*" * 5_000 + "b")
