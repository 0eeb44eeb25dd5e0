"""The helpers, on an application of their own."""

from __future__ import annotations

import asyncio
import doctest
import gc
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import securely.helpers
from securely import Application
from securely.cache import CacheHit
from securely.container import NotBooted
from securely.exceptions import HttpException
from securely.facades import Event, Exceptions, Log, Queue
from securely.helpers import (
    abort,
    abort_if,
    abort_unless,
    app,
    app_path,
    aretry,
    base_path,
    blank,
    bootstrap_path,
    cache,
    config,
    config_path,
    context,
    database_path,
    dd,
    decrypt,
    defer,
    dispatch,
    dump,
    encrypt,
    event,
    filled,
    info,
    lang_path,
    logger,
    now,
    once,
    public_path,
    report,
    report_if,
    report_unless,
    rescue,
    rescuing,
    resolve,
    resource_path,
    retry,
    storage_path,
    today,
)
from securely.queue import Job
from securely.testing import Travel, freeze


class Ring(Job):
    def handle(self) -> None: ...


def test_examples_when_run_then_give_what_they_show(app: Application) -> None:
    assert doctest.testmod(securely.helpers).failed == 0


def test_app_when_called_then_is_the_current_one_and_makes_things() -> None:
    with pytest.raises(NotBooted):
        app()


def test_resolve_when_given_a_class_then_makes_it(app: Application) -> None:
    class Clock:
        def __init__(self, zone: str = "UTC") -> None:
            self.zone = zone

    assert resolve(Clock, zone="Rome").zone == "Rome"
    assert securely.helpers.app(Clock).zone == "UTC"
    assert securely.helpers.app() is app


def test_config_when_a_key_is_absent_then_takes_the_default(app: Application) -> None:
    config({"shop.rate": 19})

    assert config("shop.rate") == 19
    assert config("shop.none", 5) == 5
    assert config("shop.none", None) is None
    assert config() is app.make("config")


def test_cache_event_and_log_when_called_then_reach_their_services(app: Application) -> None:
    log = Log.fake()
    cache().put("greeting", "hello", 60)
    events = Event.fake()

    assert cache("greeting") == "hello"
    assert cache("none", "nothing") == "nothing"
    assert event("order.shipped", [5]) == []
    logger("looked", order=5)
    info("shipped", order=5)

    events.assert_dispatched("order.shipped")
    events.assert_dispatched(CacheHit)
    log.assert_logged("debug", "looked")
    log.assert_logged("info", "shipped")
    assert logger() is app.make("log")


def test_context_when_called_then_is_reads_and_adds(app: Application) -> None:
    assert context() is app.make("context")
    assert context({"order": 7}) is app.make("context")

    assert context("order") == 7
    assert context("user") is None
    assert context("user", lambda: "nobody") == "nobody"
    context().flush()


def test_dispatch_when_given_a_job_then_queues_it(app: Application) -> None:
    queue = Queue.fake()

    assert dispatch(Ring())

    queue.assert_pushed(Ring)


def test_encrypt_and_decrypt_when_called_then_give_back_the_value(app: Application) -> None:
    assert decrypt(encrypt({"a": [1]})) == {"a": [1]}
    assert "secret" not in encrypt("secret")


def test_report_when_conditions_hold_then_tells_the_handler(app: Application) -> None:
    errors = Exceptions.fake()

    report(LookupError("one"))
    report_if(0, LookupError("none"))
    report_if(1, ValueError("two"))
    report_unless([], KeyError("three"))
    report_unless(True, KeyError("none"))

    errors.assert_reported(LookupError)
    errors.assert_reported(ValueError)
    errors.assert_reported_count(3)


def test_rescue_when_it_fails_then_reports_and_gives_the_default(app: Application) -> None:
    errors = Exceptions.fake()

    assert rescue(lambda: 1 // 0, 7) == 7
    assert rescue(lambda: 1 // 0, str, report=False)
    assert rescue(lambda: 5) == 5

    errors.assert_reported(ZeroDivisionError)
    errors.assert_reported_count(1)


def test_abort_when_called_then_carries_status_message_and_headers(app: Application) -> None:
    with pytest.raises(HttpException) as caught:
        abort(503, headers={"Retry-After": "60"})

    error = caught.value
    assert (error.status, error.message, error.headers) == (
        503,
        "Service Unavailable",
        {"Retry-After": "60"},
    )
    with pytest.raises(HttpException, match="HTTP 799"):
        abort(799)
    abort_if(False, 404)
    abort_unless(True, 404)
    with pytest.raises(HttpException, match="Gone"):
        abort_if([1], 410)
    with pytest.raises(HttpException, match="none of that name"):
        abort_unless(None, 404, "none of that name")


def test_abort_when_reported_then_is_left_out(app: Application) -> None:
    assert not app.errors.should_report(HttpException(404))


def test_retry_when_it_fails_then_waits_and_tries_again(clock: Travel) -> None:
    tried: list[int] = []
    began = datetime.now(UTC)  # noqa: TID251 - of the machine: nothing really waits

    def flaky(attempt: int) -> str:
        tried.append(attempt)
        if attempt < 3:
            raise ConnectionError(attempt)
        return f"answer {attempt}"

    assert retry(3, flaky, sleep=30) == "answer 3"
    assert retry([1000, 2000], flaky) == "answer 3"
    assert retry(5, flaky, sleep=lambda attempt, error: attempt * 100) == "answer 3"
    assert tried == [1, 2, 3] * 3
    assert datetime.now(UTC) - began < timedelta(seconds=5)  # noqa: TID251


def test_retry_when_it_never_succeeds_then_the_last_error_is_raised() -> None:
    def fail(attempt: int) -> None:
        raise ConnectionError(attempt)

    with pytest.raises(ConnectionError, match="2"):
        retry(2, fail)
    with pytest.raises(ConnectionError, match="3"):
        retry([0, 0], fail)
    with pytest.raises(ConnectionError, match="1"):
        retry(5, fail, when=lambda error: isinstance(error, TimeoutError))


def test_aretry_when_it_fails_then_waits_and_tries_again() -> None:
    async def flaky(attempt: int) -> int:
        if attempt < 3:
            raise TimeoutError
        return attempt

    async def run() -> int:
        return await aretry([60, 60], flaky)

    with freeze():
        assert asyncio.run(run()) == 3
    with pytest.raises(TimeoutError):
        asyncio.run(aretry(2, flaky))


def test_once_when_the_line_is_reached_again_then_gives_the_first_answer_none_too() -> None:
    calls: list[int] = []

    def look() -> object:
        return once(lambda: calls.append(1))

    assert look() is look() is None
    assert calls == [1]


def test_once_when_two_places_ask_then_each_has_its_own() -> None:
    def two() -> tuple[object, object]:
        return once(object), once(object)

    first, second = two()
    assert first is not second
    assert two() == (first, second)


def test_once_within_a_method_when_objects_differ_then_each_has_its_own_and_goes_with_it() -> None:
    class Made: ...

    class Holder:
        def part(self) -> Made:
            return once(Made)

    one, other = Holder(), Holder()
    assert one.part() is one.part()
    assert one.part() is not other.part()
    kept = len(securely.helpers._kept)
    del one
    gc.collect()
    assert len(securely.helpers._kept) == kept - 1


def test_once_when_it_fails_then_is_asked_again() -> None:
    answers: list[Any] = [ZeroDivisionError(), 5]

    def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    def look() -> int:
        return once(ask)

    with pytest.raises(ZeroDivisionError):
        look()
    assert look() == 5


@pytest.mark.parametrize("nothing", [None, "", " \n", [], {}, (), set()])
def test_blank_when_nothing_is_there_then_says_so(nothing: object) -> None:
    assert blank(nothing)
    assert not filled(nothing)


@pytest.mark.parametrize("something", [0, 0.0, False, True, "0", [None], object()])
def test_filled_when_something_is_there_then_says_so(something: object) -> None:
    assert filled(something)
    assert not blank(something)


def test_now_when_the_application_has_a_zone_then_is_in_it(app: Application, clock: Travel) -> None:
    clock.to(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    config({"app.timezone": "Europe/Rome"})

    assert now().isoformat() == "2026-07-02T00:30:00+02:00"
    assert now("UTC").isoformat() == "2026-07-01T22:30:00+00:00"
    assert today().isoformat() == "2026-07-02T00:00:00+02:00"
    assert today(UTC).isoformat() == "2026-07-01T00:00:00+00:00"


def test_paths_when_asked_then_lie_in_the_application(app: Application) -> None:
    base = app.paths.base

    assert base_path() == base
    assert [app_path("x"), bootstrap_path(), config_path("app.py"), database_path()] == [
        base / "app/x",
        base / "bootstrap",
        base / "config/app.py",
        base / "database",
    ]
    assert [lang_path("de"), public_path(), resource_path("views")] == [
        base / "lang/de",
        base / "public",
        base / "resources/views",
    ]
    assert storage_path("logs") == app.paths.storage / "logs"


def test_defer_when_the_command_ends_then_is_called(app: Application) -> None:
    called: list[str] = []

    with app.scope():
        defer(lambda: called.append("later"))
        defer(lambda: called.append("replaced"), "name")
        defer(lambda: called.append("named"), "name")
        called.append("now")

    assert called == ["now", "later", "named"]


def test_dump_when_given_values_then_shows_them_and_the_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert dump({"a": 1}) == {"a": 1}
    assert dump(1, 2) == (1, 2)

    shown = capsys.readouterr().err
    assert "{'a': 1}" in shown
    assert Path(__file__).name in shown


def test_dd_when_called_then_shows_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        dd("enough")

    assert caught.value.code == 1
    assert "enough" in capsys.readouterr().err


def test_helpers_when_imported_then_no_service_is() -> None:
    code = (
        "import sys, securely.helpers; print([n for n in ('securely.cache', 'securely.queue', "
        "'pydantic', 'rich', 'msgspec', 'asyncio') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("is_frozen", [True, False])
def test_once_within_a_method_when_objects_are_equal_then_each_has_its_own(is_frozen: bool) -> None:
    @dataclass(frozen=is_frozen)  # one that is not frozen has no hash
    class Account:
        name: str

        def token(self) -> object:
            return once(object)

    one, other = Account("a"), Account("a")

    assert one.token() is one.token()
    assert one.token() is not other.token()


def test_once_within_a_comprehension_when_objects_differ_then_each_has_its_own() -> None:
    class Holder:
        def parts(self) -> list[object]:
            return [once(object) for _ in range(2)]

    one, other = Holder(), Holder()

    assert one.parts()[0] is one.parts()[1]
    assert one.parts()[0] is not other.parts()[0]


def test_rescuing_when_the_block_fails_then_its_value_is_the_default(app: Application) -> None:
    fake = app.errors.fake(OSError)
    with rescuing(default="no answer") as rescued:
        rescued.value = "half"
        raise OSError("disk")
    with rescuing(lambda error: f"no {error}", report=False) as told:
        raise OSError("tape")
    with rescuing(default=0) as well:
        well.value = 7
    fake.restore()

    assert (rescued.value, told.value, well.value) == ("no answer", "no tape", 7)
    assert [str(error) for error in fake.reported()] == ["disk"]
