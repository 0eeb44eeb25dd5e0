"""`python -m tests.golden [--json] [FILE...]`: hold Securely to what Laravel answered."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.golden.runner import NotRunnable, Report, run_file

_HERE = Path(__file__).parent
# Scenarios are read, not run: see test_scenarios.py.
SCENARIOS = {"container", "events", "queue"}
DATA = [path for path in sorted(_HERE.glob("*/*.json")) if path.parent.name not in SCENARIOS]


def main(arguments: list[str] | None = None) -> int:
    """Run the files, all of this folder unless some are named, and return the exit code.

    What came of them is printed.

    It is 0 when all passed or differ by rule, 1 when a case failed, 2 when a file cannot be run.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    reports: list[Report] = []
    refused = False
    for path in options.files or DATA:
        try:
            reports.append(run_file(path))
        except NotRunnable as error:
            refused = True
            sys.stderr.write(f"{error}\n")
    if options.json:
        _say(json.dumps([report.as_json() for report in reports], ensure_ascii=False, indent=2))
    else:
        for report in reports:
            _print(report)
    if refused:
        return 2
    return 1 if any(report.failures for report in reports) else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print(report: Report) -> None:
    _say(
        f"{report.file}: {report.component}: {report.total} cases, {report.passed} passed, "
        f"{report.differences} named differences, {len(report.failures)} failed"
    )
    for reason, count in report.reasons.items():
        _say(f"  differs in {count}: {reason}")
    for failure in report.failures:
        _say(f"  FAILED {failure.id}")
        _say(f"    expected {json.dumps(failure.expected, ensure_ascii=False)}")
        _say(f"    actual   {json.dumps(failure.actual, ensure_ascii=False)}")


if __name__ == "__main__":
    sys.exit(main())
