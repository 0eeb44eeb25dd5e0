"""`python -m tools.component NAME`: writes a component in the shape of `cache/`, wired and tested.

The files in `files/` are written with the name put in; what stands in shared files (the layers,
the facades, the table of protocols, the index of the pages) gets its line. What it writes passes
`make check`. The component keeps content by name in a store in memory: change its contract first.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.source import ROOT

__all__ = ["NotAName", "write_component"]

_FILES: Final = Path(__file__).parent / "files"
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# What stands in for the name in the files: images, Images, IMAGES.
_LOWER: Final = "__name__"
_CAMEL: Final = "__Name__"
_UPPER: Final = "__UPPER__"


class NotAName(ValueError):
    """The component cannot be called that."""


def write_component(name: str, root: Path = ROOT) -> list[Path]:
    """Write the component *name* under *root*; return the files that are new.

    Raises:
        NotAName: It is no module name in lower case, or there is such a component.
    """
    if not _NAME.fullmatch(name):
        raise NotAName(f"{name!r} is no name of a package: use lower case, as in `images`.")
    package = root / "securely"
    if (package / name).exists() or (package / f"{name}.py").exists():
        raise NotAName(f"securely/{name} is there already.")
    camel = "".join(word.capitalize() for word in name.split("_"))
    written: list[Path] = []
    for template in sorted(_FILES.rglob("*.txt")):
        relative = template.relative_to(_FILES).as_posix().removesuffix(".txt")
        target = root / relative.replace(_LOWER, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = template.read_text(encoding="utf-8")
        for mark, word in ((_LOWER, name), (_CAMEL, camel), (_UPPER, name.upper())):
            text = text.replace(mark, word)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    _wire(root, name, camel)
    return written


def _wire(root: Path, name: str, camel: str) -> None:
    """Give the component its line in each shared file."""
    _edit(root / "pyproject.toml", '  "cache",\n', f'  "{name}",\n  "cache",\n')
    _edit(
        root / "tests/architecture/test_contracts.py",
        "PROTOCOLS = {\n",
        f'PROTOCOLS = {{\n    "{name}": "securely.{name}.contracts:{camel}Store",\n',
    )
    _edit(
        root / "docs/index.md",
        "| [Providers]",
        f"| [{camel}]({name}.md) | content by name |\n| [Providers]",
    )
    facades = root / "securely/facades.py"
    _edit(
        facades,
        "if TYPE_CHECKING:\n",
        f"if TYPE_CHECKING:\n    from securely.{name}.manager import {camel}Manager\n",
    )
    _edit(facades, "__all__ = [\n", f'__all__ = [\n    "{camel}",\n')
    _edit(
        facades,
        "\nApp: Application",
        f'\n{camel}: {camel}Manager = facade("{name}")\nApp: Application',
    )


def _edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise NotAName(f"{file} has no single place {before!r}: add the line by hand.")
    file.write_text(text.replace(before, after), encoding="utf-8")


def main() -> int:
    """Write the component, have the shared tables made anew, and say what is to be done next."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the package, such as images")
    name = parser.parse_args().name
    try:
        written = write_component(name)
    except NotAName as error:
        print(error, file=sys.stderr)  # noqa: T201  # a tool of the terminal
        return 1
    files = [*map(str, written), "securely/facades.py", "tests/architecture/test_contracts.py"]
    python = [file for file in files if file.endswith(".py")]
    for command in (
        ["ruff", "check", "--quiet", "--fix", *python],
        ["ruff", "format", "--quiet", *python],
        ["tools.catalog", "--write"],
        ["tools.tree", "--write"],
    ):
        subprocess.run(  # noqa: S603  # tools of this repository
            [sys.executable, "-m", *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
    for path in written:
        print(path.relative_to(ROOT))  # noqa: T201
    print(f"\nNow change securely/{name}/contracts.py to what it is to do, and say why in")  # noqa: T201
    print("docs/decisions/. `make check` and `make test` pass as it is.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
