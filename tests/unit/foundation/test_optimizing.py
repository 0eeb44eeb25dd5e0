"""optimize, optimize:clear and reload: which chores there are, and how they are done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from securely import Application
from securely.config import Config
from securely.console import Artisan, BufferedOutput, Command
from securely.container import Provider
from securely.foundation import NotWritable
from securely.foundation.providers.kept import forget, keep, kept
from securely.foundation.providers.optimizing import Chore, clearing, optimizing, wanted

Build = Callable[..., Application]
Write = Callable[[str, str], Path]


class WarmCommand(Command):
    """Fails when it is told to."""

    signature = "shop:warm {--cold}"
    code = 0

    def handle(self) -> int:
        self.line("too cold" if self.code else "warm")
        return self.code


class Warming(Provider):
    commands = {"shop:warm": WarmCommand}  # noqa: RUF012

    def boot(self) -> None:
        vars(self.app)["seen"] = []
        self.optimizes(optimize="shop:warm --cold", clear=self.clear)
        self.reloads(lambda: vars(self.app)["seen"].append("reloaded"), key="shop")

    def clear(self, config: Config) -> None:
        vars(self.app)["seen"].append(config.get("app.env"))


@pytest.fixture
def app(build: Build) -> Application:
    return build(lambda builder: builder.with_providers([Warming])).boot()


def run(app: Application, line: str) -> tuple[int, str]:
    output = BufferedOutput()
    return app.make(Artisan).call(line, output=output), output.all_text


def test_optimize_does_what_the_framework_and_providers_have_to_do(app: Application) -> None:
    code, said = run(app, "optimize --except=config,events")

    assert code == 0
    for key in ("packages", "services", "commands", "warming"):
        assert key in said
    assert app.cached_path("packages").is_file()
    assert json.loads(app.cached_path("services").read_text())["deferred"] == {}
    assert (app.paths.base / "bootstrap/cache/commands.txt").is_file()


def test_optimize_clear_takes_it_back(app: Application) -> None:
    run(app, "optimize --except=config,events")

    code, said = run(app, "optimize:clear --except=config,events")

    assert code == 0
    assert "warming" in said
    assert vars(app)["seen"] == ["production"]
    assert not app.cached_path("packages").exists()
    assert not (app.paths.base / "bootstrap/cache/commands.txt").exists()
    assert run(app, "optimize:clear --except=config,events")[0] == 0  # there is nothing any more


def test_a_chore_that_fails_is_told_with_what_it_said(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WarmCommand, "code", 3)

    code, said = run(app, "optimize --except=config,events")

    assert code == 1
    assert "FAIL" in said
    assert "warming: too cold" in said


def test_reload_does_what_providers_have_added(app: Application) -> None:
    code, said = run(app, "reload --except=queue,schedule")

    assert code == 0
    assert "shop" in said
    assert vars(app)["seen"] == ["reloaded"]


def test_a_chore_is_left_out_by_key_and_by_command_and_without_its_command() -> None:
    chores = [Chore("a", "a:do"), Chore("b", "b:do --x"), Chore("c", print), Chore("d", "no:such")]

    found = wanted(chores, ["a", "b:other"], lambda name: name != "no:such")

    assert [each.key for each in found] == ["b", "c"]
    assert [each.key for each in wanted(chores, ["a:do", "c"], lambda _: True)] == ["b", "d"]


def test_the_last_of_several_chores_of_one_name_counts() -> None:
    found = wanted([Chore("a", "a:do"), Chore("a", "a:better")], [], lambda _: True)

    assert found == [Chore("a", "a:better")]


def test_what_optimize_makes_optimize_clear_forgets(app: Application) -> None:
    made = {each.key for each in optimizing(app)}

    assert made == {each.key for each in clearing(app)}


# How things are kept.


def test_what_is_kept_is_private_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "deep/x.json"

    keep(file, {"answer": 42})
    found = kept(file)

    assert found is not None
    assert found["answer"] == 42
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["x.json"]


@pytest.mark.parametrize("mark", ["format", "securely", "python", "installed"])
def test_what_was_kept_under_other_circumstances_is_not_true(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "x.json"
    keep(file, {})
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, mark: "other"}))

    assert kept(file) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "\udcff"])
def test_what_is_damaged_is_not_there(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))

    assert kept(file) is None


def test_what_cannot_be_kept_or_forgotten_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = tmp_path / "file" / "x.json"

    with pytest.raises(NotWritable) as caught:
        keep(file, {})
    with pytest.raises(NotWritable):
        forget(file)

    assert str(file) in str(caught.value)
    assert "APP_X_CACHE" in str(caught.value)
    assert not forget(tmp_path / "absent.json")


def test_where_things_are_kept_can_be_said(build: Build, base: Path) -> None:
    app = build(APP_SERVICES_CACHE="storage/x.json", APP_EVENTS_CACHE="/var/events.json")

    assert app.cached_path("services") == base / "storage/x.json"
    assert app.cached_path("events") == Path("/var/events.json")
    assert app.cached_path("packages") == base / "bootstrap/cache/packages.json"
