"""scan and files_of: where secrets stand, and which files count."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from securely.settings.inspection.scanning import Finding, files_of, scan


def found(file: Path, text: str, **secrets: str) -> list[tuple[int, str]]:
    file.write_text(text)
    return [(each.line, each.what) for each in scan([file], secrets)]


def test_scan_finds_the_value_of_a_variable(tmp_path: Path) -> None:
    assert found(tmp_path / "a", "x\ny = 's3cret-value'\n", TOKEN="s3cret-value") == [  # noqa: S106  # no real one
        (2, "the value of TOKEN")
    ]


def test_scan_looks_for_no_short_words(tmp_path: Path) -> None:
    assert found(tmp_path / "a", "log log\n", MAILER="log") == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-----BEGIN RSA PRIVATE" + " KEY-----", "a private key"),
        ("AKIA" + "ABCDEFGHIJKLMNOP", "an access key of AWS"),
        ("ghp_" + "a" * 36, "a token of GitHub"),
        ("sk_live_" + "a" * 24, "a key of Stripe"),
        ("xoxb-" + "1" * 24, "a token of Slack"),
        ("APP_KEY=base64:" + "a" * 43 + "=", "an application's key"),
    ],
)
def test_scan_finds_what_looks_like_a_secret(tmp_path: Path, text: str, what: str) -> None:
    assert found(tmp_path / "a", f"\n{text}\n") == [(2, what)]


def test_scan_leaves_out_what_is_no_text_or_large(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfes3cret-value")
    (tmp_path / "large").write_text("s3cret-value" + " " * 2**20)
    files = [tmp_path / "binary", tmp_path / "large", tmp_path / "absent"]

    assert list(scan(files, {"TOKEN": "s3cret-value"})) == []


def test_a_finding_does_not_know_the_value(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("s3cret-value")

    (only,) = scan([tmp_path / "a"], {"TOKEN": "s3cret-value"})

    assert only == Finding(tmp_path / "a", 1, "the value of TOKEN")


def test_files_without_git_are_all_but_what_git_would_not_keep(tmp_path: Path) -> None:
    for name in ("app.py", ".env", "settings/secrets.key", "storage/x", "node_modules/a/b"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert [*files_of(tmp_path)] == [tmp_path / "app.py"]


@pytest.mark.integration
def test_files_with_git_are_those_it_keeps(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607  # git of the path
    (tmp_path / ".gitignore").write_text(".env\n")
    (tmp_path / ".env").touch()
    (tmp_path / "app.py").touch()

    assert {each.name for each in files_of(tmp_path)} == {".gitignore", "app.py"}
