"""The sqlite queue against huey on SQLite: drain, push, waiting jobs, latency, idle.

    python bench/bench_queue.py [--jobs 20000] [--rounds 5] [--latencies 40] [--memory-jobs 200000]
    python bench/bench_queue.py --pushes [--jobs 20000] [--rounds 5]

Cases run interleaved; each has a fresh directory and one worker process (ours: a supervisor and
one executor). The drain is taken from the first job to the last, so that no boot counts, and every
job is checked to have run. Ours pays for signature, payload, container scope, events and
settlement. Both sides run at the same `PRAGMA synchronous`; huey knows OFF and FULL, so that its
storage is subclassed for NORMAL. A ratio is the median of the ratios taken round by round.

With `--pushes`, only pushes are compared, and each run of ours has one of huey beside it: where
others use the machine, that tells more than runs that lie minutes apart. The fastest of each side
are shown as well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import cast

ROOT = Path(__file__).parent.parent
APPS = Path(__file__).parent / "queue_apps"
HUEY = ["-m", "huey.bin.huey_consumer", "peer.huey", "-q", "-w", "1", "-k", "thread", "-C"]
HUEY_16 = [*HUEY[:4], "-w", "16", *HUEY[6:]]
Spec = tuple[str, list[str], str, dict[str, str]]
# name: (producer, worker, synchronous, further environment)
CASES: dict[str, Spec] = {
    "ours, NORMAL": ("ours.py", ["ours.py", "work"], "NORMAL", {}),
    "ours async, NORMAL": ("ours.py", ["ours.py", "work"], "NORMAL", {"BENCH_JOB": "async"}),
    "huey, NORMAL": ("peer.py", HUEY, "NORMAL", {}),
    "ours, FULL": ("ours.py", ["ours.py", "work"], "FULL", {}),
    "huey, FULL": ("peer.py", HUEY, "FULL", {}),
}
# Jobs that wait a millisecond: an event loop, or threads.
WAITING: dict[str, Spec] = {
    "ours, 100 at once": (
        *("ours.py", ["ours.py", "work"], "NORMAL"),
        {"BENCH_JOB": "wait", "BENCH_CONCURRENCY": "100"},
    ),
    "huey, 1 thread": ("peer.py", HUEY, "NORMAL", {"BENCH_JOB": "wait"}),
    "huey, 16 threads": ("peer.py", HUEY_16, "NORMAL", {"BENCH_JOB": "wait"}),
}
# Jobs that compute for twenty milliseconds: one executor, and two.
COMPUTING: dict[str, Spec] = {
    f"{count} processes": (
        *("ours.py", ["ours.py", "work"], "NORMAL"),
        {"BENCH_JOB": "compute", "BENCH_PROCESSES": str(count)},
    )
    for count in (1, 2)
}
# Marks are read whole, and say when: to look often would take a processor from what is measured.
LOOK_SECONDS = 0.25
LIMIT_RATIO = 3.0
LIMIT_FULL = 8.0
LIMIT_MILLISECONDS = 3.0
LIMIT_WAITING = 10.0
LIMIT_PROCESSES = 1.6
LIMIT_MEMORY = 1.1
LIMIT_PUSHES = 1.0  # one by one, at the same durability
LIMIT_BULK = 4.0  # in hundreds, beside huey one by one


class Case:
    """One case in one round."""

    def __init__(self, spec: Spec, slots: int) -> None:
        self.producer, self.worker, synchronous, further = spec
        self.directory = Path(tempfile.mkdtemp(prefix="bench-queue-"))
        self.marks = self.directory / "marks"
        self.marks.write_bytes(bytes(8 * slots))
        self.environment = os.environ | {
            "BENCH_DIR": str(self.directory / "q"),
            "BENCH_MARKS": str(self.marks),
            "BENCH_SYNC": synchronous,
            "PYTHONPATH": os.pathsep.join(
                filter(None, (os.environ.get("PYTHONPATH"), str(ROOT), str(APPS)))
            ),
            **further,
        }
        (self.directory / "q").mkdir(mode=0o700)

    def __enter__(self) -> Case:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def produce(self, how: str, count: int) -> object:
        words = [sys.executable, str(APPS / self.producer), how, str(count)]
        run = subprocess.run(
            words, cwd=APPS, env=self.environment, check=True, capture_output=True, text=True
        )
        return json.loads(run.stdout)

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *self.worker],
            cwd=APPS,
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )

    def ran(self) -> list[int]:
        return [at for (at,) in struct.iter_unpack("<q", self.marks.read_bytes()) if at]


def stop(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGINT)
    try:
        worker.wait(10)
    except subprocess.TimeoutExpired:
        worker.kill()


def drain(name: str, jobs: int) -> tuple[float, float]:
    """Return pushes and jobs per second."""
    with Case(CASES[name], jobs) as case:
        if "FULL" in name:  # a push waits for the disk: some will do, once the log has its size
            pushed = case.produce("push", min(jobs, 4000))
            shutil.rmtree(case.directory / "q")
            (case.directory / "q").mkdir(mode=0o700)
            case.produce("bulk", jobs)
        else:
            pushed = case.produce("push", jobs)
        rate = work_off(name, case, jobs)
    assert isinstance(pushed, float)
    return pushed, rate


def work_off(name: str, case: Case, jobs: int) -> float:
    """Let a worker run what waits, and return jobs per second."""
    worker = case.start()
    try:
        deadline = time.monotonic() + 180
        while len(ran := case.ran()) < jobs:
            if time.monotonic() > deadline:
                raise SystemExit(f"{name}: {len(ran)} of {jobs} jobs ran")
            time.sleep(LOOK_SECONDS)
    finally:
        stop(worker)
    return (jobs - 1) / (max(ran) - min(ran)) * 1e9


def rate_of(specs: dict[str, Spec], jobs: int, rounds: int) -> dict[str, list[float]]:
    """Return jobs per second of each case, round by round."""
    rates: dict[str, list[float]] = {name: [] for name in specs}
    for _ in range(rounds):
        for name, spec in specs.items():
            with Case(spec, jobs) as case:
                case.produce("bulk", jobs)
                rates[name].append(work_off(name, case, jobs))
    return rates


def bulk(name: str, jobs: int) -> float:
    """Return pushes per second, a hundred at once."""
    with Case(CASES[name], jobs) as case:
        pushed = case.produce("bulk", jobs)
    assert isinstance(pushed, float)
    return pushed


def single(name: str, jobs: int) -> float:
    """Return pushes per second, one by one."""
    with Case(CASES[name], jobs) as case:
        pushed = case.produce("push", jobs)
    assert isinstance(pushed, float)
    return pushed


def compare_pushes(jobs: int, rounds: int) -> dict[str, bool]:
    """Show pushes in pairs of ours and huey's; tell which limits hold."""
    held: dict[str, bool] = {}
    few = min(jobs, 4000)  # as in a drain: they wait for the disk
    for name, how, count, limit in (
        ("NORMAL", single, jobs, LIMIT_PUSHES),
        ("FULL", single, few, LIMIT_PUSHES),
        ("NORMAL", bulk, jobs, LIMIT_BULK),
        ("FULL", bulk, jobs, LIMIT_BULK),
    ):
        ours: list[float] = []
        peer: list[float] = []
        for turn in range(rounds):
            if turn % 2:
                ours.append(how(f"ours, {name}", count))
            peer.append(single(f"huey, {name}", few if name == "FULL" else count))
            if not turn % 2:
                ours.append(how(f"ours, {name}", count))
        ratios = sorted(a / b for a, b in zip(ours, peer, strict=True))
        ratio = statistics.median(ratios)
        what = f"{'pushes in hundreds' if how is bulk else 'single pushes'}, {name}"
        print(
            f"{what}: {statistics.median(ours):,.0f} a second, {ratio:.2f} x huey one by one"
            f" ({statistics.median(peer):,.0f}), from {ratios[0]:.2f} to {ratios[-1]:.2f};"
            f" the fastest {max(ours):,.0f}, {max(ours) / max(peer):.2f} x its fastest"
        )
        held[what] = ratio >= limit
    return held


def growth(jobs: int) -> tuple[int, int]:
    """Return the resident KiB of a worker and its executor after a tenth of *jobs* and all."""
    with Case(CASES["ours, NORMAL"], jobs) as case:
        case.produce("bulk", jobs)
        worker = case.start()
        try:
            sizes: list[int] = []
            for mark in (jobs // 10, jobs):
                while len(case.ran()) < mark:
                    time.sleep(0.02)
                sizes.append(resident(worker.pid))
        finally:
            stop(worker)
    return sizes[0], sizes[1]


def resident(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for one in (str(pid), *children):
        lines = Path(f"/proc/{one}/status").read_text().splitlines()
        total += int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
    return total


def latency(name: str, count: int) -> list[float]:
    with Case(CASES[name], count + 2) as case:
        worker = case.start()
        try:
            time.sleep(2)
            found = case.produce("latency", count)
        finally:
            stop(worker)
    assert isinstance(found, list)
    return cast("list[float]", found)


def idle(name: str, seconds: float = 5.0) -> tuple[float, float]:
    """Return wake-ups per second and CPU per mille of a worker that has nothing to do."""
    with Case(CASES[name], 2) as case:
        worker = case.start()
        try:
            time.sleep(2)
            before, used = usage(worker.pid)
            time.sleep(seconds)
            after, spent = usage(worker.pid)
        finally:
            stop(worker)
    return (after - before) / seconds, (spent - used) / seconds * 1000


def usage(pid: int) -> tuple[int, float]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    switches, cpu = 0, 0.0
    for one in (str(pid), *children):
        for task in Path(f"/proc/{one}/task").iterdir():
            status = (task / "status").read_text().splitlines()
            switches += int(next(x for x in status if x.startswith("voluntary")).split()[1])
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return switches, cpu


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--latencies", type=int, default=40)
    parser.add_argument("--memory-jobs", type=int, default=200_000)
    parser.add_argument("--pushes", action="store_true")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, huey {version('huey')}, {os.cpu_count()} CPUs")

    held = compare_pushes(asked.jobs, asked.rounds) if asked.pushes else compare(asked)
    missed = [what for what, holds in held.items() if not holds]
    print(f"\nOUTSIDE THE LIMITS: {', '.join(missed)}" if missed else "\nwithin the limits")
    return 1 if missed else 0


def compare(asked: argparse.Namespace) -> dict[str, bool]:
    """Show all of it; tell which limits hold."""
    rates: dict[str, list[float]] = {name: [] for name in CASES}
    pushes: dict[str, list[float]] = {name: [] for name in CASES}
    names = list(CASES)
    for turn in range(asked.rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            pushed, rate = drain(name, asked.jobs)
            pushes[name].append(pushed)
            rates[name].append(rate)
    waits = {name: latency(name, asked.latencies) for name in names if "FULL" not in name}
    rests = {name: idle(name) for name in ("ours, NORMAL", "huey, NORMAL")}
    return show(rates, pushes, waits, rests) | show_further(pushes, asked)


def show_further(pushes: dict[str, list[float]], asked: argparse.Namespace) -> dict[str, bool]:
    """Show bulk pushes, waiting and computing jobs, and memory; tell which limits hold."""
    held: dict[str, bool] = {}
    jobs, rounds = asked.jobs, asked.rounds
    for name, peer in (("ours, NORMAL", "huey, NORMAL"), ("ours, FULL", "huey, FULL")):
        rate = statistics.median(bulk(name, jobs) for _ in range(rounds))
        ratio = rate / statistics.median(pushes[peer])
        print(f"pushes in hundreds, {name}: {rate:,.0f} a second, {ratio:.1f} x huey one by one")
        held[f"pushes in hundreds, {name}"] = ratio >= LIMIT_BULK
    waiting = rate_of(WAITING, min(jobs, 4_000), rounds)
    for name, values in waiting.items():
        print(f"jobs that wait 1 ms, {name}: {statistics.median(values):,.0f} a second")
    ours = waiting["ours, 100 at once"]
    against = {
        peer: statistics.median(a / b for a, b in zip(ours, waiting[peer], strict=True))
        for peer in ("huey, 1 thread", "huey, 16 threads")
    }
    print("  ratios: " + ", ".join(f"{ratio:.1f} x {peer}" for peer, ratio in against.items()))
    computing = rate_of(COMPUTING, 150, rounds)
    one, two = computing.values()
    scaling = statistics.median(b / a for a, b in zip(one, two, strict=True))
    print(f"jobs that compute 20 ms: 2 processes are {scaling:.2f} x one")
    early, late = growth(asked.memory_jobs)
    print(f"memory after {asked.memory_jobs:,} jobs: {late / early:.2f} x that after a tenth")
    return held | {
        "jobs that wait, 1 thread": against["huey, 1 thread"] >= LIMIT_WAITING,
        "jobs that wait, 16 threads": against["huey, 16 threads"] >= 1.0,
        "two processes": scaling >= LIMIT_PROCESSES,
        "memory": late <= early * LIMIT_MEMORY,
    }


def show(
    rates: dict[str, list[float]],
    pushes: dict[str, list[float]],
    waits: dict[str, list[float]],
    rests: dict[str, tuple[float, float]],
) -> dict[str, bool]:
    held: dict[str, bool] = {}
    print(f"\n{'':22}{'jobs/s':>10}{'x huey':>9}{'pushes/s':>10}{'x huey':>9}{'start ms':>10}")
    ratios: dict[str, float] = {}
    for name, values in rates.items():
        peer = "huey, FULL" if "FULL" in name else "huey, NORMAL"
        ratio = statistics.median(a / b for a, b in zip(values, rates[peer], strict=True))
        pushed = statistics.median(a / b for a, b in zip(pushes[name], pushes[peer], strict=True))
        wait = f"{statistics.median(waits[name]):10.2f}" if name in waits else ""
        print(
            f"{name:22}{statistics.median(values):10,.0f}{ratio:9.2f}"
            f"{statistics.median(pushes[name]):10,.0f}{pushed:9.2f}{wait}"
        )
        ratios[name] = ratio
        if name in {"ours, NORMAL", "ours, FULL"}:
            held[f"single pushes, {name}"] = pushed >= LIMIT_PUSHES
    for name, (wakes, cpu) in rests.items():
        print(f"idle, {name}: {wakes:.1f} wake-ups a second, {cpu:.1f} ms of CPU a second")
    start = statistics.median(waits["ours, NORMAL"])
    return held | {
        "drain, NORMAL": ratios["ours, NORMAL"] >= LIMIT_RATIO,
        "drain, FULL": ratios["ours, FULL"] >= LIMIT_FULL,
        "idle to start": start < LIMIT_MILLISECONDS,
    }


if __name__ == "__main__":
    sys.exit(main())
