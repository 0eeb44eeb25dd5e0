"""Runs the examples in docstrings, module by module, with an application current."""

from __future__ import annotations

import doctest
import importlib
from typing import Any

import pytest

from securely import facades
from tools.source import Module, modules

WITH_EXAMPLES = [module for module in modules() if ">>>" in module.text]


@pytest.mark.parametrize("module", WITH_EXAMPLES, ids=lambda module: module.name)
def test_the_examples_of_a_module_run(module: Module, booted: Any) -> None:
    loaded = importlib.import_module(module.name)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)

    # What an example may use without importing it: facades, and the current application.
    names = {name: getattr(facades, name) for name in facades.__all__}
    names |= {**vars(loaded), "app": booted}

    for test in doctest.DocTestFinder(exclude_empty=True).find(loaded, globs=names):
        runner.run(test, out=said.append)

    assert not runner.failures, f"Mend the examples of {module.relative}:\n" + "".join(said)
    assert runner.tries, f"{module.relative} shows examples that doctest does not find."
