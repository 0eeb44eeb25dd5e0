"""Environment and env(): which value wins, what it becomes, who is asked."""

from __future__ import annotations

import copy
import os
import threading
from pathlib import Path

import pytest

from securely.config import (
    Environment,
    InvalidVariable,
    MissingVariable,
    env,
    loading,
)
from securely.support.masking import HIDDEN
from securely.support.missing import MISSING


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("(True)", True),
        ("FALSE", False),
        ("(false)", False),
        ("null", None),
        ("(NULL)", None),
        ("empty", ""),
        ("(empty)", ""),
        ("5", "5"),
        ("1.5", "1.5"),
        ("", ""),
        ('"quoted"', "quoted"),
        ("'q'", "q"),
        ("'odd\"", "'odd\""),
        (" true", " true"),
    ],
)
def test_env_when_called_then_casts_as_laravel_does(text: str, value: object) -> None:
    with loading(Environment({"X": text}, {})):
        assert env("X", "default") is value if value is None else env("X", "default") == value


def test_env_when_the_variable_is_absent_then_gives_the_default() -> None:
    with loading(Environment({}, {})):
        assert env("X") is None
        assert env("X", 5) == 5
        assert env("X", lambda: "made") == "made"


def test_typed_env_when_the_value_reads_then_gives_it() -> None:
    values = {
        "I": "5", "F": "1.5", "B": "off", "L": "a, b,,c", "J": '{"a": [1]}', "P": "storage/x",
        "D": "1h30m", "S": "true", "BLANK": "",
    }  # fmt: skip
    with loading(Environment(values, {}, base_path=Path("/srv/app"))):
        assert env.int("I") == 5
        assert env.float("F") == 1.5
        assert env.bool("B") is False
        assert env.list("L") == ["a", "b", "c"]
        assert env.json("J") == {"a": [1]}
        assert env.path("P") == Path("/srv/app/storage/x")
        assert env.path("NO", "y") == Path("/srv/app/y")
        assert env.duration("D") == 5_400.0
        assert env.duration("NO", "5m") == 300.0
        assert env.str("S") == "true"
        assert env.required("S") == "true"
        assert env.int("BLANK", 7) == 7
        assert env.str("BLANK") == ""
        assert env.bool("BLANK") is False


def test_typed_env_when_it_is_absent_then_names_the_variable() -> None:
    with loading(Environment({"BLANK": ""}, {})):
        for read in (env.str, env.int, env.bool, env.json, env.path, env.duration, env.required):
            with pytest.raises(MissingVariable, match='"NO_SUCH" is not set') as caught:
                read("NO_SUCH")
            assert str(copy.copy(caught.value)) == str(caught.value)
        with pytest.raises(MissingVariable):
            env.required("BLANK")


@pytest.mark.parametrize("kind", ["int", "float", "bool", "json", "duration"])
def test_typed_env_when_it_does_not_read_then_names_the_variable_and_hides_secrets(
    kind: str,
) -> None:
    with loading(Environment({"RETRIES": "many", "APP_KEY": "hunter2"}, {})):
        with pytest.raises(InvalidVariable, match='"RETRIES" is "many"') as shown:
            getattr(env, kind)("RETRIES")
        with pytest.raises(InvalidVariable, match='"APP_KEY" is not ') as hidden:
            getattr(env, kind)("APP_KEY")

    assert "hunter2" not in str(hidden.value)
    assert hidden.value.__suppress_context__
    assert str(copy.copy(shown.value)) == str(shown.value)


def test_load_when_the_process_sets_a_variable_then_it_wins_and_nothing_is_exported(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("APP_DEBUG=true\nSECURELY_ONLY_IN_FILE=1\n")

    environment = Environment.load(tmp_path, process={"APP_DEBUG": "false"})

    assert environment.get("APP_DEBUG") == "false"
    assert environment.get("SECURELY_ONLY_IN_FILE") == "1"
    assert environment.is_set_by_process("APP_DEBUG")
    assert not environment.is_set_by_process("SECURELY_ONLY_IN_FILE")
    assert "SECURELY_ONLY_IN_FILE" not in os.environ


def test_load_when_a_file_of_the_environment_exists_then_it_replaces_the_other(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("A=plain\nONLY_PLAIN=1\n")
    (tmp_path / ".env.testing").write_text("A=testing\n")

    by_process = Environment.load(tmp_path, process={"APP_ENV": "testing"})
    by_option = Environment.load(tmp_path, "testing", process={"APP_ENV": "local"})
    other = Environment.load(tmp_path, process={"APP_ENV": "staging"})

    assert by_process.get("A") == by_option.get("A") == "testing"
    assert by_process.get("ONLY_PLAIN") is MISSING
    assert by_option.get("APP_ENV") == "testing"
    assert other.get("A") == "plain"
    assert other.file == tmp_path / ".env"


def test_load_when_there_is_no_file_then_only_the_process_counts(tmp_path: Path) -> None:
    environment = Environment.load(tmp_path, process={"A": "1"})

    assert environment.file is None
    assert environment.get("A") == "1"
    assert environment.names() == ()


def test_why_when_asked_then_tells_the_source_and_masks_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_KEY=hunter2\nURL=redis://a:pw@h\n")
    environment = Environment.load(tmp_path, process={"APP_ENV": "local"})

    assert environment.why("APP_KEY").shown == HIDDEN
    assert environment.why("APP_KEY").source == f"{tmp_path / '.env'}:1"
    assert "pw" not in environment.why("URL").shown
    assert environment.why("APP_ENV").source == "the environment of the process"
    assert "not set" in environment.why("NOPE").source
    assert "hunter2" not in repr(environment)


def test_reads_when_variables_are_read_then_notes_digests_not_values() -> None:
    environment = Environment({"A": "hunter2"}, {})
    with loading(environment):
        env("A")
        env("B", 1)

    reads = environment.reads()

    assert set(reads) == {"A", "B"}
    assert reads["B"] == ""
    assert "hunter2" not in repr(reads)


def test_loading_when_two_applications_load_at_once_then_never_meet() -> None:
    barrier = threading.Barrier(2)
    seen: dict[str, object] = {}

    def load(name: str) -> None:
        with loading(Environment({"NAME": name}, {})):
            barrier.wait()
            seen[name] = env("NAME")
            barrier.wait()

    threads = [threading.Thread(target=load, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {"one": "one", "two": "two"}
