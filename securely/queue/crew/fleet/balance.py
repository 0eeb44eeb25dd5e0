"""How many processes each queue of a supervisor gets; pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from securely.queue.crew.fleet.plan import Plan

__all__ = ["Load", "first", "step", "targets"]


class Load(NamedTuple):
    """What the queues of a pool hold.

    Attributes:
        jobs: Jobs that wait or run.
        seconds: How long they will take one process.
    """

    jobs: int
    seconds: float


def first(plan: Plan) -> list[int]:
    """Return how many processes each pool begins with.

    Example:
        >>> first(Plan("p", "c", ("a", "b"), balance="simple", processes_max=5))
        [3, 2]
        >>> first(Plan("p", "c", ("a", "b"), processes_max=5))
        [1, 1]
    """
    pools = len(plan.pools)
    if plan.balance != "simple":
        return [plan.processes_min] * pools
    share, rest = divmod(plan.processes_max, pools)
    return [share + (at < rest) for at in range(pools)]


def targets(plan: Plan, loads: Sequence[Load]) -> list[int]:
    """Return how many processes each pool should have in the end, under these *loads*.

    Each has the least number; the others go where the load is, and nowhere more of them than
    there are jobs.

    Source: Laravel Horizon 5, Laravel\\Horizon\\AutoScaler.

    Example:
        >>> plan = Plan("p", "c", ("a", "b"), strategy="size", processes_max=10)
        >>> targets(plan, [Load(300, 0.0), Load(100, 0.0)])
        [7, 3]
        >>> targets(plan, [Load(0, 0.0), Load(0, 0.0)])
        [1, 1]
    """
    if plan.balance == "simple":
        return first(plan)
    least = plan.processes_min
    spare = plan.processes_max - least * len(loads)
    room = [max(0, load.jobs - least) for load in loads]
    weights = [load.seconds if plan.strategy == "time" else float(load.jobs) for load in loads]
    extra = [0] * len(loads)
    # One process after the other, each to where it relieves most: to the highest quotient of load
    # and processes. (The shares that result are those of the loads, and no rounding gives one too
    # many.)
    for _ in range(spare):
        open_ = [at for at in range(len(loads)) if extra[at] < room[at] and weights[at] > 0]
        if not open_:
            break
        extra[max(open_, key=lambda at: weights[at] / (least + extra[at]))] += 1
    return [least + more for more in extra]


def step(plan: Plan, wanted: Sequence[int], goals: Sequence[int], alive: int) -> list[int]:
    """Return how many processes each pool is to have next, on the way to *goals*.

    Processes that are to go still count until they are gone, so that there are never more than
    the most that are allowed.

    Args:
        plan: The supervisor.
        wanted: How many each is to have now.
        goals: As from :func:`targets`.
        alive: All processes, those included that are on their way out.

    Example:
        >>> plan = Plan("p", "c", ("a", "b"), processes_max=4, shift_max=2)
        >>> step(plan, [1, 3], [3, 1], alive=4)
        [1, 1]
        >>> step(plan, [1, 1], [3, 1], alive=2)
        [3, 1]
    """
    room = plan.processes_max - max(alive, sum(wanted))
    following: list[int] = []
    for have, goal in zip(wanted, goals, strict=True):
        if goal > have:
            more = max(0, min(goal - have, plan.shift_max, room))
            room -= more
            following.append(have + more)
        else:
            following.append(max(goal, have - plan.shift_max))
    return following
