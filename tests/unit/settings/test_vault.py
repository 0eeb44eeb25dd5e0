"""Vault: secrets that can be read in their own place only, and whose loss is noticed by name."""

from __future__ import annotations

import stat
from base64 import b64encode
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.encryption import Encrypter, KeyRing
from securely.settings import (
    InvalidSecretKey,
    KeyFile,
    KeyOfProcess,
    MissingSecretKey,
    SecretsBroken,
    Vault,
)
from securely.testing.time import freeze

KEY = b"k" * 32
TEXT = "base64:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="


def vault(base: Path, name: str | None = None, given: str | None = TEXT) -> Vault:
    return Vault.of(base, name, asked=name is not None, given=given)


@pytest.fixture
def kept(tmp_path: Path) -> Vault:
    """A file with three secrets."""
    made = vault(tmp_path)
    made.file.parent.mkdir()
    made.file.write_text(made.changed({"A": "s3cret", "B": "two", "C": "three"}))
    return vault(tmp_path)


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines(keepends=True)


def test_what_is_written_is_read_and_not_seen(kept: Vault) -> None:
    assert kept.get("A") == "s3cret"
    assert kept.get("NOT") is None
    assert kept.all() == {"A": "s3cret", "B": "two", "C": "three"}
    assert "s3cret" not in kept.file.read_text()


def test_a_payload_is_laravels_under_a_key_of_its_name(kept: Vault) -> None:
    payload = lines(kept.file)[1].strip().partition("=")[2]
    encrypter = Encrypter(KEY).for_purpose("settings:value:default:A")

    assert encrypter.decrypt_string(payload) == "s3cret"


def test_changed_keeps_the_payloads_of_the_others(kept: Vault) -> None:
    before = lines(kept.file)

    kept.file.write_text(kept.changed({"B": "2", "C": None, "D": "4"}))

    after = lines(kept.file)
    assert after[1] == before[1]
    assert after[2] != before[2]
    assert vault(kept.file.parent.parent).all() == {"A": "s3cret", "B": "2", "D": "4"}


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda rows: rows[:1] + rows[2:], "A was deleted."),
        (
            lambda rows: [rows[0], *_swapped(rows[1], rows[2]), *rows[3:]],
            "A was swapped: it holds the value of B. B was swapped: it holds the value of A.",
        ),
        (
            lambda rows: [rows[0], rows[1].replace("A=", "Z="), *rows[2:]],
            "A was renamed: its value stands at Z. Z was added.",
        ),
        (
            lambda rows: [rows[0], rows[1][:-9] + "\n", *rows[2:]],
            "A was changed or cut: it cannot be read.",
        ),
        (lambda rows: [*rows[:2], "Z=x\n", *rows[2:]], "Z was added."),
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "in another order"),
        (lambda rows: rows[:-1], "the file was cut"),
        (lambda rows: rows[:2], "the file was cut"),
        (lambda rows: [*rows[:-1], rows[-1][:-9]], "last line was changed"),
    ],
)
def test_what_was_done_to_an_entry_is_told_by_its_name(kept: Vault, harm, told: str) -> None:  # type: ignore[no-untyped-def]  # a function of lines
    kept.file.write_text("".join(harm(lines(kept.file))))

    with pytest.raises(SecretsBroken) as caught:
        vault(kept.file.parent.parent).get("C")

    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)


def _swapped(one: str, two: str) -> list[str]:
    (name, _, payload), (other, _, its) = one.partition("="), two.partition("=")
    return [f"{name}={its}", f"{other}={payload}"]


def test_an_entry_of_an_earlier_version_of_the_file_is_noticed(kept: Vault) -> None:
    old = lines(kept.file)
    kept.file.write_text(kept.changed({"A": "new"}))
    new = lines(kept.file)

    kept.file.write_text("".join([new[0], old[1], *new[2:]]))

    with pytest.raises(SecretsBroken, match="A was replaced by an entry of another version"):
        vault(kept.file.parent.parent).check()


def test_a_file_of_another_environment_is_not_read(kept: Vault, tmp_path: Path) -> None:
    other = kept.file.with_name("secrets.production.enc")
    other.write_text(kept.file.read_text())

    with pytest.raises(SecretsBroken, match="of another environment"):
        vault(tmp_path, "production").get("A")


def test_another_key_reads_nothing(kept: Vault, tmp_path: Path) -> None:
    other = Vault.of(tmp_path, None, asked=False, given="base64:" + "b" * 43 + "=")

    with pytest.raises(SecretsBroken, match="the key is another one"):
        other.get("A")


def test_secrets_without_a_key_say_where_it_would_be(kept: Vault, tmp_path: Path) -> None:
    with pytest.raises(MissingSecretKey, match=r"SECURELY_ENV_KEY.*secrets\.key"):
        vault(tmp_path, given=None).get("A")
    with pytest.raises(MissingSecretKey):
        vault(tmp_path, given=None).changed({"B": "2"})


def test_the_first_secret_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    made = vault(tmp_path, given=None)

    made.changed({"A": "s3cret"})

    file = tmp_path / "settings/secrets.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (tmp_path / "settings/.gitignore").read_text() == "*.key\n"
    assert "base64:" not in repr(made)


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "settings/secrets.key")
    keys.create()
    keys.path.chmod(0o640)

    with pytest.raises(InvalidSecretKey, match="chmod 600"):
        keys.ring()


@pytest.mark.parametrize("text", ["base64:???", "c2hvcnQ="])
def test_a_key_that_is_none_is_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidSecretKey) as caught:
        KeyFile(tmp_path / "k", text).ring()

    assert text not in str(caught.value)


def test_rotate_puts_a_new_key_first_and_the_old_ones_still_read(tmp_path: Path) -> None:
    made = vault(tmp_path, given=None)
    made.file.parent.mkdir()
    made.file.write_text(made.changed({"A": "s3cret"}))

    ring = made.keys.rotate()
    assert vault(tmp_path, given=None).get("A") == "s3cret"
    made.file.write_text(vault(tmp_path, given=None).reencrypted(ring))
    assert made.keys.drop_earlier() == 1

    assert vault(tmp_path, given=None).get("A") == "s3cret"


def test_rotate_when_the_process_gives_the_key_then_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyOfProcess, match="SECURELY_ENV_KEY"):
        KeyFile(tmp_path / "k", TEXT).rotate()


@given(st.dictionaries(st.sampled_from("ABCDE"), st.text(st.characters(exclude_categories=["Cs"]))))
def test_every_text_comes_back(values: dict[str, str]) -> None:
    made = Vault(Path("/nowhere/secrets.enc"), "default", KeyFile(Path("/nowhere/k"), TEXT))

    text = made.changed(dict(values))

    assert made.with_text(text).all() == values


def test_a_secret_of_a_megabyte_comes_back() -> None:
    made = Vault(Path("/nowhere/secrets.enc"), "default", KeyFile(Path("/nowhere/k"), TEXT))
    value = "é" * 500_000

    assert made.with_text(made.changed({"A": value})).get("A") == value


# -- dates


def test_a_value_has_the_date_on_which_it_was_set(tmp_path: Path) -> None:
    with freeze() as travel:
        made = vault(tmp_path)
        made.file.parent.mkdir()
        made.file.write_text(made.changed({"A": "s3cret", "B": "two"}))
        travel(hours=72)
        made = vault(tmp_path)
        made.file.write_text(made.changed({"A": "new", "B": "two"}))

    dates = vault(tmp_path).dates()

    assert (dates["A"].changed - dates["B"].changed).days == 3
    assert dates["A"].expires is None


def test_a_value_that_does_not_change_keeps_its_payload(kept: Vault) -> None:
    before = lines(kept.file)

    kept.file.write_text(kept.changed({"A": kept.get("A")}))

    assert lines(kept.file)[:-1] == before[:-1]


def test_a_day_goes_with_the_value_and_with_no_other(kept: Vault, tmp_path: Path) -> None:
    day = date(2027, 1, 31)
    kept.file.write_text(kept.changed({}, {"A": day, "B": day}))
    renamed = vault(tmp_path)
    renamed.file.write_text(renamed.changed({"A": None, "Z": renamed.get("A"), "B": "new"}))

    dates = vault(tmp_path).dates()

    assert dates["Z"].expires == day
    assert dates["B"].expires is None
    assert "A" not in dates
    assert "2027" not in kept.file.read_text()


def test_dates_stay_under_another_key(kept: Vault, tmp_path: Path) -> None:
    kept.file.write_text(kept.changed({}, {"A": date(2027, 1, 31)}))
    before = vault(tmp_path).dates()
    new = KeyRing(b"n" * 32, [KEY])

    kept.file.write_text(vault(tmp_path).reencrypted(new))

    given = f"base64:{b64encode(new.current).decode()}"
    assert vault(tmp_path, given=given).dates() == before
