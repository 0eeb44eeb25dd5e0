"""Nothing is pickled or unpickled: not by us, and not by a library on our behalf."""

from __future__ import annotations

from typing import Any

from tools.source import modules

CODE_IN_DATA = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve"}


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
