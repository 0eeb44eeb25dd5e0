"""log:tail in an application."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from securely import Application
from securely.facades import Context, Log
from securely.support import clock
from securely.testing import Artisan
from tools.source import ROOT


@pytest.fixture
def channels(app: Application) -> None:
    """Two files, one of lines and one of JSON, and a stack of both."""
    app.make("config").set(
        {
            "log.default": "both",
            "log.channels": {
                "lines": {"driver": "single", "path": "storage/logs/lines.log"},
                "objects": {
                    "driver": "single",
                    "path": "storage/logs/objects.log",
                    "formatter": "json",
                },
                "pairs": {
                    "driver": "single",
                    "path": "storage/logs/pairs.log",
                    "formatter": "logfmt",
                },
                "days": {"driver": "daily", "path": "storage/logs/days.log"},
                "both": {"driver": "stack", "channels": ["lines", "days"]},
                "loop": {"driver": "stack", "channels": ["loop", "lines"]},
                "memory": {"driver": "array"},
            },
        }
    )


@pytest.mark.usefixtures("channels")
def test_the_last_records_are_shown(artisan: Artisan) -> None:
    for number in range(30):
        Log.channel("lines").info(f"order {number}")

    shown = artisan("log:tail --channel=lines --no-follow").assert_ok().output.splitlines()
    assert len(shown) == 20
    assert shown[-1].endswith("INFO: order 29")
    shown = artisan("log:tail --channel=lines --no-follow --lines=2").assert_ok().output
    assert len(shown.splitlines()) == 2


@pytest.mark.usefixtures("channels")
def test_records_are_filtered(artisan: Artisan) -> None:
    log = Log.channel("lines")
    with Context.unit():
        trace = Context.trace_id
        log.error("disk full", order=7)
    log.error("disk slow")
    log.info("disk fine", order=7)
    tail = "log:tail --channel=lines --no-follow"

    for options, words in (
        ("--level=error", ["full", "slow"]),
        ("--level=ERROR --grep=f.ll", ["full"]),
        ("--grep=order", ["full", "fine"]),
        (f"--trace={trace[:12]}", ["full"]),
        (f"--trace={trace} --level=critical", []),
        ("--message=full", ["full"]),
        ("--message=order", []),
        (f"--request={trace[:8]}", ["full"]),
    ):
        shown = artisan(f"{tail} {options}").assert_ok().output.splitlines()
        assert len(shown) == len(words), (options, shown)
        assert all(word in each for word, each in zip(words, shown, strict=True))


@pytest.mark.usefixtures("channels")
@pytest.mark.parametrize("channel", ["lines", "objects", "pairs"])
def test_records_are_filtered_by_user_and_request(artisan: Artisan, channel: str) -> None:
    log = Log.channel(channel)
    log.info("paid", user=7, request_id="r-1")
    log.info("sent", user_id="7", request_id="r-2")
    log.info("lost", user=77, users=7, request_id="q-1")
    tail = f"log:tail --channel={channel} --no-follow"

    for options, words in (
        ("--user=7", ["paid", "sent"]),
        ("--user=77", ["lost"]),
        ("--request=r-", ["paid", "sent"]),
        ("--request=r-2 --user=7", ["sent"]),
        ("--message=^paid$", ["paid"]),
        ("--message=paid", ["paid"]),
    ):
        found = artisan(f"{tail} {options}").assert_ok().output.splitlines()
        assert len(found) == len(words), (options, found)
        assert all(word in each for word, each in zip(words, found, strict=True))


@pytest.mark.usefixtures("channels")
def test_json_is_an_object_per_record(artisan: Artisan) -> None:
    with Context.unit():
        trace = Context.trace_id
        Log.channel("objects").warning("disk <full>", order=7)
        Log.channel("lines").warning("disk <full>", order=7)

    [text] = (
        artisan("log:tail --channel=objects --no-follow --json").assert_ok().output.splitlines()
    )
    assert json.loads(text)["extra"] == {"trace_id": trace}
    [text] = artisan("log:tail --channel=lines --no-follow --json").assert_ok().output.splitlines()
    found = json.loads(text)
    assert (found["level"], found["trace_id"]) == ("warning", trace)
    assert found["message"].startswith("disk <full>")


@pytest.mark.usefixtures("channels")
def test_json_of_logfmt_has_the_message_and_the_fields(artisan: Artisan) -> None:
    with Context.unit():
        trace = Context.trace_id
        Log.channel("pairs").warning('disk "full"', order=7)

    [text] = artisan("log:tail --channel=pairs --no-follow --json").assert_ok().output.splitlines()
    found = json.loads(text)
    assert (found["level"], found["message"], found["trace_id"]) == (
        "warning",
        'disk "full"',
        trace,
    )
    assert found["fields"] == {"channel": "testing", "order": "7", "trace_id": trace}


@pytest.mark.usefixtures("channels")
def test_the_files_of_a_stack_are_shown_together(artisan: Artisan) -> None:
    with clock.using(clock.FrozenClock(at=1_800_000_000.0)) as frozen:
        for name in ("lines", "days", "lines"):
            Log.channel(name).info(name)
            frozen.travel(2)  # type: ignore[attr-defined]  # the one made above

    shown = artisan("log:tail --no-follow").assert_ok().output.splitlines()
    assert [each.rpartition(" ")[2] for each in shown] == ["lines", "days", "lines"]
    artisan("log:tail --no-follow --channel=loop").assert_ok()


@pytest.mark.usefixtures("channels")
def test_what_cannot_be_followed_says_so(artisan: Artisan) -> None:
    for options, words in (
        ("--channel=memory", '"memory" writes to no file'),
        ("--channel=lnes", 'Did you mean "lines"?'),
        ("--level=loud", '"loud"'),
        ("--grep=(", "no regular expression"),
        ("--lines=-1", "-1"),
    ):
        result = artisan(f"log:tail --no-follow {options}").assert_failed()
        assert words in result.errors


@pytest.mark.usefixtures("channels")
def test_signs_that_move_a_cursor_are_shown_harmless(app: Application, artisan: Artisan) -> None:
    path = app.storage_path("logs/lines.log")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[x] y.INFO: \x1b[2Jgone <info>tag</info>\n")

    shown = artisan("log:tail --channel=lines --no-follow").assert_ok().output
    assert "\x1b" not in shown
    assert "<info>tag</info>" in shown


@pytest.mark.integration
def test_a_process_follows_until_it_is_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "storage/logs/app.log"
    file.parent.mkdir(parents=True)
    file.write_text("[2026-11-05 10:00:00] local.INFO: old\n")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "artisan.py"), "log:tail", "--channel=single"],
        env={**os.environ, "SECURELY_STORAGE_PATH": str(tmp_path / "storage"), "APP_ENV": "local"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as shown:
        assert shown.readline().endswith("INFO: old\n")
        file.rename(file.with_suffix(".1"))
        file.write_text("[2026-11-05 10:00:01] local.INFO: new\n")
        assert shown.readline().endswith("INFO: new\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(50) == 0
