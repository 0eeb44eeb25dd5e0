"""`securely new blog` makes an application that works, as real processes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SECONDS = 50

Run = Callable[..., subprocess.CompletedProcess[str]]

# What an application that has been validated does not need to say what it is.
HEAVY = {
    "asyncio",
    "cryptography",
    "diskcache",
    "logging",
    "msgspec",
    "pydantic",
    "rich",
    "sqlite3",
}

PROGRAM = """
import sys
from securely.starter import artisan
code = artisan("artisan.py", sys.argv[1:])
sys.stderr.write("\\n".join(sorted(sys.modules)))
sys.exit(code)
"""


def execute(
    words: list[str], folder: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    names = ("APP_", "CACHE_", "QUEUE_", "LOG_", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **(variables or {})},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    """A new application."""
    made = execute(["-m", "securely", "new", "blog"], tmp_path)
    assert made.returncode == 0, made.stderr
    assert "blog is ready" in made.stdout
    return tmp_path / "blog"


@pytest.fixture
def run(blog: Path) -> Run:
    """Run a command line of the new application."""

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return execute(["artisan.py", *words], blog, variables)

    return run


def imported(blog: Path, *words: str) -> tuple[str, set[str]]:
    """Run a command line and return what it wrote, and the packages that were imported for it."""
    process = execute(["-c", PROGRAM, *words], blog)
    assert process.returncode == 0, process.stderr
    return process.stdout, {name.split(".")[0] for name in process.stderr.split()}


def test_its_files_are_those_of_the_skeleton_under_their_own_names(blog: Path) -> None:
    names = {str(path.relative_to(blog)) for path in blog.rglob("*") if path.is_file()}

    assert {
        ".env",
        ".env.example",
        ".gitignore",
        "artisan.py",
        "app/providers/app_provider.py",
        "bootstrap/app.py",
        "bootstrap/providers.py",
        "config/app.py",
        "resources/views/.gitkeep",
        "routes/console.py",
        "storage/logs/.gitignore",
        "tests/feature/test_application.py",
    } <= names
    assert not [name for name in names if "__pycache__" in name or "dot." in name]
    for name in (
        "pyproject.toml",
        "README.md",
        ".env.example",
        "tests/feature/test_application.py",
    ):
        text = (blog / name).read_text(encoding="utf-8")
        assert "blog" in text
        assert "__NAME__" not in text


def test_it_has_a_key_of_its_own_that_only_its_owner_can_read(blog: Path, tmp_path: Path) -> None:
    execute(["-m", "securely", "new", "shop"], tmp_path)
    keys = {
        line
        for folder in (blog, tmp_path / "shop")
        for line in (folder / ".env").read_text(encoding="utf-8").splitlines()
        if line.startswith("APP_KEY=base64:")
    }

    assert len(keys) == 2
    assert stat.S_IMODE((blog / ".env").stat().st_mode) == 0o600
    assert "APP_KEY=\n" in (blog / ".env.example").read_text(encoding="utf-8")


def test_its_own_tests_pass(blog: Path) -> None:
    tested = execute(["-m", "pytest", "-p", "no:cacheprovider"], blog)

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "4 passed" in tested.stdout


def test_it_says_what_it_is(run: Run, blog: Path) -> None:
    about = run("about", "--json")

    assert about.returncode == 0, about.stderr
    shown = json.loads(about.stdout)
    assert shown["environment"]["application"] == "blog"
    assert shown["environment"]["environment"] == "local"
    assert shown["environment"]["debug"] is True
    assert shown["environment"]["variables"] == ".env"
    assert shown["environment"]["key"] == "set"
    assert shown["drivers"] == {
        "cache": "disk",
        "log": "stack",
        "mail": "log",
        "queue": "sqlite",
        "store": "sqlite",
    }
    assert shown["folders"]["base"] == str(blog)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("list", "queue:work"),
        ("list", "inspire"),
        ("inspire", "Make it work"),
        ("queue:work --stop-when-empty", ""),
        ("config:check", "valid"),
        ("container:check", "can be built"),
        ("config:show app.name", "blog"),
        ("key:generate --force", ""),
        ("env", "local"),
        ("--version", "Securely"),
    ],
)
def test_its_commands_work(run: Run, line: str, text: str) -> None:
    result = run(*line.split())

    assert result.returncode == 0, result.stdout + result.stderr
    assert text in result.stdout


def test_it_works_from_another_folder(blog: Path, tmp_path: Path) -> None:
    result = execute([str(blog / "artisan.py"), "inspire"], tmp_path)

    assert result.returncode == 0, result.stderr
    assert "Make it work" in result.stdout


def test_securely_inside_it_is_its_artisan(blog: Path) -> None:
    result = execute(["-m", "securely", "inspire"], blog)

    assert result.returncode == 0, result.stderr
    assert "Make it work" in result.stdout


def test_the_configuration_of_this_repository_is_the_skeletons() -> None:
    ours = {file.name: file.read_bytes() for file in (ROOT / "config").glob("*.py")}
    skeleton = ROOT / "securely/skeleton/config"

    assert ours == {file.name: file.read_bytes() for file in skeleton.glob("*.py")}


def test_a_boot_with_a_known_fingerprint_imports_nothing_heavy(run: Run, blog: Path) -> None:
    assert run("about").returncode == 0  # validates, and notes that it has

    said, modules = imported(blog, "about")

    assert "blog" in said
    assert modules & HEAVY == set()


def test_a_boot_with_an_unknown_fingerprint_validates_everything(run: Run, blog: Path) -> None:
    (blog / "config/cache.py").write_text(
        'config = {"prefiks": "x:", "stores": {"array": {"driver": "array", "entries_max": "n"}}}',
        encoding="utf-8",
    )
    (blog / "config/app.py").write_text('config = {"timezone": "Nowhere"}', encoding="utf-8")

    result = run("about")

    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    for text in ("cache.prefiks", "cache.stores.array.entries_max", "app.timezone"):
        assert text in result.stderr


def test_a_proof_that_cannot_be_written_does_not_keep_it_from_booting(run: Run, blog: Path) -> None:
    folder = blog / "bootstrap/cache"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("in the way", encoding="utf-8")

    assert run("about").returncode == 0
    assert run("list").returncode == 0


def test_the_option_env_chooses_the_file(run: Run, blog: Path) -> None:
    text = (blog / ".env").read_text(encoding="utf-8")
    (blog / ".env.staging").write_text(text.replace("APP_NAME=blog", "APP_NAME=staged"))

    shown = json.loads(run("about", "--json", "--env=staging").stdout)

    assert shown["environment"]["application"] == "staged"
    assert shown["environment"]["environment"] == "staging"
    assert shown["environment"]["variables"] == ".env.staging"
    assert json.loads(run("about", "--json").stdout)["environment"]["application"] == "blog"


def test_variables_of_the_file_do_not_reach_children(run: Run, blog: Path) -> None:
    (blog / "routes/console.py").write_text(
        "import os\n\n"
        "from securely.console import Command\n"
        "from securely.facades import Artisan\n\n\n"
        "@Artisan.command('leak')\n"
        "def leak(command: Command) -> None:\n"
        "    command.line(str(os.environ.get('APP_KEY')))\n",
        encoding="utf-8",
    )

    assert run("leak").stdout.strip() == "None"


def test_production_shows_no_debugging(run: Run) -> None:
    about = run("about", "--json", APP_ENV="production", APP_DEBUG="true")

    assert json.loads(about.stdout)["environment"]["debug"] is False


# What it refuses.


def test_new_into_a_folder_that_holds_something_leaves_it_alone(tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    (tmp_path / "blog/notes.txt").write_text("mine", encoding="utf-8")

    result = execute(["-m", "securely", "new", "blog"], tmp_path)

    assert result.returncode == 1
    assert "not an empty folder" in result.stderr
    assert "Traceback" not in result.stderr
    assert [path.name for path in (tmp_path / "blog").iterdir()] == ["notes.txt"]


def test_new_where_a_file_has_the_name_says_so(tmp_path: Path) -> None:
    (tmp_path / "blog").write_text("mine", encoding="utf-8")

    result = execute(["-m", "securely", "new", "blog"], tmp_path)

    assert result.returncode == 1
    assert "not an empty folder" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert (tmp_path / "blog").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_new_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        result = execute(["-m", "securely", "new", "blog"], tmp_path)
    finally:
        tmp_path.chmod(0o700)

    assert result.returncode == 1
    assert "Permission denied" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_new_below_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "sites").write_text("mine", encoding="utf-8")

    result = execute(["-m", "securely", "new", "sites/blog"], tmp_path)

    assert result.returncode == 1
    assert "sites" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["7up", "my blog", "blog_", "b;og", ".", "-x"])
def test_new_with_a_name_that_is_none_makes_nothing(tmp_path: Path, name: str) -> None:
    result = execute(["-m", "securely", "new", name], tmp_path)

    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_new_takes_an_empty_folder_and_a_path(tmp_path: Path) -> None:
    (tmp_path / "sites/shop").mkdir(parents=True)

    result = execute(["-m", "securely", "new", "sites/shop"], tmp_path)

    assert result.returncode == 0, result.stderr
    assert execute(["artisan.py", "env"], tmp_path / "sites/shop").returncode == 0


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ("", 0, "new"),
        ("list", 0, "new"),
        ("--version", 0, "Securely"),
        ("help new", 0, "name"),
        ("new", 1, "name"),
        ("queue:work", 1, "queue:work"),
    ],
)
def test_securely_outside_an_application_makes_one_and_no_more(
    tmp_path: Path, line: str, code: int, text: str
) -> None:
    result = execute(["-m", "securely", *line.split()], tmp_path)

    assert result.returncode == code, result.stdout + result.stderr
    assert text in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
