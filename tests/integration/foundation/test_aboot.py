"""Providers that boot in a loop, in a real worker: in the loop that its async jobs run in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Run

pytestmark = pytest.mark.integration

PROVIDER = '''
import asyncio

from securely.container import Provider


class Pool:
    """What belongs to one loop, as pools of connections do."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()


class PoolProvider(Provider):
    async def aboot(self) -> None:
        {early}self.app.instance(Pool, Pool())
'''

JOB = """
import asyncio
from dataclasses import dataclass
from pathlib import Path

from app.providers.pool_provider import Pool
from securely.queue import Job


@dataclass
class UsePool(Job):
    path: str

    async def handle(self, pool: Pool) -> None:
        Path(self.path).write_text(str(pool.loop is asyncio.get_running_loop()))
"""


def plant(project: Path, early: str = "") -> None:
    (project / "app/providers/pool_provider.py").write_text(PROVIDER.format(early=early))
    (project / "app/jobs/use_pool.py").write_text(JOB)
    listed = project / "bootstrap/providers.py"
    text = listed.read_text(encoding="utf-8")
    listed.write_text(text.replace("]", '    "app.providers.pool_provider:PoolProvider",\n]'))


def test_worker_when_a_provider_boots_in_a_loop_then_async_jobs_run_in_that_loop(
    project: Path, run: Run
) -> None:
    plant(project)
    path = project / "storage/app/answer.txt"
    code = f"from app.jobs.use_pool import UsePool; UsePool.dispatch({str(path)!r})"

    assert run("tinker", "--execute", code).returncode == 0
    done = run("queue:work", "--stop-when-empty")

    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_text() == "True"


def test_worker_when_booting_in_a_loop_fails_then_says_what_and_where(
    project: Path, run: Run
) -> None:
    plant(project, early="raise OSError('no pool'); ")
    code = "from app.jobs.use_pool import UsePool; UsePool.dispatch('/dev/null')"

    assert run("tinker", "--execute", code).returncode == 0
    done = run("queue:work", "--stop-when-empty")

    assert done.returncode == 1
    assert "PoolProvider" in done.stderr + done.stdout
    assert "no pool" in done.stderr + done.stdout
