"""What the architecture tests share: `hold`, and a bare process to look at imports from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable

import pytest

from tools.source import ROOT

Hold = Callable[[Iterable[str], str], None]
Probe = Callable[[str], object]


@pytest.fixture
def hold() -> Hold:
    """Fail with the remedy first and then every place that breaks the rule."""

    def hold(violations: Iterable[str], remedy: str) -> None:
        found = sorted(set(violations))
        if found:
            pytest.fail(remedy + "".join(f"\n  {each}" for each in found), pytrace=False)

    return hold


@pytest.fixture(scope="session")
def probe() -> Probe:
    """Run *code* in a fresh interpreter and return what it leaves in `result`."""

    def probe(code: str) -> object:
        program = f"import json, sys\n{code}\nsys.stdout.write(json.dumps(result))\n"
        process = subprocess.run(  # our interpreter, our code
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert process.returncode == 0, process.stderr
        return json.loads(process.stdout)

    return probe
