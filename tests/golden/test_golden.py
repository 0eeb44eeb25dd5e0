"""Walks the golden vectors of this folder, and holds the runner to its word."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.golden.__main__ import DATA, main
from tests.golden.runner import Rule, rules, run_file
from tests.golden.values import from_php, same, to_php

_HERE = Path(__file__).parent
_EVERY = sorted(_HERE.glob("*/*.json"))


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_vectors_when_run_then_pass_or_differ_by_a_named_rule(path: Path) -> None:
    report = run_file(path)

    assert report.total > 0
    assert report.passed + report.differences == report.total, [
        (each.id, each.expected, each.actual) for each in report.failures[:5]
    ]


@pytest.mark.parametrize("path", _EVERY, ids=lambda path: path.stem)
def test_vectors_when_copied_then_carry_their_source(path: Path) -> None:
    header = json.loads(path.read_text())

    assert header["component"] == path.parent.name
    assert header["laravel_version"]


def test_rules_when_read_then_have_a_reason_and_never_an_id() -> None:
    assert rules()
    for rule in rules():
        assert len(rule.reason) > 20
        assert rule.input or rule.expected or rule.actual
        assert "id" not in rule.input


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(cases: object, component: str = "encryption", **header: object) -> Path:
        path = tmp_path / f"{component}.json"
        path.write_text(json.dumps({"component": component, **header, "cases": cases}))
        return path

    return written


_GOOD = {"op": "supported", "cipher": "aes-128-cbc", "key_bytes": 16}


def test_runner_when_a_case_fails_then_tells_id_expected_and_actual(
    write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(
        [
            {"id": "good", "input": _GOOD, "expected": {"value": True}},
            {"id": "bad", "input": _GOOD, "expected": {"value": False}},
            {"id": "new", "input": _GOOD, "expected": {"x": 1}, "expected_13": {"value": True}},
        ]
    )

    assert main([str(path)]) == 1
    text = capsys.readouterr().out
    assert "3 cases, 2 passed, 0 named differences, 1 failed" in text
    assert 'FAILED bad\n    expected {"value": false}\n    actual   {"value": true}' in text

    assert main(["--json", str(path)]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "file": str(path),
            "component": "encryption",
            "total": 3,
            "passed": 2,
            "differences": 0,
            "failed": 1,
            "failures": [{"id": "bad", "expected": {"value": False}, "actual": {"value": True}}],
        }
    ]


def test_runner_when_an_exception_is_expected_then_compares_kind_and_message(
    write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {"op": "construct", "cipher": "foo", "key_bytes": 5}
    message = "Unsupported cipher or incorrect key length."
    path = write(
        [
            {"id": name, "input": bad, "expected": expected}
            for name, expected in {
                "a": {"exception": r"RuntimeException", "message": message},
                "b": {"exception": r"A\DecryptException", "message": message},
                "c": {"exception": r"RuntimeException", "message": "No."},
                "d": {"ok": True},
            }.items()
        ]
    )

    assert main(["--json", str(path)]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert report["passed"] == 1
    assert [each["id"] for each in report["failures"]] == ["b", "c", "d"]
    assert report["failures"][0]["actual"]["exception"] == "InvalidKey"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "this is not JSON"),
        ("[]", 'has no "component"'),
        ('{"component": "encryption"}', "needs an id"),
        ('{"component": "no_such", "cases": []}', 'no adapter runs the component "no_such"'),
        ('{"component": "../x", "cases": []}', "no adapter runs"),
        (
            '{"component": "events", "cases": [{"id": 1, "input": {"php": "x"}, "expected": {}}]}',
            "these are scenarios",
        ),
    ],
)
def test_runner_when_a_file_cannot_be_run_then_says_why_and_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)

    assert main(["--json", str(path)]) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out) == []
    assert reason in printed.err


def test_runner_when_started_as_a_module_then_runs(write: Any) -> None:
    path = write([{"id": "good", "input": _GOOD, "expected": {"value": True}}])

    done = subprocess.run(  # our own interpreter
        [sys.executable, "-m", "tests.golden", str(path)],
        cwd=_HERE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 cases, 1 passed" in done.stdout


def test_rule_when_its_pattern_fits_then_covers_what_else_came_out_right() -> None:
    from tests.golden.runner import Case

    rule = Rule("x", "because", {"op": "dec.*", "args.0": "1"}, {"value": "null"}, ("kept",))
    case = Case("id", {"op": "decrypt", "args": [1]}, {"value": None, "kept": 5})

    assert rule.covers(case, {"kept": 5})
    assert not rule.covers(case, {"kept": 6})
    assert not rule.covers(Case("id", {"op": "other", "args": [1]}, case.expected), {"kept": 5})
    assert not rule.covers(Case("id", {"op": "decrypt"}, case.expected), {"kept": 5})


@pytest.mark.parametrize(
    ("php", "python"),
    [
        ({"$map": [[5, "a"], ["k", {"$bytes": "/w=="}]]}, {5: "a", "k": b"\xff"}),
        ([{"$float": "-INF"}, 1.5, 1], [float("-inf"), 1.5, 1]),
        ({"a": [True, None]}, {"a": [True, None]}),
    ],
)
def test_values_when_translated_there_and_back_then_are_the_same(php: Any, python: Any) -> None:
    assert from_php(php) == python
    assert same(to_php(python), php)


def test_same_when_only_the_type_differs_then_is_false() -> None:
    assert same({"a": []}, {"a": {}})
    assert not same(1, 1.0)
    assert not same(1, True)
    assert not same({"a": 1}, {"a": 1, "b": None})
    assert not same([1], [1, 2])
