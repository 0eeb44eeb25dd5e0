"""What providers publish is found by provider and tag, and copied; stubs are, too."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from securely import Application
from securely.console import Artisan, BufferedOutput
from securely.container import Provider
from securely.events import Dispatcher
from securely.foundation import NothingToPublish, PublishingStubs, VendorTagPublished
from securely.foundation.providers.publishing import Publisher

Build = Callable[..., Application]
Write = Callable[[str, str], Path]


@pytest.fixture
def shop(write: Write, base: Path) -> str:
    """A package that publishes a file and a folder."""
    sys.path.insert(0, str(base / "packages"))
    write("packages/tiny_shop/__init__.py", "")
    write("packages/tiny_shop/files/rates.py", "config = {}\n")
    write("packages/tiny_shop/files/deep/page.txt", "page\n")
    write("packages/tiny_shop/files/__pycache__/x.pyc", "no\n")
    write(
        "packages/tiny_shop/provider.py",
        "from pathlib import Path\n"
        "from securely.container import Provider\n\n\n"
        "class TinyProvider(Provider):\n"
        "    def boot(self):\n"
        "        self.publishes({'files/rates.py': 'config/rates.py'}, tags=['rates', 'tiny'])\n"
        "        files = Path(__file__).parent / 'files'\n"
        "        self.publishes({files: 'resources/tiny'}, tags='tiny')\n",
    )
    return "tiny_shop.provider:TinyProvider"


@pytest.fixture
def app(build: Build, shop: str) -> Application:
    return build(lambda builder: builder.with_providers([shop])).boot()


def publisher(app: Application) -> Publisher:
    return Publisher(app.providers.loaded, app.paths.base)


def test_providers_and_tags_are_listed(app: Application) -> None:
    found = publisher(app)

    assert found.providers() == ["tiny_shop.provider:TinyProvider"]
    assert found.tags() == ["rates", "tiny"]
    assert list(found.paths(tag="rates").values()) == [app.base_path("config/rates.py")]
    assert len(found.paths("TinyProvider")) == 2


def test_files_and_folders_are_copied_without_byte_code(app: Application, base: Path) -> None:
    done = publisher(app).publish("tiny_shop.provider.TinyProvider", "tiny")

    assert {each.outcome for each in done} == {"copied"}
    assert sorted(each.target.relative_to(base).as_posix() for each in done) == [
        "config/rates.py",
        "resources/tiny/deep/page.txt",
        "resources/tiny/rates.py",
    ]
    assert (base / "resources/tiny/deep/page.txt").read_text() == "page\n"


def test_a_file_that_is_there_stays_unless_forced_or_only_such_are_wanted(
    app: Application, base: Path, write: Write
) -> None:
    file = write("config/rates.py", "mine\n")

    kept = publisher(app).publish(tag="rates")
    text = file.read_text()
    existing = publisher(app).publish(tag="tiny", existing=True)

    assert [each.outcome for each in kept] == ["exists"]
    assert text == "mine\n"
    assert sorted(each.outcome for each in existing) == ["absent", "absent", "copied"]
    assert file.read_text() == "config = {}\n"
    assert not (base / "resources").exists()
    file.write_text("mine\n")
    assert [each.outcome for each in publisher(app).publish(tag="rates", force=True)] == ["copied"]


@pytest.mark.parametrize(
    ("provider", "tag", "near"),
    [
        (None, "rate", 'Did you mean "rates"?'),
        ("tiny_shop.provider:TinyProvidr", None, "tiny_shop.provider:TinyProvider"),
        ("TinyProvider", "nothing", "TinyProvider"),
    ],
)
def test_what_nobody_publishes_is_refused_with_what_there_is(
    app: Application, provider: str | None, tag: str | None, near: str
) -> None:
    with pytest.raises(NothingToPublish, match=r"There is: ") as caught:
        publisher(app).publish(provider, tag)

    assert near in str(caught.value)


def test_a_source_that_is_not_there_is_named(build: Build) -> None:
    class Careless(Provider):
        def boot(self) -> None:
            self.publishes({"/no/such/file.py": "config/file.py"})

    app = build(lambda builder: builder.with_providers([Careless])).boot()

    with pytest.raises(NothingToPublish, match=r"Careless publishes /no/such/file\.py, which"):
        publisher(app).publish()


def test_the_command_tells_of_each_tag(app: Application) -> None:
    told: list[VendorTagPublished] = []
    app.make(Dispatcher).listen(VendorTagPublished, told.append)

    code = app.make(Artisan).call("vendor:publish", {"--tag": ["rates", "tiny"]})

    assert code == 0
    assert [event.tag for event in told] == ["rates", "tiny"]
    assert list(told[0].paths.values()) == [str(app.base_path("config/rates.py"))]


def test_stubs_are_published_and_listeners_may_add_theirs(
    app: Application, base: Path, write: Write
) -> None:
    mine = write("mine.stub", "mine\n")
    app.make(Dispatcher).listen(
        PublishingStubs, lambda event: event.add(mine, "mine.stub") and None
    )
    output = BufferedOutput()

    app.make(Artisan).call("stub:publish", output=output)

    assert (base / "stubs/mine.stub").read_text() == "mine\n"
    assert "class {{ class }}" in (base / "stubs/job.stub").read_text()
    (base / "stubs/job.stub").write_text("own\n")
    app.make(Artisan).call("stub:publish")
    assert (base / "stubs/job.stub").read_text() == "own\n"
    app.make(Artisan).call("stub:publish", {"--force": True})
    assert (base / "stubs/job.stub").read_text() != "own\n"
