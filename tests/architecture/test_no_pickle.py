"""Nothing is pickled or unpickled: not by us, and not by a library on our behalf."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.source import ROOT, modules

CODE_IN_DATA = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}

# Loaded by every Python process of the run, children included, before anything else.
REFUSAL = """
import pickle

import jinja2.bccache  # writes a number of its own as a pickle when it is imported; we use no cache

def refuse(*arguments, **options):
    raise AssertionError("something is being pickled or unpickled")

pickle.dump = pickle.dumps = pickle.load = pickle.loads = refuse
pickle.Pickler = pickle.Unpickler = refuse
"""

# Values that tempt a store to pickle, and a lock.
PROGRAM = """
from securely.facades import Cache

Cache.put("pickled", {"a": (1, 2.5, None), "b": {b"bytes"}}, 60)
assert Cache.get("pickled") == {"a": (1, 2.5, None), "b": {b"bytes"}}
with Cache.lock("pickled-lock", 10):
    pass
"""


def test_no_module_imports_pickle(hold: Any) -> None:
    hold(
        (
            f"{module.relative}:{line} {name}"
            for module in modules()
            for line, name in module.imports()
            if name.partition(".")[0] in CODE_IN_DATA | {"multiprocessing"}
        ),
        "Use securely.support.serializer; what is unpickled can run anything:",
    )


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A copy of the example application, with nothing in its storage but the sample."""
    copy = tmp_path / "application"
    hidden = shutil.ignore_patterns("__pycache__")
    for folder in ("app", "bootstrap", "config", "resources", "routes"):
        if (ROOT / folder).exists():
            shutil.copytree(ROOT / folder, copy / folder, ignore=hidden)
    (copy / "storage" / "app").mkdir(parents=True)
    for name in ("artisan.py", ".env.example"):
        shutil.copy(ROOT / name, copy / name)
    sample = (ROOT / "storage/app/invoices.csv").read_text(encoding="utf-8").splitlines()
    (copy / "storage/app/invoices.csv").write_text("\n".join(sample[:30]), encoding="utf-8")
    shutil.copy(ROOT / ".env.example", copy / ".env")
    (tmp_path / "sitecustomize.py").write_text(REFUSAL, encoding="utf-8")
    return copy


@pytest.mark.integration
def test_an_application_runs_while_pickle_raises(application: Path) -> None:
    path = os.pathsep.join([str(application.parent), str(application), str(ROOT)])
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": path}

    def run(*arguments: str) -> str:
        process = subprocess.run(  # our interpreter, our code
            [sys.executable, *arguments],
            cwd=application,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        assert "being pickled" not in process.stdout + process.stderr
        return process.stdout

    run("artisan.py", "key:generate")
    run("artisan.py", "invoices:import", "storage/app/invoices.csv")
    worked = run("artisan.py", "queue:work", "--stop-when-empty")
    run("artisan.py", "queue:failed")
    run("-c", f"from bootstrap.app import app\napp.boot()\n{PROGRAM}")

    assert "IssueInvoice" in worked
    assert "InvoiceMail" in worked
    assert "FAIL" not in worked
    assert list((application / "storage" / "app" / "invoices").iterdir())


def test_the_refusal_reaches_a_process(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(REFUSAL, encoding="utf-8")

    process = subprocess.run(  # our interpreter, our code
        [sys.executable, "-c", "import pickle; pickle.loads(b'')"],
        env={"PYTHONPATH": str(tmp_path)},  # sitecustomize finds jinja2 in our interpreter's own
        capture_output=True,
        text=True,
        check=False,
    )

    assert "being pickled or unpickled" in process.stderr
