"""Hooks of the settings: who may refuse a change, who is told of it, and when it is taken back."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from securely import Application
from securely.config import Config
from securely.container import current, set_process_container
from securely.facades import Event, Settings
from securely.settings import ChangeRefused, ChangeUndone, Notice, SettingChanged
from securely.settings.hooks import watching
from securely.settings.settings import Settings as ApplicationSettings
from securely.support.control import ControlSocket, Request
from securely.support.webhooks import signature
from securely.testing import Artisan
from tests.web import Asked, WebHost, reply

CONFIG = """\
from securely.config import env

config = {"motto": env("SHOP_MOTTO", "none"), "token": env("SHOP_TOKEN", "")}
"""
HOOKS = """\
import json
from pathlib import Path

config = {"hooks": json.loads((Path(__file__).parent / "hooks.json").read_text())}
"""
# Answers with what it was told; ends as it is told by its name.
TELL = "cat > told.$1; echo $1 >> order"
FAIL = 'cat > /dev/null; echo "no, not $SHOP_SAYS" >&2; exit 3'
REPEAT = "cat >&2; exit 1"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An application's folder."""
    monkeypatch.delenv("APP_KEY", raising=False)
    for folder in ("config", "bootstrap", "bin"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config/shop.py").write_text(CONFIG)
    (tmp_path / "config/settings.py").write_text(HOOKS)
    (tmp_path / "config/hooks.json").write_text("{}")
    (tmp_path / ".env").write_text("APP_ENV=local\nSHOP_MOTTO=old\nSHOP_TOKEN=t0ps3cret\n")
    for name, text in (("tell", TELL), ("fail", FAIL), ("repeat", REPEAT)):
        (tmp_path / f"bin/{name}").write_text(text)
    before = set_process_container(None)
    yield tmp_path
    set_process_container(before)


@pytest.fixture
def shop(base: Path) -> Iterator[Artisan]:
    """The console of an application in that folder."""
    with of(base) as console:
        yield console


class of:  # noqa: N801  # reads as a word
    """An application in *base*, with these hooks in its configuration."""

    def __init__(self, base: Path, **hooks: object) -> None:
        (base / "config/hooks.json").write_text(json.dumps({"verify_for": 0, **hooks}))
        self.app = Application.configure(base).create()
        self.app.is_checking = True  # as for these commands, which repair what is wrong

    def __enter__(self) -> Artisan:
        self._active = self.app.active()
        self._active.__enter__()
        self.app.boot()
        self._console = Artisan(self.app)
        return self._console

    def __exit__(self, *error: object) -> None:
        self._console.finish()
        self._active.__exit__(None, None, None)


def motto(base: Path) -> str:
    lines = (base / ".env").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("SHOP_MOTTO"))


def told(base: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((base / f"told.{name}").read_text())
    return found


def commands() -> list[str]:
    return [each.command for each in Settings.history()]


# -- before


def test_a_function_may_refuse_a_change(shop: Artisan, base: Path) -> None:
    seen: list[Notice] = []

    def refuse(notice: Notice) -> None:
        seen.append(notice)
        raise ChangeRefused("the calendar", "it is Friday")

    Settings.before(refuse)

    shop("settings:set shop.motto new").assert_exit(2).assert_output(
        "Nothing was changed, because the calendar refuses it: it is Friday"
    )
    assert motto(base) == "old"
    assert Settings.revision == 0
    (notice,) = seen
    assert notice.names == ["SHOP_MOTTO"]
    assert notice.keys["SHOP_MOTTO"] == ("shop.motto",)
    assert (notice.command, notice.revision, notice.how) == ("set", None, "reload")


def test_a_function_may_want_other_values(shop: Artisan, base: Path) -> None:
    Settings.before(lambda notice: {"SHOP_MOTTO": "NEW", "SHOP_OTHER": "too"})

    Settings.set({"shop.motto": "new"})

    assert motto(base) == "NEW"
    assert Settings.get("SHOP_OTHER") == "too"


def test_another_value_for_a_secret_goes_where_the_secret_goes(shop: Artisan, base: Path) -> None:
    Settings.before(lambda notice: {"SHOP_TOKEN": "b3tters3cret"})

    Settings.set({"SHOP_TOKEN": "n3ws3cret"}, secret=True)

    assert Settings.get("SHOP_TOKEN") == "b3tters3cret"
    assert "b3tters3cret" not in (base / ".env").read_text()


def test_other_values_are_validated_like_any(shop: Artisan, base: Path) -> None:
    Settings.before(lambda notice: {"APP_DEBUG": "perhaps"})

    shop("settings:set shop.motto new").assert_exit(2).assert_output("APP_DEBUG")
    assert motto(base) == "old"


def test_a_program_may_refuse_a_change_or_want_another(base: Path) -> None:
    with of(base, before=["sh bin/tell first", "sh bin/fail"]) as shop:
        shop("settings:set shop.motto new").assert_exit(2).assert_output(
            "sh bin/fail refuses it: exit code 3: no, not"
        )
        assert told(base, "first")["changes"][0]["new"] == "new"
        assert motto(base) == "old"
    (base / "bin/better").write_text("""echo '{"SHOP_MOTTO": "better"}'""")
    with of(base, before=["sh bin/better"]):
        Settings.set({"shop.motto": "new"})
        assert motto(base) == "better"
    (base / "bin/better").write_text("echo better")
    with of(base, before=["sh bin/better"]), pytest.raises(ChangeRefused, match="object in JSON"):
        Settings.set({"shop.motto": "new"})


def test_values_that_a_program_wants_are_written_as_a_file_has_them(base: Path) -> None:
    wanted = '{"SHOP_A": true, "SHOP_B": 1.5, "SHOP_C": null, "SHOP_D": "d"}'
    (base / "bin/wants").write_text(f"echo '{wanted}'")
    with of(base, before=["sh bin/wants"]):
        Settings.set({"shop.motto": "new"})
        assert "SHOP_A=true\nSHOP_B=1.5\nSHOP_D=d\n" in (base / ".env").read_text()
    (base / "bin/wants").write_text("""echo '{"SHOP_A": [1]}'""")
    with of(base, before=["sh bin/wants"]), pytest.raises(ChangeRefused, match="SHOP_A"):
        Settings.set({"shop.motto": "newer"})


@pytest.mark.parametrize("when", ["before", "after", "health"])
def test_a_program_may_say_what_is_no_text(base: Path, when: str) -> None:
    (base / "bin/noise").write_bytes(b"printf '\\377\\376' >&2; exit 3")
    with of(base, **{when: ["sh bin/noise"]}) as shop:
        code = {"before": 2, "after": 0, "health": 3}[when]
        shop("settings:set shop.motto new").assert_exit(code).assert_output("exit code 3")


def test_what_an_editor_writes_while_hooks_are_asked_stays(shop: Artisan, base: Path) -> None:
    def edit(notice: Notice) -> None:
        with (base / ".env").open("a") as file:
            file.write("SHOP_BY_HAND=yes\n")

    Settings.before(edit)
    Settings.set({"shop.motto": "new"})

    assert "SHOP_BY_HAND=yes\n" in (base / ".env").read_text()
    assert motto(base) == "new"


def test_a_dry_run_asks_and_tells_nobody_after_it(base: Path) -> None:
    with of(base, before=["sh bin/tell before"], after=["sh bin/tell after"]) as shop:
        shop("settings:set shop.motto new --dry-run").assert_ok()

    assert (base / "order").read_text() == "before\n"


def test_without_hooks_nobody_is_asked_or_told(base: Path) -> None:
    with of(base, before=["sh bin/fail"], after=["sh bin/tell after"]) as shop:
        shop("settings:set shop.motto new --no-hooks").assert_ok()

    assert motto(base) == "new"
    assert not (base / "order").exists()


# -- after


def test_programs_are_told_of_a_change_in_their_order(base: Path) -> None:
    with of(base, after=["sh bin/tell one", "sh bin/tell two"]) as shop:
        shop("settings:set shop.motto new").assert_ok().assert_output("Revision 1.")

    assert (base / "order").read_text() == "one\ntwo\n"
    assert told(base, "one") == {
        "revision": 1,
        "command": "set",
        "environment": "default",
        "reload": "reload",
        "changes": [
            {
                "name": "SHOP_MOTTO",
                "keys": ["shop.motto"],
                "place": ".env",
                "secret": False,
                "old": "old",
                "new": "new",
            }
        ],
    }


def test_of_secrets_programs_are_told_the_names(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECURELY_ENV_KEY", "base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM=")
    (base / "bin/environment").write_text("env > environment")
    after = ["sh bin/tell one", "sh bin/environment"]
    with of(base, after=after):
        Settings.set({"SHOP_TOKEN": "n3ws3cret"})
    row = told(base, "one")["changes"][0]
    assert (row["name"], row["secret"]) == ("SHOP_TOKEN", True)
    assert {"old", "new"}.isdisjoint(row)
    assert "SECURELY_ENV_KEY" not in (base / "environment").read_text()
    assert "n3ws3cret" not in (base / "environment").read_text()

    with of(base, after=after, reveal=["SHOP_TOKEN"]):
        Settings.set({"SHOP_TOKEN": "n3xts3cret"})
    row = told(base, "one")["changes"][0]
    assert (row["old"], row["new"]) == ("n3ws3cret", "n3xts3cret")


def test_what_cannot_be_told_is_kept_and_told_again(base: Path) -> None:
    with of(base, after=["sh bin/late one"]) as shop:
        shop("settings:set shop.motto new").assert_ok().assert_output(
            "sh bin/late one could not be told of the change: exit code", "settings:hooks retry"
        )
        assert motto(base) == "new", "A change stands, whoever hears of it."
        shop("settings:hooks").assert_ok().assert_output("was not told of revision 1")
        shop("settings:hooks retry").assert_exit(1).assert_output("sh bin/late one was not told")
        (base / "bin/late").write_text(TELL)
        shop("settings:hooks retry").assert_ok().assert_output("All is told; 1 were left.")
        shop("settings:hooks retry --json").assert_ok().assert_output('"told": 0')

    assert told(base, "one")["revision"] == 1
    assert told(base, "one")["changes"][0]["new"] == "new"


def test_what_is_configured_no_longer_is_not_told_again(base: Path) -> None:
    with of(base, after=["sh bin/fail"]):
        Settings.set({"shop.motto": "new"})
    with of(base) as shop:
        shop("settings:hooks retry").assert_ok()
        assert Settings.hooks.outbox.all() == []


def test_a_hook_that_repeats_a_secret_brings_it_nowhere(base: Path) -> None:
    with of(base, after=["sh bin/repeat"], reveal=["SHOP_TOKEN"]) as shop:
        result = shop("settings:set SHOP_TOKEN=n3ws3cret").assert_ok()
        result.assert_output("could not be told").assert_no_output("n3ws3cret", "t0ps3cret")
    files = [file for file in base.rglob("*") if file.is_file() and file.name != ".env"]
    assert not [file for file in files if b"n3ws3cret" in file.read_bytes()]
    file = base / "storage/settings/undelivered.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("when", ["after", "health"])
def test_a_hook_that_repeats_a_secret_that_has_not_changed_brings_it_nowhere(
    base: Path, when: str
) -> None:
    (base / "bin/tattle").write_text("echo t0ps3cret k3pts3cret >&2; exit 1")
    with of(base):
        Settings.set({"SHOP_KEPT": "k3pts3cret"}, secret=True)
    with of(base, **{when: ["sh bin/tattle"]}) as shop:
        output = shop("settings:set shop.motto new").assert_output("******** ********").output
    for file in (base / "storage").rglob("*"):
        output += file.read_text() if file.is_file() else ""

    assert "t0ps3cret" not in output
    assert "k3pts3cret" not in output


def test_a_program_that_takes_too_long_is_killed_with_all_it_has_started(base: Path) -> None:
    (base / "bin/slow").write_text("sleep 600 & echo $! > pid; wait")

    for seconds in (0.3, 4.0):
        with of(base, after=["sh bin/slow"], timeout=seconds) as shop:
            told = shop(f"settings:set shop.motto new{seconds}").assert_ok()
        told.assert_output(f"did not end within {seconds:g} s")
        if (base / "pid").exists() and (base / "pid").read_text():
            break  # else the machine was too slow for it to begin in so short a time

    with pytest.raises(ProcessLookupError):
        _wait_for_its_end(int((base / "pid").read_text()))


def test_a_program_that_is_not_there_is_named(base: Path) -> None:
    with of(base, after=["bin/nothing --at=all"]) as shop:
        shop("settings:set shop.motto new").assert_ok().assert_output(
            "bin/nothing --at=all", "cannot be started: No such file or directory"
        )


def test_functions_and_listeners_are_told_and_may_fail(shop: Artisan) -> None:
    heard: list[object] = []

    def fail(notice: object) -> None:
        heard.append(notice)
        raise LookupError("t0ps3cret")

    Settings.after(fail)
    Event.listen(SettingChanged, fail)

    shop("settings:set SHOP_TOKEN=n3ws3cret").assert_ok().assert_output(
        "fail raised LookupError.", "A listener to SettingChanged raised LookupError."
    ).assert_no_output("t0ps3cret")
    notice, event = heard
    assert isinstance(notice, Notice)
    assert event == SettingChanged("SHOP_TOKEN", ("shop.token",), secret=True, revision=1)


def test_a_live_setting_changes_the_configuration_of_this_process(base: Path) -> None:
    with of(base):
        Settings.set({"SETTINGS_VERIFY_FOR": "1"})
        assert Config().get("settings") is None
    (base / "config/settings.py").write_text(
        'from securely.config import env\nconfig = {"hooks": {"timeout": env("SHOP_WAIT", "3")}}\n'
    )
    with of(base):
        from securely.facades import Config as config  # noqa: N813  # the facade

        Settings.set({"SHOP_WAIT": "4"})
        assert config.get("settings.hooks.timeout") == "4"
        Settings.set({"shop.motto": "new"})
        assert config.get("shop.motto") == "old", "That one needs another process."


def test_what_config_cache_has_kept_is_cleared(base: Path) -> None:
    with of(base) as shop:
        shop("config:cache").assert_ok()
    with of(base) as shop:
        shop("settings:set shop.motto new --no-hooks").assert_output("run that again")
        assert (base / "bootstrap/cache/config.json").exists()
        shop("settings:set shop.motto newer").assert_output("What config:cache had kept is cleared")
        assert not (base / "bootstrap/cache/config.json").exists()


# -- webhooks


def test_a_webhook_gets_the_change_signed(base: Path) -> None:
    with WebHost() as host:
        hook = {"url": f"{host.url}/hooks/p4ths3cret", "secret": "whsec_bm8gc2VjcmV0"}
        with of(base, webhooks=[hook]) as shop:
            shop("settings:set SHOP_MOTTO=new SHOP_TOKEN=n3ws3cret").assert_ok()
            shop("settings:hooks").assert_output("127.0.0.1#").assert_no_output("p4ths3cret")

    (asked,) = host.asked
    data = json.loads(asked.body)
    assert [row["name"] for row in data["changes"]] == ["SHOP_MOTTO", "SHOP_TOKEN"]
    assert b"n3ws3cret" not in asked.body
    fields = asked.fields
    assert fields["webhook-signature"] == signature(
        ["whsec_bm8gc2VjcmV0"],
        id_=fields["webhook-id"],
        timestamp=fields["webhook-timestamp"],
        body=asked.body,
    )


def test_a_webhook_is_tried_again_while_its_server_has_trouble(base: Path) -> None:
    statuses = iter([503, 500, 204])

    def answer(asked: Asked, handler: Any) -> None:
        reply(handler, status=next(statuses))

    with WebHost(answer) as host, of(base, webhooks=[{"url": host.url}]) as shop:
        shop("settings:set shop.motto new").assert_ok().assert_no_output("could not")

    assert len(host.asked) == 3
    assert "webhook-signature" not in host.asked[0].fields


def test_a_webhook_that_is_refused_is_kept_without_another_try(base: Path) -> None:
    def answer(asked: Asked, handler: Any) -> None:
        reply(handler, status=403)

    with WebHost(answer) as host, of(base, webhooks=[{"url": f"{host.url}/p4ths3cret"}]) as shop:
        shop("settings:set shop.motto new").assert_ok().assert_output("status 403")
        (row,) = Settings.hooks.outbox.all()

    assert len(host.asked) == 1
    assert "p4ths3cret" not in repr(row)
    with of(base, webhooks=[{"url": f"{host.url}/p4ths3cret"}], timeout=0.5) as shop:
        shop("settings:hooks retry").assert_exit(1).assert_output("refused")


# -- taken back


def test_a_change_that_harms_the_health_is_taken_back(base: Path) -> None:
    (base / "bin/health").write_text("grep -q SHOP_MOTTO=new .env && { echo red; exit 1; }; true")
    with of(base, health=["sh bin/health"], after=["sh bin/tell one"]) as shop:
        result = shop("settings:set SHOP_MOTTO=new SHOP_TOKEN=n3ws3cret").assert_exit(3)
        result.assert_output(
            "Revision 1 was taken back by revision 2", "sh bin/health", "exit code 1: red"
        )
        assert motto(base) == "old"
        assert Settings.get("SHOP_TOKEN") == "t0ps3cret"
        assert commands()[1].startswith("undo 1: sh bin/health says that something is wrong")
        assert told(base, "one")["revision"] == 2, "Hooks hear of that, too."
        result = shop("settings:set SHOP_MOTTO=new --json").assert_exit(3)
        assert json.loads(result.output)["undone"] == 4


def test_what_is_taken_back_goes_where_it_was(base: Path) -> None:
    with of(base, health=["sh bin/fail"]):
        with pytest.raises(ChangeUndone):
            Settings.set({"SHOP_TOKEN": "n3ws3cret"}, secret=True)
        assert "SHOP_TOKEN=t0ps3cret" in (base / ".env").read_text()
        with pytest.raises(ChangeUndone):
            Settings.set({"SHOP_OTHER": "0th3r"}, secret=True)
        assert not Settings.has("SHOP_OTHER")
        assert not Settings.writer.vault.names()


def test_who_did_not_answer_is_told_to_stay_when_the_change_is_taken_back(base: Path) -> None:
    asked: list[Request] = []

    def serve(end: ControlSocket) -> None:
        while len(asked) < 2:
            asked.extend(end.take())

    folder = base / "storage/framework/control"
    with of(base, timeout=0.3) as shop, ControlSocket(folder, "demo") as end:
        thread = threading.Thread(target=serve, args=[end])
        thread.start()
        shop("settings:set SHOP_MOTTO=new").assert_exit(3)
        thread.join()

    first, second = asked
    first.close()
    second.close()
    assert (first.ask, first.details["undoes"]) == ("renew", None)
    assert (second.ask, second.details["undoes"]) == ("note", 1)
    assert motto(base) == "old"


@pytest.mark.parametrize("facts", [{}, {"attached": 1}], ids=["alone", "of another"])
def test_who_stops_meanwhile_has_not_followed(base: Path, facts: Mapping[str, int]) -> None:
    def serve(end: ControlSocket) -> None:
        while not (asked := end.take()):
            """Nobody asks yet."""
        if not facts:
            asked[0].answer("stopped")
        asked[0].close()

    folder = base / "storage/framework/control"
    with of(base) as shop, ControlSocket(folder, "demo", facts) as end:
        thread = threading.Thread(target=serve, args=[end])
        thread.start()
        shop("settings:set SHOP_MOTTO=new").assert_ok().assert_output(
            f"demo ({os.getpid()}) was told to stop before it had followed"
        ).assert_output("0 of 1 processes")
        thread.join()


def test_health_is_watched_for_as_long_as_configured(base: Path) -> None:
    (base / "bin/health").write_text("echo x >> looks; [ $(wc -l < looks) -lt 3 ]")

    with of(base, health=["sh bin/health"], verify_for=20), pytest.raises(ChangeUndone):
        Settings.set({"shop.motto": "new"})

    assert (base / "looks").read_text() == "x\n" * 3


# -- settings:hooks


def test_hooks_are_listed_and_tested(base: Path) -> None:
    hooks: Mapping[str, object] = {"after": ["sh bin/tell one"], "health": ["sh bin/fail"]}
    with of(base, **hooks) as shop:
        listed = shop("settings:hooks").assert_ok()
        listed.assert_output("No process runs that follows changes.", "sh bin/tell one", "health")
        found = json.loads(shop("settings:hooks --json").output)
        assert found["hooks"]["after"] == ["sh bin/tell one"]
        assert found["processes"] == []
        shop("settings:hooks test").assert_exit(1).assert_output("well", "exit code 3")
        shop("settings:hooks nonsense").assert_exit(1).assert_output("list, test, retry")
    assert told(base, "one")["command"] == "test"
    assert told(base, "one")["changes"] == []
    assert Settings.hooks.outbox.all() == []
    with of(base) as shop:
        shop("settings:hooks test --json").assert_ok().assert_output('"results": []')


def test_a_configuration_of_hooks_that_is_wrong_can_be_repaired(base: Path) -> None:
    (base / "config/settings.py").write_text(
        'from securely.config import env\nconfig = {"hooks": {"timeout": env("SHOP_WAIT", "x")}}\n'
    )
    with of(base) as shop:
        shop("settings:set SHOP_WAIT=3").assert_ok().assert_output(
            "No program and no URL was asked"
        )
        assert shop("settings:get settings.hooks.timeout").output.strip() == "3"
        shop("settings:set SHOP_WAIT=-3").assert_exit(2).assert_output("settings.hooks.timeout")


@pytest.mark.parametrize(
    "hooks",
    [
        {"after": ["'"]},
        {"after": [" "]},
        {"reveal": ["A-B"]},
        {"webhooks": [{"url": "x"}]},
        {"webhooks": [{"url": "http://[::1"}]},
        {"webhooks": [{"url": "http:///path"}]},
    ],
)
def test_hooks_that_cannot_be_are_refused(base: Path, hooks: Mapping[str, Any]) -> None:
    with of(base, **hooks) as shop:
        shop("settings:validate").assert_exit(1).assert_output("settings.hooks")


# -- settings:watch


@pytest.fixture
def watch(shop: Artisan, base: Path) -> Callable[[], object]:
    """Looks twice, as after a pause."""
    watcher = watching.Watcher(current().make(ApplicationSettings))

    def look() -> object:
        return watcher.look() or watcher.look()

    return look


def test_a_change_by_hand_is_remembered_and_told(watch: Callable[[], Any], base: Path) -> None:
    heard: list[str] = []
    Settings.after(lambda notice: heard.append(f"{notice.command}: {notice.names}"))
    assert watch() is None
    file = base / ".env"
    file.write_text(file.read_text().replace("old", "by hand") + "SHOP_OTHER=1\n")

    outcome = watch()

    assert [change.name for change in outcome.changes] == ["SHOP_MOTTO", "SHOP_OTHER"]
    assert outcome.revision == Settings.revision == 1
    assert heard == ["edited by hand: ['SHOP_MOTTO', 'SHOP_OTHER']"]
    assert Settings.get("shop.motto") == "by hand"
    assert watch() is None
    Settings.rollback(0)
    assert motto(base) == "old"
    assert watch() is None, "That is known."
    assert len(Settings.history()) == 2


def test_a_change_by_hand_while_another_is_told_is_told_next(
    watch: Callable[[], Any], base: Path
) -> None:
    file = base / ".env"
    heard: list[str | None] = []

    def edit_again(notice: Notice) -> None:
        heard.append(notice.changes[0].new)
        file.write_text(file.read_text().replace("first", "second"))

    Settings.after(edit_again)
    file.write_text(file.read_text().replace("old", "first"))
    watch()
    watch()

    assert heard == ["first", "second"]
    assert watch() is None
    assert Settings.revision == 2


def test_a_change_by_hand_that_is_not_valid_is_told_to_nobody(shop: Artisan, base: Path) -> None:
    from securely.settings import InvalidSettings

    heard: list[object] = []
    Settings.after(heard.append)
    watcher = watching.Watcher(current().make(ApplicationSettings))
    (base / ".env").write_text("APP_DEBUG=perhaps\n")

    assert watcher.look() is None
    with pytest.raises(InvalidSettings, match="APP_DEBUG"):
        watcher.look()
    watcher.calm()

    assert watcher.look() is None, "It is said once."
    assert (heard, Settings.history()) == ([], [])
    (base / ".env").write_text("APP_DEBUG=true\n")
    watcher.look()
    outcome = watcher.look()
    assert outcome is not None
    assert outcome.revision == 1


def _wait_for_its_end(pid: int) -> None:
    from securely.support import clock

    end = clock.SystemClock().monotonic() + 30
    while clock.SystemClock().monotonic() < end:
        os.kill(pid, 0)
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError(f"{pid} is dead, and waits for {sys.executable} no more.")
