"""mail:publish: copies of components and themes, in an application."""

from __future__ import annotations

from pathlib import Path

from securely.console import Artisan, BufferedOutput
from securely.container import Container
from securely.mail.commands import PublishCommand
from securely.mail.markdown import Markdown
from securely.mail.markdown.themes import VIEWS
from securely.support.paths import Paths
from securely.view import ViewFactory

FILES = sorted(path.relative_to(VIEWS) for path in VIEWS.rglob("*") if path.is_file())


def run(base: Path, *words: str) -> str:
    container = Container()
    container.instance(Paths, Paths(base))
    container.instance(ViewFactory, ViewFactory([base / "resources/views"]))
    artisan = Artisan(container)
    artisan.register("mail:publish", PublishCommand)
    output = BufferedOutput()
    assert artisan.run(["mail:publish", "--no-interaction", *words], output) == 0
    return output.all_text


def test_publish_copies_components_and_themes(tmp_path: Path) -> None:
    said = run(tmp_path)

    folder = tmp_path / "resources/views/vendor/mail"
    copies = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert copies == FILES
    assert len(FILES) == 17
    for name in FILES:
        assert (folder / name).read_bytes() == (VIEWS / name).read_bytes()
    assert said.count("COPIED") == len(FILES)
    assert "resources/views/vendor/mail/html/button.html" in said


def test_publish_leaves_what_is_there(tmp_path: Path) -> None:
    own = tmp_path / "resources/views/vendor/mail/html/themes/default.css"
    own.parent.mkdir(parents=True)
    own.write_text("p { margin: 0; }")

    said = run(tmp_path)

    assert own.read_text() == "p { margin: 0; }"
    assert said.count("SKIPPED") == 1


def test_publish_writes_over_what_is_there_when_forced(tmp_path: Path) -> None:
    own = tmp_path / "resources/views/vendor/mail/text/panel.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")

    said = run(tmp_path, "--force")

    assert own.read_bytes() == (VIEWS / "text/panel.txt").read_bytes()
    assert "SKIPPED" not in said


def test_what_was_published_makes_the_same_mails(tmp_path: Path) -> None:
    view = "# {{ x }}\n\n{% call button('https://a.example') %}{{ x }}{% endcall %}"
    before = Markdown(ViewFactory([]), name="Shop").render_string(view, {"x": "<1>"})

    run(tmp_path)

    views = ViewFactory([tmp_path / "resources/views"])
    assert Markdown(views, name="Shop").render_string(view, {"x": "<1>"}) == before
