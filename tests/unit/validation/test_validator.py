from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from typing import Any

import pytest

from securely.validation import InvalidRule, Rule, ValidationError, ValidationFactory, Validator
from securely.validation.exceptions import RulesError


def test_validate_when_data_keeps_rules_then_returns_what_has_rules(
    factory: ValidationFactory,
) -> None:
    data = {"name": "Ann", "role": "admin", "address": {"city": "Bern", "zip": "3000"}}

    taken = factory.validate(data, {"name": "required|string", "address.city": "required"})

    assert taken == {"name": "Ann", "address": {"city": "Bern"}}
    assert data["address"] == {"city": "Bern", "zip": "3000"}


def test_validate_when_a_rule_is_broken_then_raises_with_messages_by_field(
    factory: ValidationFactory,
) -> None:
    with pytest.raises(ValidationError) as caught:
        factory.validate({"name": " ", "age": "x"}, {"name": "required", "age": "integer|min:3"})

    assert caught.value.errors == {
        "name": ["The name field is required."],
        "age": ["The age field must be an integer.", "The age field must be at least 3."],
    }
    assert str(caught.value) == "The name field is required. (and 2 more errors)"
    assert caught.value.status == 422


def test_failed_when_rules_are_broken_then_names_them_with_parameters(
    factory: ValidationFactory,
) -> None:
    validator = factory.make({"age": "7"}, {"age": "between:18,30|integer"})

    assert validator.fails()
    assert validator.failed() == {"age": {"Between": ["18", "30"]}}


def test_bail_when_the_first_rule_is_broken_then_no_other_of_the_field_is_asked(
    factory: ValidationFactory,
) -> None:
    rules = {"age": "bail|integer|min:3", "name": "required"}

    errors = factory.make({"age": "x"}, rules).errors()

    assert errors.get("age") == ["The age field must be an integer."]
    assert errors.has("name")


def test_stop_on_first_failure_when_a_field_is_wrong_then_the_next_is_not_asked(
    factory: ValidationFactory,
) -> None:
    validator = factory.make({}, {"a": "required", "b": "required"}).stop_on_first_failure()

    assert validator.errors().keys() == ["a"]


@pytest.mark.parametrize(
    ("data", "passes"), [({}, True), ({"a": None}, True), ({"a": ""}, True), ({"a": "x"}, False)]
)
def test_nullable_when_there_is_nothing_then_other_rules_are_not_asked(
    factory: ValidationFactory, data: dict[str, Any], passes: bool
) -> None:
    assert factory.make(data, {"a": "nullable|integer"}).passes() is passes


def test_sometimes_when_absent_then_required_is_not_asked(factory: ValidationFactory) -> None:
    assert factory.make({}, {"a": "sometimes|required"}).passes()
    assert factory.make({"a": ""}, {"a": "sometimes|required"}).fails()


def test_exclude_if_when_it_holds_then_the_field_is_left_out(factory: ValidationFactory) -> None:
    rules = {"kind": "required", "card": "exclude_if:kind,cash|required"}

    assert factory.validate({"kind": "cash", "card": "1"}, rules) == {"kind": "cash"}
    assert factory.make({"kind": "card"}, rules).errors().keys() == ["card"]


def test_exclude_when_in_a_list_then_the_list_closes_and_the_data_stays(
    factory: ValidationFactory,
) -> None:
    data = {"items": [{"id": 1, "x": 1}, {"id": 2, "x": 0}, {"id": 3}]}
    rules = {"items.*": "exclude_if:items.*.x,1", "items.*.id": "integer"}

    taken = factory.validate(data, rules)

    assert taken == {"items": [{"id": 2, "x": 0}, {"id": 3}]}
    assert len(data["items"]) == 3


def test_wildcard_when_items_differ_then_errors_name_their_places(
    factory: ValidationFactory,
) -> None:
    data = {"items": [{"qty": 1}, {"qty": "x"}, {}, "text"]}

    errors = factory.make(data, {"items.*.qty": "required|integer"}).errors()

    assert errors.messages() == {
        "items.1.qty": ["The items.1.qty field must be an integer."],
        "items.2.qty": ["The items.2.qty field is required."],
        "items.3.qty": ["The items.3.qty field is required."],
    }


def test_messages_when_they_name_a_place_then_index_and_position_are_filled_in(
    factory: ValidationFactory,
) -> None:
    messages = {"rows.*.n.required": ":index, :position, :ordinal-position, :first-index of rows"}

    errors = factory.make({"rows": [{"n": 1}, {}]}, {"rows.*.n": "required"}, messages).errors()

    assert errors.first("rows.1.n") == "1, 2, 2nd, 1 of rows"


def test_rules_when_a_field_is_named_and_stars_stand_for_it_then_all_are_asked(
    factory: ValidationFactory,
) -> None:
    rules = {"a.0": "integer", "a.*": "min:5"}

    errors = factory.make({"a": ["x", "y"]}, rules).errors()

    assert errors.get("a.0") == [
        "The a.0 field must be an integer.",
        "The a.0 field must be at least 5.",
    ]
    assert errors.get("a.1") == ["The a.1 field must be at least 5 characters."]


def test_names_when_a_dot_is_escaped_then_it_belongs_to_the_key(
    factory: ValidationFactory,
) -> None:
    assert factory.validate({"v1.0": "x"}, {r"v1\.0": "required"}) == {"v1.0": "x"}


def test_after_when_rules_are_broken_then_hooks_run_all_the_same(
    factory: ValidationFactory,
) -> None:
    class Closed:
        def after(self, validator: Validator) -> None:
            validator.errors().add("shop", "Closed.")

    validator = factory.make({}, {"a": "required"}).after(
        Closed(), lambda each: each.errors().add("b", "Said.")
    )

    assert validator.errors().keys() == ["a", "shop", "b"]


def test_sometimes_when_the_condition_holds_for_an_item_then_its_rules_are_added(
    factory: ValidationFactory,
) -> None:
    data = {"ways": [{"kind": "mail", "to": "x"}, {"kind": "post", "to": "x"}]}
    validator = factory.make(data, {"ways.*.kind": "required"})
    validator.sometimes("ways.*.to", "email", lambda data, item: item["kind"] == "mail")

    assert validator.errors().keys() == ["ways.0.to"]


def test_rule_when_it_is_of_ones_own_then_it_sees_data_and_validator(
    factory: ValidationFactory,
) -> None:
    class Other(Rule):
        data: Any
        validator: Any

        def validate(self, attribute: str, value: Any, fail: Any) -> None:
            if value == self.data["other"] and self.validator.has_rule("other", "required"):
                fail("The :attribute is as :input.")

    rule = Other()
    validator = factory.make({"a": "x", "other": "x"}, {"other": "required", "a": [rule]})

    assert validator.errors().first("a") == "The a is as x."
    assert not hasattr(rule, "data")


def test_rule_when_it_calls_translate_then_the_line_is_said(factory: ValidationFactory) -> None:
    def check(attribute: str, value: object, fail: Any) -> None:
        fail("validation.uploaded").translate({"attribute": attribute})

    errors = factory.make({"a": "x"}, {"a": check}).errors()

    assert errors.first() == "The a failed to upload."


def test_rule_when_it_is_implicit_then_absent_values_are_asked(factory: ValidationFactory) -> None:
    class There(Rule):
        implicit = True

        def validate(self, attribute: str, value: Any, fail: Any) -> None:
            if value is None:
                fail("Nothing in :attribute.")

    assert factory.make({}, {"a": There}).errors().first() == "Nothing in a."


def test_validate_when_a_rule_is_async_then_says_what_to_await(factory: ValidationFactory) -> None:
    async def check(attribute: str, value: object, fail: Any) -> None:
        fail("Never.")

    with pytest.raises(TypeError, match="avalidate"):
        factory.make({"a": "x"}, {"a": check}).passes()


def test_avalidate_when_rules_wait_then_they_wait_at_once_and_errors_keep_their_order(
    factory: ValidationFactory,
) -> None:
    running, most = 0, 0
    gate = asyncio.Event()

    async def check(attribute: str, value: object, fail: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            gate.set()
        await gate.wait()
        fail(f"No to {attribute}.")

    async def main() -> list[str]:
        validator = factory.make(
            dict.fromkeys("abcd", "x"), {"a": check, "b": check, "c": check, "d": "integer"}
        )
        await validator.apasses()
        return validator.errors().all()

    said = asyncio.run(main())

    assert most == 3
    assert said == ["No to a.", "No to b.", "No to c.", "The d field must be an integer."]


def test_extend_when_a_rule_is_added_then_it_is_known_with_its_message(
    factory: ValidationFactory,
) -> None:
    factory.extend(
        "divides",
        lambda attribute, value, parameters, validator: 12 % int(value) == int(parameters[0]),
        "The :attribute does not divide.",
    )
    factory.replacer(
        "divides", lambda message, attribute, rule, parameters: message + parameters[0]
    )

    assert factory.make({"n": "3"}, {"n": "divides:0"}).passes()
    assert factory.make({"n": "5"}, {"n": "divides:0"}).errors().first() == (
        "The n does not divide.0"
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("requird", 'Did you mean "required"?'),
        ("between:1", "needs 2 parameters"),
        ("required:x", "takes no parameters"),
        ("min:abc", "wants a number"),
        ("digits:x", "wants a whole number"),
        ("regex:/[/", "is no regular expression"),
        ("alpha:utf8", "ascii"),
        ("distinct:loose", "ignore_case"),
        ("email:dns2", "filter_unicode"),
        ("timezone:mars", "names a group"),
        (5, "is no rule"),
    ],
)
def test_make_when_a_rule_is_wrong_then_the_error_names_field_rule_and_remedy(
    factory: ValidationFactory, rule: object, words: str
) -> None:
    with pytest.raises(InvalidRule, match=r'field "address\.zip"') as caught:
        factory.make({}, {"address.zip": rule}).passes()

    assert words in str(caught.value)


def test_unknown_fields_when_refused_then_each_is_named(factory: ValidationFactory) -> None:
    data = {"a": 1, "pw": "x", "pw_confirmation": "x", "b": {"c": 1}, "list": [{"id": 1, "no": 2}]}
    rules = {"a": "required", "pw": "confirmed", "list": "array", "list.*.id": "integer"}

    errors = factory.make(data, rules).fail_on_unknown_fields().errors()

    assert errors.keys() == ["b.c", "list.0.no"]


def test_valid_when_some_is_wrong_then_splits_the_data(factory: ValidationFactory) -> None:
    validator = factory.make(
        {"a": "x", "b": {"c": "y", "d": 1}}, {"a": "integer", "b.c": "integer"}
    )

    assert validator.valid() == {}
    assert validator.invalid() == {"a": "x", "b": {"c": "y"}}


def test_plan_when_used_by_threads_then_each_sees_its_own_data(factory: ValidationFactory) -> None:
    rules = {"items.*.n": "required|integer|distinct", "name": "required|max:5"}
    wrong: list[object] = []

    def work(number: int) -> None:
        for _ in range(200):
            data = {"items": [{"n": number}, {"n": number}], "name": "x" * number}
            errors = factory.make(data, rules).errors()
            if errors.keys() != ["items.0.n", "items.1.n"] + (["name"] if number > 5 else []) and (
                errors.keys() != (["name"] if number > 5 else []) + ["items.0.n", "items.1.n"]
            ):
                wrong.append(errors)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_avalidate_when_a_rule_raises_then_its_error_comes_out_as_it_is(
    factory: ValidationFactory,
) -> None:
    async def check(attribute: str, value: object, fail: Any) -> None:
        raise ConnectionError("The database is away.")

    with pytest.raises(ConnectionError, match="away"):
        asyncio.run(factory.make({"a": "x", "b": "y"}, {"a": check, "b": check}).avalidate())


def test_plan_when_rules_are_texts_and_builders_then_is_kept_and_what_is_changed_is_seen(
    factory: ValidationFactory,
) -> None:
    short = Rule.string().max(3)
    rules = {"a": ["required", short], "b": "integer", "c": [["in", "x"], "string"]}

    assert factory.plan(rules, {}) is factory.plan({**rules}, {"other": "data"})
    assert factory.make({"a": "abcd"}, rules).fails()
    short.min(2)
    assert factory.make({"a": "x"}, rules).errors().first() == (
        "The a field must be at least 2 characters."
    )
    assert factory.plan({"a": lambda *_: None}, {}) is not factory.plan({"a": lambda *_: None}, {})


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (str, "is a class, and no rule"),
        (Rule.string, "Call it: Rule.string()"),
        (lambda value: None, "not of (attribute, value, fail)"),
        ({"required"}, "Write several rules as a list"),
        (["required|string"], "split it at the bars"),
        ("date_format:YYYY-MM-DD", "which is not PHP's"),
    ],
)
def test_make_when_a_rule_is_something_else_then_says_what_it_should_be(
    factory: ValidationFactory, rule: object, words: str
) -> None:
    with pytest.raises(InvalidRule, match='field "a"') as caught:
        factory.make({}, {"a": rule}).passes()

    assert words in str(caught.value)


def test_rule_when_its_class_wants_arguments_then_asks_for_an_object(
    factory: ValidationFactory,
) -> None:
    class Above(Rule):
        def __init__(self, limit: int) -> None:
            self.limit = limit

        def validate(self, attribute: str, value: Any, fail: Any) -> None:
            if value <= self.limit:
                fail("Too small.")

    with pytest.raises(InvalidRule, match="give an object of it"):
        factory.make({"a": 1}, {"a": Above}).passes()
    assert factory.make({"a": 1}, {"a": Above(3)}).errors().all() == ["Too small."]


@pytest.mark.parametrize("rules", ["required", None, ["required"]])
def test_make_when_rules_are_no_dict_then_says_so(factory: ValidationFactory, rules: Any) -> None:
    with pytest.raises(RulesError, match="Rules are a dict by field"):
        factory.make({}, rules)


@pytest.mark.parametrize("data", [None, "text", 3])
def test_make_when_data_holds_no_fields_then_refuses_it_without_showing_it(
    factory: ValidationFactory, data: Any
) -> None:
    with pytest.raises(TypeError, match="What is validated is a dict, or a list") as caught:
        factory.make(data, {"a": "nullable"})

    assert "text" not in str(caught.value)


def test_make_when_words_are_no_dict_then_says_so(factory: ValidationFactory) -> None:
    with pytest.raises(RulesError, match="Messages are a dict"):
        factory.make({}, {}, ["bad"])  # type: ignore[arg-type]  # the mistake that is tested


def test_answer_with_when_the_service_or_who_answers_is_wrong_then_says_what_is_asked(
    factory: ValidationFactory,
) -> None:
    with pytest.raises(RulesError, match='Did you mean "presence"'):
        factory.answer_with("presense", object())
    with pytest.raises(RulesError, match=r"has a method present\(\)"):
        factory.answer_with("presence", object())


def test_function_when_it_returns_false_then_says_that_rules_call_fail(
    factory: ValidationFactory,
) -> None:
    with pytest.raises(TypeError, match=r"fail\(message\)"):
        factory.make({"a": 1}, {"a": lambda attribute, value, fail: False}).passes()


def test_validator_when_the_class_is_taken_for_the_facade_then_says_where_that_is() -> None:
    with pytest.raises(AttributeError, match=r"securely\.facades"):
        Validator.make  # noqa: B018  # the mistake that is tested


def test_extension_when_it_has_no_message_then_no_key_is_shown(factory: ValidationFactory) -> None:
    factory.extend("odd", lambda attribute, value, parameters, validator: False)

    assert factory.make({"a": 1}, {"a": "odd"}).errors().all() == ["The a field is invalid."]


def test_error_when_it_ends_a_program_then_has_every_message(factory: ValidationFactory) -> None:
    with pytest.raises(ValidationError) as caught:
        factory.validate({}, {"a": "required", "b": "required"})

    assert caught.value.__notes__ == ["a: The a field is required.", "b: The b field is required."]


@pytest.mark.parametrize(
    "rule",
    [
        "in", "not_in", "contains", "doesnt_contain", "required_array_keys", "in_array_keys",
        "uuid:4,5", "uuid:v4", "regex:", "not_regex:/^a", "not_regex:/^a/g", "not_regex:#^a",
        "prohibited_if_accepted:o,p", "prohibited_if_declined:o,p", "timezone:europe,NL",
    ],
)  # fmt: skip
def test_rule_when_its_parameters_would_let_anything_in_then_is_refused(
    factory: ValidationFactory, rule: str
) -> None:
    with pytest.raises(InvalidRule, match=r"needs|takes"):
        factory.make({"a": "x", "o": "yes"}, {"a": [rule]}).passes()


@pytest.mark.parametrize("rule", ["uuid:1", "uuid:nil", "uuid:max", "in:", "not_in:", "regex:^a"])
def test_rule_when_its_parameters_are_few_but_meant_then_is_taken(
    factory: ValidationFactory, rule: str
) -> None:
    assert factory.make({}, {"a": [rule]}).passes()


@pytest.mark.parametrize(
    ("value", "rule", "keeps"),
    [
        (2**63 - 1, "integer", True),
        (2**63, "integer", False),
        (float(2**63), "integer", False),
        (-(2**63), "integer:strict", True),
        (10**30, "integer:strict", False),
        (float("nan"), "numeric", False),
        (float("inf"), "numeric:strict", False),
        (Decimal("NaN"), "numeric", False),
        (Decimal("sNaN"), "numeric", False),
        (Decimal("1e400"), "numeric:strict", True),
        (1e300, "numeric", True),
    ],
)
def test_number_when_no_column_holds_it_then_is_none(
    factory: ValidationFactory, value: object, rule: str, keeps: bool
) -> None:
    assert factory.make({"a": value}, {"a": rule}).passes() is keeps


def test_plans_when_threads_make_more_than_are_kept_then_none_is_hindered(
    factory: ValidationFactory,
) -> None:
    failed: list[BaseException] = []

    def make(thread: int) -> None:
        try:
            for count in range(400):
                assert factory.make({"a": 1}, {f"f{thread}_{count}": "integer"}).passes()
        except BaseException as error:  # whatever it is, the test is to say it
            failed.append(error)

    threads = [threading.Thread(target=make, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed


def test_passes_when_asked_again_then_says_the_same_of_what_is_excluded(
    factory: ValidationFactory,
) -> None:
    validator = factory.make({"a": "x", "b": "1"}, {"a": "integer|exclude_if:b,1", "b": "required"})

    assert [validator.passes(), validator.passes(), validator.fails()] == [False, False, True]


def test_valid_when_items_are_excluded_then_lists_have_no_holes(factory: ValidationFactory) -> None:
    validator = factory.make({"l": [1, 2, 3], "q": 1}, {"l.0": "exclude", "l.2": "integer"})

    assert validator.valid() == {"l": [2, 3], "q": 1}
