"""Runs the suite that every presence verifier must pass against each of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from securely.testing.suites.validation import PresenceVerifierSuite, Store
from securely.validation.answers.memory import MemoryVerifier
from securely.validation.answers.sqlite import SqliteVerifier
from securely.validation.contracts import PresenceVerifier


class TestMemoryVerifier(PresenceVerifierSuite):
    @pytest.fixture
    def memory(self) -> MemoryVerifier:
        return MemoryVerifier()

    @pytest.fixture
    def verifier(self, memory: MemoryVerifier) -> PresenceVerifier:
        return memory

    @pytest.fixture
    def store(self, memory: MemoryVerifier) -> Store:
        def keep(rows: Sequence[Mapping[str, Any]]) -> None:
            memory.add("users", *rows)

        return keep


class TestSqliteVerifier(PresenceVerifierSuite):
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "an app.db"

    @pytest.fixture
    def verifier(self, file: Path) -> PresenceVerifier:
        return SqliteVerifier(file)

    @pytest.fixture
    def store(self, file: Path) -> Store:
        def keep(rows: Sequence[Mapping[str, Any]]) -> None:
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute("CREATE TABLE users (id INTEGER, email, team, deleted_at)")
                connection.executemany(
                    "INSERT INTO users VALUES (:id, :email, :team, :deleted_at)", rows
                )

        return keep
