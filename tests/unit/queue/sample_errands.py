"""Jobs that fail in the tests of the commands."""

from __future__ import annotations

from dataclasses import dataclass

from securely.queue.job import Job


class Plain(Job):
    def handle(self) -> None: ...


@dataclass
class Login(Job):
    user: str
    password: str
    note: str
    deeper: dict[str, object]

    def handle(self) -> None: ...


@dataclass
class Sealed(Login):
    encrypted = True


@dataclass
class Tagged(Job):
    colour: str

    def handle(self) -> None: ...

    def tags(self) -> list[str]:
        return [self.colour]
