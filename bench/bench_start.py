"""Cold start: `list` and `about` of the application here, against a bare interpreter.

The last case is `list` of an application with 200 commands of its own, none of which can be
imported.

Importing punq is shown beside them: whoever has a punq container pays for that.

    python bench/bench_start.py [ROUNDS]

Whole processes, from fork to exit, interleaved; the figure is the median of the ratios taken
round by round. A first, unmeasured round writes byte code, the manifest and the proof.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
CASES = {
    "python -c pass": ["-c", "pass"],
    "import punq": ["-c", "import punq"],
    "artisan --version": ["artisan.py", "--version"],
    "artisan list": ["artisan.py", "list"],
    "artisan about": ["artisan.py", "about"],
    "artisan settings:get": ["artisan.py", "settings:get", "app.name"],
}
LARGE = "list, 200 more"
COMMANDS = 200
LIMITS = {
    "artisan --version": 2.0,
    "artisan list": 3.0,
    "artisan about": 10.0,
    "artisan settings:get": 4.0,
    LARGE: 3.0,
}
COMMAND = """
raise ImportError("a command was imported")


class Do{0}(Command):
    signature = "site:do-{0} {{user : Who it is for}} {{--queue= : Where it goes}} {{--force}}"
    description = "Do what has the number {0}"
"""


def seconds(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def large(folder: Path) -> list[str]:
    """Make an application with many commands, and return the words that list them."""
    commands = folder / "app" / "console" / "commands"
    commands.mkdir(parents=True)
    for number in range(COMMANDS):
        (commands / f"do_{number}.py").write_text(COMMAND.format(number), encoding="utf-8")
    (folder / "bootstrap").mkdir()
    program = (ROOT / "artisan.py").read_text(encoding="utf-8")
    (folder / "artisan.py").write_text(program, encoding="utf-8")
    return [str(folder / "artisan.py"), "list"]


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        CASES[LARGE] = large(Path(folder))
        return measure(rounds)


def measure(rounds: int) -> int:
    for words in CASES.values():
        seconds(words)
    samples: dict[str, list[float]] = {name: [] for name in CASES}
    names = list(CASES)
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            samples[name].append(seconds(CASES[name]))
    bare = samples["python -c pass"]
    print(f"{'case':20} {'median ms':>10} {'x bare':>8} {'limit':>6}")
    missed = 0
    for name, values in samples.items():
        ratio = statistics.median(a / b for a, b in zip(values, bare, strict=True))
        limit = LIMITS.get(name)
        missed += limit is not None and ratio > limit
        shown = f"{limit:6.0f}" if limit else "     -"
        print(f"{name:20} {statistics.median(values) * 1000:10.1f} {ratio:8.2f} {shown}")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25))
