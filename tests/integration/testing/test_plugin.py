"""The pytest plugin in runs of its own: what it loads, what it finds, and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SECONDS = 50

# The application of these runs: nothing but what makes one.
BOOTSTRAP = """
from pathlib import Path

from securely import Application

app = Application.configure(Path(__file__).parent.parent).create()
"""


def execute(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    names = ("APP_", "CACHE_", "QUEUE_", "LOG_", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with an application and room for its tests."""
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / "bootstrap/app.py").write_text(BOOTSTRAP, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib -p no:randomly"\n'
        'filterwarnings = ["error"]\n\n'
        '[tool.securely.testing.environment]\nAPP_NAME = "of the tests"\n',
        encoding="utf-8",
    )
    return tmp_path


def run(project: Path, tests: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (project / "test_it.py").write_text(tests, encoding="utf-8")
    return execute(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", **variables)


def test_the_plugin_imports_no_service_and_nothing_heavy() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import securely.testing.plugin\n"
        "print('\\n'.join(sorted(set(sys.modules) - before)))"
    )

    imported = set(execute(ROOT, "-c", program).stdout.split())

    assert "securely.testing.plugin" in imported
    roots = {name.split(".")[0] for name in imported}
    assert roots & {"pydantic", "msgspec", "diskcache", "cryptography", "sqlite3", "rich"} == set()
    assert not [name for name in imported if name.startswith(("securely.cache", "securely.queue"))]


def test_the_fixtures_find_the_application_of_the_folder(project: Path) -> None:
    result = run(
        project,
        "from securely.facades import Cache, Config\n"
        "def test_app(app, tmp_path):\n"
        "    assert Config.get('app.name') == 'of the tests'\n"
        "    assert app.paths.storage == tmp_path / 'storage'\n"
        "    Cache.forever('a', 1)\n"
        "def test_fresh(app):\n"
        "    assert Cache.missing('a')\n"
        "def test_artisan(artisan):\n"
        "    artisan('about').assert_ok().assert_output('of the tests')\n"
        "def test_clock(clock):\n"
        "    clock(60)\n",
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "4 passed" in result.stdout


def test_variables_of_the_process_do_not_reach_what_is_isolated(project: Path) -> None:
    result = run(
        project,
        "def test_app(app):\n"
        "    assert app.env == 'testing'\n"
        "    assert app.make('config').get('cache.default') == 'array'\n",
        APP_ENV="production",
        CACHE_STORE="disk",
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_another_application_is_tested_where_the_environment_is_overridden(
    project: Path, tmp_path: Path
) -> None:
    (project / "conftest.py").write_text(
        "import pytest\n"
        "from pathlib import Path\n"
        "from securely.testing import TestEnvironment\n\n\n"
        "@pytest.fixture(scope='session')\n"
        "def securely_environment():\n"
        "    base = Path(__file__).parent\n"
        "    return TestEnvironment(base, {'APP_ENV': 'review', 'LOG_CHANNEL': 'null'})\n",
        encoding="utf-8",
    )

    result = run(project, "def test_app(app):\n    assert app.env == 'review'\n")

    assert result.returncode == 0, result.stdout + result.stderr


def test_a_folder_without_an_application_is_told_so(tmp_path: Path) -> None:
    result = run(tmp_path, "def test_app(app):\n    pass\n")

    assert result.returncode == 1
    assert f"There is no application to test in {tmp_path}" in result.stdout


def test_an_application_is_never_taken_for_another(project: Path) -> None:
    (project / "other/bootstrap").mkdir(parents=True)
    (project / "other/bootstrap/app.py").write_text(BOOTSTRAP, encoding="utf-8")

    result = run(
        project,
        "import pytest\n"
        "from securely.exceptions import ConfigurationError\n"
        "from securely.testing import TestEnvironment, fresh_application\n"
        "def test_app(app, tmp_path):\n"
        "    other = TestEnvironment(app.paths.base / 'other', {})\n"
        "    with pytest.raises(ConfigurationError, match='one application in each run'):\n"
        "        with fresh_application(other, tmp_path):\n"
        "            pass\n",
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_runs_that_use_no_fixture_need_no_application(tmp_path: Path) -> None:
    result = run(tmp_path, "def test_nothing():\n    assert True\n")

    assert result.returncode == 0, result.stdout + result.stderr
