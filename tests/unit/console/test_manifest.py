from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from securely.console.manifest import application_commands, current, unread_commands
from securely.console.manifest.scan import scan
from securely.support.listing import Entry
from securely.support.manifest import Manifest, manifest_path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with the bones of an application."""
    (tmp_path / "app/console/commands").mkdir(parents=True)
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / "routes").mkdir()
    return tmp_path


def write(base: Path, name: str, text: str) -> Path:
    path = base / "app/console/commands" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def own(manifest: Manifest) -> dict[str, Entry]:
    return {e.name: e for e in manifest.entries if not e.target.startswith("securely.")}


def test_scan_reads_what_classes_say_without_importing_them(base: Path) -> None:
    write(
        base,
        "billing/send.py",
        "raise SystemExit('never imported')\n"
        "from somewhere import Command\n"
        "PREFIX = 'mail'\n"
        "class Base(Command):\n"
        "    help = 'More.'\n"
        "    hidden = True\n"
        "class Send(Base):\n"
        "    signature = (PREFIX + ':send '\n"
        "        '{user : Who} {--Q|queue=low}')\n"
        "    description: str = f'Send a {PREFIX}'\n"
        "    aliases = ('ms', 'ma')\n"
        "class Helper:\n"
        "    signature = 'no:command'\n",
    )

    found = own(scan(base))

    assert list(found) == ["mail:send"]
    entry = found["mail:send"]
    assert entry.target == "app.console.commands.billing.send.Send"
    assert (entry.description, entry.help, entry.hidden) == ("Send a mail", "More.", True)
    assert entry.aliases == ["ms", "ma"]
    assert [argument.name for argument in entry.arguments] == ["user"]
    assert (entry.options[0].shortcut, entry.options[0].default) == ("Q", "low")


def test_scan_reads_the_functions_of_the_routes(base: Path) -> None:
    (base / "routes/console.py").write_text(
        "@Artisan.command('inspire {name?}')\n"
        "def inspire(): 'Say it.\\n\\nMore.'\n"
        "@artisan.command('later', description='Come later')\n"
        "async def later(): ...\n"
        "@other.thing('not:this')\n"
        "def other(): ...\n",
        encoding="utf-8",
    )

    found = own(scan(base))

    assert {name: entry.description for name, entry in found.items()} == {
        "inspire": "Say it",
        "later": "Come later",
    }
    assert found["inspire"].target == "routes.console.inspire"


def test_scan_reads_what_is_chained_to_a_function(base: Path) -> None:
    (base / "routes").mkdir(exist_ok=True)
    (base / "routes/console.py").write_text(
        "@Artisan.command('one {name}').purpose('Do one').aliases('o', 'eins')\n"
        "def one(): 'Not this.'\n"
        "@Artisan.command('two {name}').hidden()\n"
        "def two(): 'Do two.'\n"
        "@other.thing('three').purpose('x')\n"
        "def three(): ...\n"
    )

    found = {entry.name: entry for entry in scan(base).entries if entry.target[:6] == "routes"}

    assert [*found] == ["one", "two"]
    assert (found["one"].description, found["one"].aliases) == ("Do one", ["o", "eins"])
    assert (found["two"].description, found["two"].hidden) == ("Do two", True)


def test_scan_leaves_abstract_classes_out(base: Path) -> None:
    (base / "app/console/commands").mkdir(parents=True, exist_ok=True)
    (base / "app/console/commands/abstract.py").write_text(
        "class Base(Command, ABC):\n"
        "    signature = 'base {name}'\n"
        "    @abc.abstractmethod\n"
        "    def handle(self): ...\n"
        "class Real(Base):\n"
        "    signature = 'real {name}'\n"
        "    def handle(self): ...\n"
    )

    names = [entry.name for entry in scan(base).entries]

    assert "real" in names
    assert "base" not in names


def test_scan_knows_the_commands_of_the_framework(base: Path) -> None:
    targets = {entry.name: entry.target for entry in scan(base).entries}

    assert targets["list"] == "securely.console.commands.ListCommand"


def test_scan_when_a_file_is_broken_warns_and_goes_on(base: Path) -> None:
    write(base, "broken.py", "class Broken(\n")
    write(base, "good.py", "class Good(Command):\n    signature = 'good'\n")
    write(base, "wrong.py", "\nclass Wrong(Command):\n    signature = 'wrong {a'\n")
    write(base, "zero.py", "x = '\0'\n")

    manifest = scan(base)

    assert [e.name for e in own(manifest).values() if not e.hidden] == ["good"]
    assert len(manifest.warnings) == 3
    assert manifest.warnings[0].startswith("app/console/commands/broken.py:1 cannot be read:")
    assert manifest.warnings[1].startswith("app/console/commands/wrong.py:2 has a signature")
    assert manifest.warnings[2].startswith("app/console/commands/zero.py")


def test_scan_when_two_commands_have_one_name_warns(base: Path) -> None:
    write(base, "a.py", "class A(Command):\n    signature = 'same'\n")
    write(base, "b.py", "class B(Command):\n    signature = 'same'\n")

    manifest = scan(base)

    assert own(manifest)["same"].target == "app.console.commands.a.A"
    assert len(manifest.warnings) == 1
    assert manifest.warnings[0].startswith(
        'Two commands are named "same": app.console.commands.a.A'
    )


def test_application_commands_are_those_of_classes(base: Path) -> None:
    write(base, "a.py", "class A(Command):\n    signature = 'one'\n")
    (base / "routes/console.py").write_text("@Artisan.command('two')\ndef two(): ...\n")

    assert application_commands(base) == [("one", "app.console.commands.a.A")]


def test_current_keeps_what_it_found_and_reads_it_again(base: Path) -> None:
    write(
        base,
        "a.py",
        "class A(Command):\n"
        "    signature = 'one {a} {b=x} {c?*} {--d} {--e=*y,z} {--F|f=}'\n"
        "    description = 'tab\\t, line\\n, back\\\\slash \\\\n'\n"
        "    usages = ('one 1', 'one 2')\n",
    )
    write(base, "broken.py", "class Broken(\n")

    first = current(base)
    second = Manifest.read(manifest_path(str(base)), version())

    assert second is not None
    assert [described(e) for e in second.entries] == [described(e) for e in first.entries]
    assert second.warnings == first.warnings
    assert own(second)["one"].description == "tab\t, line\n, back\\slash \\n"
    assert Path(manifest_path(str(base))).stat().st_mode & 0o777 == 0o600


def described(entry: Entry) -> list[object]:
    return [
        entry.name,
        entry.description,
        entry.help,
        entry.hidden,
        entry.aliases,
        entry.usages,
        entry.target,
        [(a.name, a.description, a.required, a.is_array, a.default) for a in entry.arguments],
        [
            (o.name, o.description, o.shortcut, o.accepts_value, o.is_array, o.default)
            for o in entry.options
        ],
    ]


def version() -> str:
    from securely import __version__

    return __version__


def fresh(base: Path) -> bool:
    return Manifest.read(manifest_path(str(base)), version()) is not None


def test_read_when_a_source_has_changed_finds_nothing(base: Path) -> None:
    file = write(base, "a.py", "class A(Command):\n    signature = 'one'\n")
    current(base)
    assert fresh(base)

    file.write_text("class A(Command):\n    signature = 'other'\n")
    assert not fresh(base)
    assert list(own(current(base))) == ["other"]


def test_read_when_a_file_comes_or_goes_finds_nothing(base: Path) -> None:
    current(base)
    added = write(base, "sub/b.py", "class B(Command):\n    signature = 'two'\n")
    assert not fresh(base)
    assert list(own(current(base))) == ["two"]

    added.unlink()
    assert not fresh(base)
    assert own(current(base)) == {}


def test_read_when_routes_come_later_finds_nothing(base: Path) -> None:
    current(base)
    (base / "routes/console.py").write_text("@Artisan.command('two')\ndef two(): ...\n")

    assert not fresh(base)


def test_read_when_only_the_time_of_a_file_has_changed_finds_nothing(base: Path) -> None:
    file = write(base, "a.py", "class A(Command):\n    signature = 'one'\n")
    current(base)

    os.utime(file, ns=(1, 1))

    assert not fresh(base)


def test_read_when_the_application_was_copied_watches_the_copy(base: Path) -> None:
    write(base, "a.py", "class A(Command):\n    signature = 'one'\n")
    current(base)
    copy = base.parent / f"{base.name}-copy"

    shutil.copytree(base, copy)  # as `cp -a`: with the times of the files
    assert fresh(copy)

    write(copy, "a.py", "class A(Command):\n    signature = 'two:commands'\n")
    assert not fresh(copy)
    assert list(own(current(copy))) == ["two:commands"]
    assert list(own(current(base))) == ["one"]


def test_read_when_the_copy_has_new_times_finds_nothing(base: Path) -> None:
    write(base, "a.py", "class A(Command):\n    signature = 'one'\n")
    current(base)
    copy = base.parent / f"{base.name}-copy"

    shutil.copytree(base, copy, copy_function=shutil.copy)  # as `cp -r`: the files are new
    os.utime(copy / "app/console/commands/a.py", ns=(1, 1))

    assert not fresh(copy)
    assert str(base) not in Path(manifest_path(str(base))).read_text()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("securely-commands\t3", "securely-commands\t0"),
        lambda text: text.replace("\nC\t", "\nC\tx\t"),
        lambda text: "\n".join([*text.split("\n")[:2], "S", "E", ""]),
    ],
)
def test_read_when_the_manifest_is_damaged_finds_nothing(base: Path, damage: object) -> None:
    current(base)
    path = Path(manifest_path(str(base)))
    assert callable(damage)
    path.write_text(damage(path.read_text()))

    assert not fresh(base)
    assert current(base).entries


def test_read_when_it_is_another_versions_finds_nothing(base: Path) -> None:
    current(base)

    assert Manifest.read(manifest_path(str(base)), "0.0.0") is None


def test_current_when_nothing_can_be_written_still_answers(base: Path) -> None:
    write(base, "a.py", "class A(Command):\n    signature = 'one'\n")
    (base / "bootstrap/cache").write_text("a file where the folder should be")

    assert list(own(current(base))) == ["one"]
    assert (base / "bootstrap/cache").read_text() == "a file where the folder should be"


def test_current_where_there_is_no_application_writes_nothing(tmp_path: Path) -> None:
    assert current(tmp_path).entries
    assert list(tmp_path.iterdir()) == []


# What the syntax tree does not show is left to the command itself.


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        (
            "class A(Command):\n    signature = 'one {user}'\n    def handle(self, k: Kind): ...\n",
            False,
        ),
        ("class A(Command):\n    signature = 'one'\n    def handle(self): ...\n", False),
        ("class A(Command):\n    signature = 'one'\n    def handle(self, c: Config): ...\n", False),
        ("class A(Command):\n    signature = 'one'\n    def handle(self, user: int): ...\n", True),
        ("class A(Command):\n    signature = 'one'\n    def handle(self, kind: Kind): ...\n", True),
        (
            "class A(Command):\n    signature = 'one'\n    def handle(self, k: 'int|None'): ...\n",
            True,
        ),
        ("class A(Command, Isolatable):\n    signature = 'one {user}'\n", True),
        ("class A(Base):\n    signature = 'one {user}'\n", True),
    ],
)
def test_scan_marks_what_it_cannot_know_of_arguments_and_options(
    base: Path, text: str, partial: bool
) -> None:
    imports = "from securely.config import Config as C\nfrom securely.config import Config\n"
    write(base, "one.py", f"{imports}from app.base import Base\n{text}")

    found = own(current(base))["one"]

    assert found.is_partial is partial
    kept = Manifest.read(manifest_path(str(base)), version())
    assert kept is not None
    assert own(kept)["one"].is_partial is partial


# What providers and bootstrap/app.py name.


def site(base: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = base / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


COMMAND = "class {0}(Command):\n    signature = '{1} {{user}}'\n    description = 'Do {1}'\n"


def test_scan_reads_the_commands_that_providers_of_the_application_name(base: Path) -> None:
    site(
        base,
        {
            "bootstrap/providers.py": "from shop.provider import ShopProvider\n"
            "providers = [ShopProvider, 'till.provider:TillProvider', make()]\n",
            "shop/provider.py": "raise SystemExit\nfrom .commands import Count as Counting\n"
            "class ShopProvider(Provider):\n"
            "    commands = {'shop:count': Counting, 'shop:sum': 'shop.commands:Sum'}\n",
            "shop/commands.py": COMMAND.format("Count", "shop:count")
            + COMMAND.format("Sum", "shop:sum"),
            "till/provider.py": "import till.commands as c\n"
            "class TillProvider(Provider):\n"
            "    commands: ClassVar = {'till:open': c.Open, NAME: c.Close}\n",
            "till/commands.py": COMMAND.format("Open", "till:open") + COMMAND.format("Close", "x"),
        },
    )

    found = own(scan(base))

    assert {name: entry.target for name, entry in found.items()} == {
        "shop:count": "shop.commands.Count",
        "shop:sum": "shop.commands.Sum",
        "till:open": "till.commands.Open",
        "x": "till.commands.Close",
    }
    assert found["shop:count"].description == "Do shop:count"
    assert [argument.name for argument in found["shop:sum"].arguments] == ["user"]


def test_scan_reads_what_the_builder_is_given(base: Path) -> None:
    site(
        base,
        {
            "bootstrap/app.py": "app = (\n    Application.configure(here)\n"
            "    .with_providers(['shop:ShopProvider', Other])\n"
            "    .with_commands(['shop:Sum', 'shop:Gone', *more])\n    .create()\n)\n",
            "shop.py": "class ShopProvider:\n    commands = {'shop:count': 'shop.Count'}\n"
            + COMMAND.format("Count", "shop:count")
            + COMMAND.format("Sum", "shop:sum"),
        },
    )

    found = scan(base)

    assert sorted(own(found)) == ["shop:count", "shop:sum"]
    assert application_commands(base) == [("shop:count", "shop.Count"), ("shop:sum", "shop.Sum")]
    assert any("bootstrap/app.py names shop.Gone" in warning for warning in found.warnings)


def test_scan_of_a_command_that_cannot_be_read_has_the_name_its_provider_gives_it(
    base: Path,
) -> None:
    site(
        base,
        {
            "bootstrap/providers.py": "providers = ['shop:ShopProvider']\n",
            "shop.py": "class ShopProvider:\n    commands = {'shop:count': 'made.Elsewhere'}\n",
        },
    )

    entry = own(scan(base))["shop:count"]

    assert (entry.target, entry.is_partial) == ("made.Elsewhere", True)


@pytest.mark.parametrize(
    ("files", "warning"),
    [
        ({}, "there is no module shop, where ShopProvider is to be"),
        ({"shop.py": "class (\n"}, "shop.py:1 cannot be read"),
        ({"shop.py": "class ShopProvider:\n    commands = made()\n"}, "they are computed"),
    ],
)
def test_scan_of_a_provider_that_cannot_be_read_warns(
    base: Path, files: dict[str, str], warning: str
) -> None:
    site(base, {"bootstrap/providers.py": "providers = ['shop:ShopProvider']\n", **files})

    found = scan(base)

    assert own(found) == {}
    assert warning in "\n".join(found.warnings)


def test_the_manifest_is_no_longer_true_once_what_names_commands_changes(base: Path) -> None:
    site(
        base,
        {
            "bootstrap/providers.py": "providers = ['shop:ShopProvider']\n",
            "shop.py": "class ShopProvider:\n    commands = {}\n",
        },
    )
    current(base)
    assert fresh(base)

    (base / "shop.py").write_text("class ShopProvider:\n    commands = {'a': 'b.C'}\n")

    assert not fresh(base)
    assert "a" in own(current(base))


def test_scan_follows_what_packages_export(base: Path) -> None:
    site(
        base,
        {
            "bootstrap/providers.py": "providers = ['shop:ShopProvider', 'circle:A']\n"
            "providers += ['more']\n",
            "bootstrap/app.py": "app = configure().with_providers(['shop:Gone'])\n",
            "shop/__init__.py": "from shop.inner import ShopProvider\n",
            "shop/inner.py": "class ShopProvider:\n"
            "    commands = {'shop:count': 'shop.all:Count'}\n",
            "shop/all/__init__.py": "from .count import Counting as Count\n",
            "shop/all/count.py": COMMAND.format("Counting", "shop:count"),
            "circle.py": "from circle import A\n",
        },
    )

    found = scan(base)

    entry = own(found)["shop:count"]
    assert (entry.target, entry.description) == ("shop.all.Count", "Do shop:count")
    assert "shop/__init__.py has no class Gone" in "\n".join(found.warnings)
    (base / "shop/all/count.py").write_text(COMMAND.format("Counting", "shop:sum"))
    assert "shop:sum" in own(scan(base))


def test_scan_when_a_signature_fails_then_knows_the_name_and_hides_it(base: Path) -> None:
    write(base, "a.py", "class A(Command):\n    signature = 'one {user'\n")
    write(base, "b.py", "class B(Command):\n    signature = '{user'\n")

    manifest = scan(base)

    (entry,) = own(manifest).values()
    assert (entry.name, entry.hidden, entry.is_partial) == ("one", True, True)
    assert [warning.partition(" ")[0] for warning in manifest.warnings] == [
        "app/console/commands/a.py:1",
        "app/console/commands/b.py:1",
    ]


def test_scan_when_a_named_command_has_a_bad_signature_then_warns(base: Path) -> None:
    (base / "shop.py").write_text("class Count(Command):\n    signature = 'shop:count {user'\n")
    (base / "bootstrap/app.py").write_text(
        "from shop import Count\napp = configure().with_commands([Count]).create()\n"
    )

    manifest = scan(base)

    assert own(manifest)["shop:count"].hidden
    assert "bootstrap/app.py names shop.Count: shop.py:1 has a signature" in manifest.warnings[0]


def test_unread_commands_are_files_of_which_no_command_is_known(base: Path) -> None:
    write(base, "a.py", "class A(Command):\n    signature = 'one {user'\n")
    write(base, "b.py", "class B(\n")
    (base / "routes/console.py").write_text("def f(\n")

    assert unread_commands(base) == [
        "app/console/commands/b.py:1 cannot be read: '(' was never closed."
    ]
