"""What is secret is not written."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from pydantic import BaseModel, SecretStr

from securely.log.masking import Masker, is_sensitive, judge_of, secrets_in

HIDDEN = "********"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "password_confirmation",
        "dbPassword",
        "passwords",
        "client_secret",
        "access_token",
        "accessToken",
        "tokens",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "api_key",
        "X-Api-Key",
        "apiKey",
        "apikey",
        "APP_KEY",
        "private_key",
        "previous_keys",
        "credentials",
        "passphrase",
        "db_pass",
        "SMTP_PASS",
        "userPass",
        "PGPASSWORD",
        "PGPASSFILE_PASSWORD",
        "pass",
        "session_id",
        "sessionId",
        "JSESSIONID",
        "PHPSESSID",
        "otp",
        "jwt",
        "cvv",
        "card_cvc",
    ],
)
def test_is_sensitive(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        "key",
        "cache_key",
        "token_count",
        "password_changed_at",
        "user",
        "keyboard",
        "author",
        "passed",
        "compass",
        "bypass",
        "session",
        "session_count",
        "user_id",
        "boarding_pass_id",
        "password_count",
        "",
        "1",
    ],
)
def test_is_not_sensitive(name: str) -> None:
    assert not is_sensitive(name)


def test_fields_are_masked_at_every_depth() -> None:
    fields = {
        "user": "ann",
        "request": {"headers": [{"Authorization": "Bearer x"}], "body": ("a", {"token": "t"})},
    }

    assert Masker().fields(fields) == {
        "user": "ann",
        "request": {"headers": [{"Authorization": HIDDEN}], "body": ["a", {"token": HIDDEN}]},
    }
    assert fields["user"] == "ann"


def test_that_a_secret_is_absent_may_be_said() -> None:
    fields = {"password": None, "token": False, "secret": 0}

    assert Masker().fields(fields) == {"password": None, "token": False, "secret": HIDDEN}


def test_objects_are_masked_in_their_parts() -> None:
    @dataclass
    class Login:
        user: str
        password: str

    class Model(BaseModel):
        api_key: str
        town: str

    class Struct(msgspec.Struct):
        token: str
        size: int

    masked = Masker().fields(
        {
            "login": Login("ann", "x"),
            "model": Model(api_key="x", town="Bonn"),
            "struct": Struct("x", 2),
        }
    )

    assert masked == {
        "login": {"user": "ann", "password": HIDDEN},
        "model": {"api_key": HIDDEN, "town": "Bonn"},
        "struct": {"token": HIDDEN, "size": 2},
    }


def test_secret_values_and_passwords_in_urls_are_masked() -> None:
    masked = Masker().fields({"a": SecretStr("hunter2"), "url": "redis://ann:hunter2@host/0"})

    assert masked == {"a": HIDDEN, "url": f"redis://ann:{HIDDEN}@host/0"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mysqldump --password=planted shop", "mysqldump --password=******** shop"),
        ("java -Dpassword=planted shop", "java -Dpassword=******** shop"),
        ("['deploy', '--api-key=planted']", "['deploy', '--api-key=********']"),
        ("a --token or --key is missing", "a --token or --key is missing"),
        ("env PGPASSWORD=planted psql", "env PGPASSWORD=******** psql"),
        ("DB_PASS=planted", "DB_PASS=********"),
    ],
)
def test_secrets_of_command_lines_are_masked(text: str, shown: str) -> None:
    assert Masker().text(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pwd=abc", "pwd=********"),
        ("otp=1", "otp=********"),
        ("session_id=ab12, cvv: 123", "session_id=********, cvv: ********"),
        ("pass=abc", "pass=********"),
        ("{'pass': 'abc'}", "{'pass': '********'}"),
        ('{"pass":"abc"}', '{"pass":"********"}'),
        ("<password>abc</password>", "<password>********</password>"),
        (
            '<soap:Body><wsse:Password Type="Text">a&amp;b</wsse:Password></soap:Body>',
            '<soap:Body><wsse:Password Type="Text">********</wsse:Password></soap:Body>',
        ),
        (
            "<login><user>ann</user><token><![CDATA[abc]]></token></login>",
            "<login><user>ann</user><token>********</token></login>",
        ),
        ("curl -u ann:pw https://example.com", "curl -u ann:******** https://example.com"),
        ("curl -u 'ann:p w'", "curl -u 'ann:******** w'"),
        ("curl --proxy-user=ann:pw", "curl --proxy-user=ann:********"),
        (
            "Command '['curl', '-u', 'ann:pw', 'https://example.com']' returned 22",
            "Command '['curl', '-u', 'ann:********', 'https://example.com']' returned 22",
        ),
        ("clone https://ghp_xxx@github.com/a", "clone https://********@github.com/a"),
        ("https://ghp_xxx:x-oauth-basic@github.com", "https://********:********@github.com"),
        (
            "https://0123456789abcdef0123@o1.ingest.sentry.io/1",
            "https://********@o1.ingest.sentry.io/1",
        ),
    ],
)
def test_secrets_in_text_are_masked(text: str, shown: str) -> None:
    assert Masker().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "the second pass: no errors, 3 passed, compass=north, bypass: yes",
        "a pass for ann",
        "docker run -u 1000:1000 and chown -u www-data:www-data",
        "<password></password> and <token>none</token> and <name>ann</name>",
        "replace <token> with yours </b>",
        "https://ann@example.com/shop.git, ssh://git@example.com:22/shop.git",
        "https://sk-learn.example.com:8080/a and http://example.com?mail=ann@example.com",
        "10:00",
    ],
)
def test_words_that_are_like_secrets_stay(text: str) -> None:
    assert Masker().text(text) == text


def test_answers_and_logins_in_lists() -> None:
    said = {"answers": ["pass", "fail"], "command": ["curl", "-u", "ann:pw", "-v"], "pass": "abc"}

    assert Masker().fields(said) == {
        "answers": ["pass", "fail"],
        "command": ["curl", "-u", f"ann:{HIDDEN}", "-v"],
        "pass": HIDDEN,
    }


def test_an_option_that_is_secret_hides_what_follows_it_in_a_list() -> None:
    words = ["mysqldump", "--password", "planted", "shop", "--token", "--force", "on", "--token"]

    assert Masker().fields({"command": words})["command"] == [
        *("mysqldump", "--password", "********", "shop"),
        *("--token", "--force", "on", "--token"),
    ]


def test_known_secrets_are_masked_wherever_they_stand() -> None:
    masker = Masker(["0123456789", "short"])
    masker.hide("0123456789abc")

    assert masker.text("x0123456789y") == f"x{HIDDEN}y"
    assert masker.text("x0123456789abcy") == f"x{HIDDEN}y"
    assert masker.text("short") == "short"
    assert masker.fields({"note": ["0123456789"]}) == {"note": [HIDDEN]}


def test_names_that_are_no_names_are_not_kept() -> None:
    from securely.log.masking import names

    name = "x" * 5000 + "_password"

    assert Masker().fields({name: "planted", "y" * 5000: 1}) == {name: HIDDEN, "y" * 5000: 1}
    assert not [each for each in names._remembered if len(each) > 256]


def test_what_contains_itself_ends() -> None:
    circle: dict[str, object] = {"n": 1}
    circle["circle"] = circle

    assert "…" in str(Masker().fields({"circle": circle}))


def test_secrets_in_finds_keys_passwords_and_urls() -> None:
    config = {
        "app": {"key": "base64:c2VjcmV0", "previous_keys": ["old-key-1"], "name": "Blog"},
        "queue": {"connections": {"arq": {"url": "redis://:pass-word@host"}}},
        "mail": {"password": "mail-pass"},
        "cache": {"prefix_key": "blog"},
    }

    assert list(secrets_in(config)) == [
        "base64:c2VjcmV0",
        "c2VjcmV0",
        "old-key-1",
        "pass-word",
        "mail-pass",
    ]


def test_fields_that_come_again_are_looked_through_once() -> None:
    masker = Masker(["s3cret-value"])
    fields = {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "user": "s3cret-value"}

    masked = masker.lasting(fields)

    assert masked == {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "user": "********"}
    assert masker.lasting(fields) is masked
    assert masker.lasting(dict(fields)) is not masked


def test_what_is_to_be_hidden_later_is_hidden_in_fields_that_came_before() -> None:
    masker = Masker()
    fields = {"user": "s3cret-value"}
    assert masker.lasting(fields) == fields

    masker.hide("s3cret-value")

    assert masker.lasting(fields) == {"user": "********"}


def test_fields_that_somebody_may_change_are_looked_through_each_time() -> None:
    masker = Masker(["s3cret-value"])
    steps = ["paid"]
    fields = {"steps": steps}
    assert masker.lasting(fields) == {"steps": ["paid"]}

    steps.append("s3cret-value")

    assert masker.lasting(fields) == {"steps": ["paid", "********"]}


def test_many_fields_that_come_again_are_not_all_kept() -> None:
    masker = Masker()
    for number in range(3_000):
        masker.lasting({"number": number})

    assert len(masker._lasting) <= 2_048


@pytest.mark.parametrize(
    "name",
    [
        *("iban", "IBAN", "customerIban", "ibans", "iban_of_customer", "x" * 300 + "_iban"),
        *("tax_no", "taxNo", "TAX-NO", "Tax No", "customer_tax_nos", "taxno"),
        *("пин", "ПИН", "password"),
    ],
)
def test_names_of_the_application_are_sensitive_by_their_words(name: str) -> None:
    assert judge_of(["iban", "tax no", "пин"])(name)


@pytest.mark.parametrize(
    "name", ["caliban", "tax", "no", "no_tax", "iban_count", "tax_no_length", "", "ключ"]
)
def test_names_that_are_like_those_of_the_application_stay(name: str) -> None:
    assert not judge_of(["iban", "tax no", "пин"])(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Command '['curl', '--token', 'abc', '-v']' returned 2",
            "Command '['curl', '--token', '********', '-v']' returned 2",
        ),
        ('run(["curl", "--token", "a\\"bc", x])', 'run(["curl", "--token", "********", x])'),
        (
            "Command 'mysql --password abc shop' returned 2",
            "Command 'mysql --password ******** shop' returned 2",
        ),
        ("mysql --user ann --password 'a b' shop", "mysql --user ann --password '********' shop"),
        ("pay --api-key abc --token def", "pay --api-key ******** --token ********"),
    ],
)
def test_what_follows_a_secret_option_in_text_is_masked(text: str, shown: str) -> None:
    assert Masker().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "the options --token and --password were given",
        "--token is missing.",
        "call it with --token --force",
        "['--token', '--force', '--password']",
        "[--token=<TOKEN>] --password <PASSWORD>",
        "-- token abc",
        "--tokens-count 5",
        "--token None",
    ],
)
def test_options_without_a_secret_stay(text: str) -> None:
    assert Masker().text(text) == text


def test_fields_of_the_application_are_hidden_in_fields_and_in_text() -> None:
    masker = Masker(names=["iban"])

    assert masker.fields(
        {
            "customer": {"IBAN": "DE02"},
            "headers": [("X-Iban", "DE02")],
            "command": ["pay", "--iban", "DE02", "now"],
            "note": "iban=DE02, <iban>DE02</iban>",
        }
    ) == {
        "customer": {"IBAN": HIDDEN},
        "headers": [["X-Iban", HIDDEN]],
        "command": ["pay", "--iban", HIDDEN, "now"],
        "note": f"iban={HIDDEN}, <iban>{HIDDEN}</iban>",
    }
    assert masker.text("GET /pay?iban=DE02&page=2") == f"GET /pay?iban={HIDDEN}&page=2"
    assert masker.unbounded("'customerIban': 'DE02 1234'") == f"'customerIban': '{HIDDEN}'"


def test_a_name_that_is_hidden_later_is_hidden_in_what_came_before() -> None:
    masker = Masker()
    fields = {"iban": "DE02"}
    assert masker.lasting(fields) == fields
    assert masker.fields(fields) == fields
    assert masker.text("iban=DE02") == "iban=DE02"

    masker.hide_fields("iban")

    assert masker.lasting(fields) == masker.fields(fields) == {"iban": HIDDEN}
    assert masker.text("iban=DE02") == f"iban={HIDDEN}"


def test_names_of_the_application_that_are_data_are_not_all_kept() -> None:
    judge = judge_of(["iban"])
    for number in range(5000):
        judge(f"field_{number}")

    kept = [cell.cell_contents for cell in getattr(judge, "__closure__", ())]
    assert [len(each) <= 2048 for each in kept if isinstance(each, dict)] == [True]


@pytest.mark.parametrize(
    "token",
    [
        *("sk_live_0123456789", "pk_test_0123456789", "rk_live_0123456789"),
        *(f"gh{kind}_{'a1' * 12}" for kind in "pousr"),
        *(f"github_pat_{'a1' * 12}", f"glpat-{'a1' * 10}", "xoxb-0123456789", "xoxp-0123456789"),
        *(f"AKIA{'A1' * 8}", f"AIza{'a1' * 18}", f"SG.{'a1' * 10}.{'a1' * 10}"),
        "eyJhbGciOiJI.eyJzdWIi.c2ln",
    ],
)
def test_tokens_are_known_by_their_shape(token: str) -> None:
    assert Masker().text(f"it was {token}, says ann") == f"it was {HIDDEN}, says ann"
