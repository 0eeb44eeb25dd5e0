"""The load of a storm: chains, batches, keys and groups; and what must have come of it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random  # noqa: TID251  # seeded, and apart from what the product draws
from typing import Any

import shop_jobs
from shop_jobs import Failing, Lasting, Lone

from securely.queue.bus.trail import Trail
from securely.queue.contracts import BatchRecord, Envelope
from securely.queue.job import Extras

__all__ = ["Load", "watch"]

# What the store itself notes: which jobs came in, and which were removed. It cannot forget either,
# and stands in the same transactions.
_WATCH = """
CREATE TABLE came (uuid TEXT);
CREATE TABLE went (uuid TEXT);
CREATE TRIGGER came AFTER INSERT ON jobs BEGIN INSERT INTO came VALUES (NEW.uuid); END;
CREATE TRIGGER went AFTER DELETE ON jobs BEGIN INSERT INTO went VALUES (OLD.uuid); END;
"""


def watch(shop: Any) -> None:
    """Have the store note all that comes and goes."""
    shop.connection.counts("default")
    database = sqlite3.connect(shop.path / "queue" / "jobs.db")
    database.executescript(_WATCH)
    database.close()


@dataclass
class Load:
    """Jobs that belong together in several ways, and what is expected of them.

    Each of its parts is pushed as an application would: a chain by its first link, a batch as a
    whole, a unique job again and again.
    """

    shop: Any
    random: Random
    expected: set[str] = field(default_factory=set)  # uuids that come in, each once
    tags: set[str] = field(default_factory=set)  # jobs that are to run
    chains: list[list[str]] = field(default_factory=list)
    batches: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    lone: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    made: int = 0

    def push_some(self) -> None:
        """Push about a hundred jobs: twenty chains, a batch of thirty, groups and unique ones."""
        self.shop.connection.push([self.chain() for _ in range(10)])
        self.batch(links=5, plain=14, failing=1)
        for _ in range(4):
            self.group()
            self.unique()

    def chain(self, batch: str | None = None) -> Envelope:
        """Return the first of three links."""
        names = [self._tag() for _ in range(3)]
        self.chains.append(names)
        return self._linked([self._work(name) for name in names], batch)

    def batch(self, *, links: int, plain: int, failing: int) -> None:
        """Dispatch a batch of chains, of single jobs, and of chains whose first link fails."""
        id_ = f"batch-{len(self.batches)}"
        members = [self.chain(id_) for _ in range(links)]
        members += [self._linked([self._work(self._tag())], id_) for _ in range(plain)]
        for _ in range(failing):
            names = [self._tag() for _ in range(3)]
            self.tags -= set(names[1:])
            jobs = [Failing(names[0]), self._work(names[1]), self._work(names[2])]
            members.append(self._linked(jobs, id_, reached=1))
        callbacks = {}
        for name in ("catch", "then", "finally"):
            tag = f"{id_}.{name}"
            envelope = self.shop.envelope(Lasting(tag))
            callbacks[name] = (envelope,)
            if name != "then":
                self.expected.add(envelope.uuid)
                self.tags.add(tag)
        record = BatchRecord(id_, callbacks=callbacks, allow_failures=True)
        assert self.shop.connection.batches.create(record, members)
        total = 3 * links + plain + 3 * failing
        self.batches[id_] = (total, 3 * links + plain, failing, 2 * failing)

    def group(self) -> None:
        """Push a few jobs of one of five groups."""
        key = f"g{self.random.randrange(5)}"
        envelopes = []
        for _ in range(4):
            tag = self._tag()
            self.groups[key].append(tag)
            envelopes.append(
                self.shop.codec.envelope(self._work(tag), "default", extras=Extras(group=key))
            )
        self._accept(envelopes)

    def unique(self) -> None:
        """Push a few jobs of one of five keys; those that are not accepted never run."""
        key = f"u{self.random.randrange(5)}"
        for _ in range(3):
            tag = self._tag()
            envelope = self.shop.envelope(Lone(tag, key=key))
            (uuid,) = self.shop.connection.push([envelope])
            if uuid == envelope.uuid:
                self.expected.add(uuid)
                self.lone[key].append(tag)
            else:
                self.tags.discard(tag)

    # -- what came of it

    def is_over(self) -> bool:
        ended = set(self.shop.tags("end")) | set(self.shop.tags("raise"))
        return self.tags <= ended and not self.shop.connection.counts("default").total

    def check(self, *, deaths: int, concurrency: int) -> None:
        """Assert that nothing was lost, doubled, or out of its order."""
        connection = self.shop.connection
        runs = Counter(self.shop.tags("start"))
        assert set(runs) == self.tags
        # A death repeats at most what its executor was running.
        assert sum(runs.values()) - len(runs) <= deaths * concurrency
        with sqlite3.connect(self.shop.path / "queue" / "jobs.db") as database:
            for noting in ("SELECT uuid FROM came", "SELECT uuid FROM went"):
                noted = Counter(uuid for (uuid,) in database.execute(noting))
                assert [uuid for uuid, times in noted.items() if times != 1] == []
                assert set(noted) == self.expected
        database.close()
        for id_, numbers in self.batches.items():
            found = connection.batches.find(id_)
            assert (found.total, found.done, found.failed, found.skipped) == numbers
            assert (found.finished_at is None, len(found.failed_ids)) == (False, found.failed)
            assert found.fired == {"catch", "finally", "next"}
        assert len(self.shop.failed()) == sum(numbers[2] for numbers in self.batches.values())
        self._check_order()

    def _check_order(self) -> None:
        first: dict[str, float] = {}
        last: dict[str, float] = {}
        for line in self.shop.journal("start", "end", "raise"):
            first.setdefault(line.tag, line.at)
            last[line.tag] = line.at
        for row in (*self.chains, *self.groups.values(), *self.lone.values()):
            for before, after in pairwise(row):
                assert last[before] <= first[after], (before, after)

    # -- making

    def _tag(self) -> str:
        self.made += 1
        self.tags.add(str(self.made))
        return str(self.made)

    def _work(self, tag: str) -> Any:
        kind = shop_jobs.Lasting if self.random.random() < 0.5 else shop_jobs.AsyncLasting
        return kind(tag, self.random.choice((0.0, 0.0, 0.001, 0.01)))

    def _linked(self, jobs: list[Any], batch: str | None, reached: int = 3) -> Envelope:
        codec, extras = self.shop.codec, Extras(batch=batch)
        links = tuple(codec.link(job, "sqlite", "default", extras=extras) for job in jobs[1:])
        envelope = codec.envelope(
            jobs[0], "default", extras=Extras(batch=batch, trail=Trail(links))
        )
        uuids = [envelope.uuid, *(json.loads(link.header)["uuid"] for link in links)]
        self.expected.update(uuids[:reached])
        return envelope

    def _accept(self, envelopes: list[Envelope]) -> None:
        self.expected.update(self.shop.connection.push(envelopes))
