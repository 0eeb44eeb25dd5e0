"""Runs the cases of a file of vectors through the adapter of its component."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.golden.values import same

__all__ = ["Case", "Failure", "NotRunnable", "Report", "Rule", "rules", "run_file"]

_HERE = Path(__file__).parent


class NotRunnable(Exception):  # it says what is the matter, as everywhere
    """A file cannot be run at all: the message says why."""


@dataclass(frozen=True)
class Case:
    """One case of a file: what was put in, and what Laravel gave."""

    id: str
    input: Any
    expected: Any


@dataclass(frozen=True)
class Failure:
    """A case that came out otherwise than Laravel's."""

    id: str
    expected: Any
    actual: Any


@dataclass(frozen=True)
class Rule:
    """A difference from Laravel that is meant, told by pattern and never by id.

    Args:
        component: Whose cases it is about.
        reason: Why Securely differs.
        input: Dotted paths into a case's input, each with the pattern of what stands there.
        expected: The same for what Laravel gave.
        still: Parts of the expected answer that must come out all the same.
        actual: Patterns for what ours gave.
    """

    component: str
    reason: str
    input: Mapping[str, str] = field(default_factory=dict)
    expected: Mapping[str, str] = field(default_factory=dict)
    still: tuple[str, ...] = ()
    actual: Mapping[str, str] = field(default_factory=dict)

    def covers(self, case: Case, actual: Any) -> bool:
        """Tell whether this rule explains that *case* gave *actual*."""
        matches = all(
            _matches(pattern, where, path)
            for where, patterns in (
                (case.input, self.input),
                (case.expected, self.expected),
                (actual, self.actual),
            )
            for path, pattern in patterns.items()
        )
        return matches and all(
            same(case.expected[part], actual.get(part) if isinstance(actual, dict) else None)
            for part in self.still
            if part in case.expected
        )


@dataclass
class Report:
    """What came of one file."""

    file: str
    component: str
    total: int = 0
    passed: int = 0
    differences: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it as the runner's `--json` prints it."""
        return {
            "file": self.file,
            "component": self.component,
            "total": self.total,
            "passed": self.passed,
            "differences": self.differences,
            "failed": len(self.failures),
            "failures": [
                {"id": each.id, "expected": each.expected, "actual": each.actual}
                for each in self.failures
            ],
        }


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Return the differences that are meant."""
    document = tomllib.loads((_HERE / "differences.toml").read_text())
    return tuple(
        Rule(**{**entry, "still": tuple(entry.get("still", ()))})
        for entry in document.get("difference", ())
    )


def run_file(path: Path) -> Report:
    """Run every case of the file at *path*.

    Raises:
        NotRunnable: It is no file of vectors, holds scenarios, or its component has no adapter.
    """
    header, cases = _read(path)
    component = header["component"]
    adapter = _adapter(path, component)
    if callable(prepare := getattr(adapter, "prepare", None)):
        prepare(header)
    applicable = [rule for rule in rules() if rule.component == component]
    report = Report(str(path), component, total=len(cases))
    for case in cases:
        actual = _outcome(adapter, case)
        if _agrees(case.expected, actual, adapter):
            report.passed += 1
            continue
        shown = _shown(actual)
        rule = next((each for each in applicable if each.covers(case, shown)), None)
        if rule is None:
            report.failures.append(Failure(case.id, case.expected, shown))
        else:
            report.differences += 1
            report.reasons[rule.reason] = report.reasons.get(rule.reason, 0) + 1
    return report


def _read(path: Path) -> tuple[dict[str, Any], list[Case]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotRunnable(f"{path}: cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise NotRunnable(f"{path}: this is not JSON ({error}).") from error
    if not isinstance(document, dict) or not isinstance(document.get("component"), str):
        raise NotRunnable(f'{path}: this is no file of vectors: it has no "component".')
    entries = document.pop("cases", None)
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and {"id", "input", "expected"} <= entry.keys() for entry in entries
    ):
        raise NotRunnable(f"{path}: each of its cases needs an id, an input and what is expected.")
    if any(isinstance(entry["input"], dict) and "php" in entry["input"] for entry in entries):
        raise NotRunnable(
            f"{path}: these are scenarios, to be read and not run. "
            "Each has a test of ours that carries its id."
        )
    return document, [
        Case(entry["id"], entry["input"], entry.get("expected_13", entry["expected"]))
        for entry in entries
    ]


def _adapter(path: Path, component: str) -> ModuleType:
    name = f"tests.golden.adapters.{component}"
    if not re.fullmatch(r"[a-z_]+", component) or importlib.util.find_spec(name) is None:
        known = sorted(each.stem for each in (_HERE / "adapters").glob("[!_]*.py"))
        raise NotRunnable(
            f'{path}: no adapter runs the component "{component}". '
            f"There are adapters for: {', '.join(known)}."
        )
    return importlib.import_module(name)


def _outcome(adapter: ModuleType, case: Case) -> Any:
    try:
        return adapter.run(case.input)
    except Exception as error:  # what it raises is its answer
        return error


def _agrees(expected: Any, actual: Any, adapter: ModuleType) -> bool:
    """Compare an answer, exceptions at any depth included, by kind and message."""
    if isinstance(actual, Exception):
        return _is_the_same_error(expected, actual, getattr(adapter, "EXCEPTIONS", {}))
    if isinstance(expected, dict) and isinstance(actual, dict) and expected:
        return expected.keys() == actual.keys() and all(
            _agrees(item, actual[key], adapter) for key, item in expected.items()
        )
    if isinstance(expected, list) and isinstance(actual, list) and expected:
        return len(expected) == len(actual) and all(
            _agrees(item, actual[index], adapter) for index, item in enumerate(expected)
        )
    return same(expected, actual)


def _is_the_same_error(expected: Any, actual: Exception, kinds: Mapping[str, Any]) -> bool:
    if not isinstance(expected, dict) or "exception" not in expected:
        return False
    kind = kinds.get(str(expected["exception"]).rpartition("\\")[2])
    # Ours may say more than Laravel's, a remedy for instance, and never less.
    return (
        kind is not None
        and isinstance(actual, kind)
        and str(expected.get("message", "")) in str(actual)
    )


def _shown(value: Any) -> Any:
    if isinstance(value, Exception):
        return {"exception": type(value).__name__, "message": str(value)}
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def _matches(pattern: str, data: Any, path: str) -> bool:
    """Match what stands at *path* within *data*: text as it is, anything else as JSON."""
    for segment in filter(None, path.split(".")):
        if isinstance(data, dict) and segment in data:
            data = data[segment]
        elif isinstance(data, list) and segment.isdecimal() and int(segment) < len(data):
            data = data[int(segment)]
        else:
            return False
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return re.fullmatch(pattern, text, re.DOTALL) is not None
