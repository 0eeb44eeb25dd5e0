"""What the configuration asks for in one environment: which supervisors, of which processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

from securely.queue.exceptions import EnvironmentUnsupervised
from securely.queue.options import SupervisorOptions
from securely.support.options import InvalidOptions
from securely.support.suggest import did_you_mean

__all__ = ["DEFAULTS", "Balance", "Plan", "make_plans"]

DEFAULTS: Final = "defaults"
Balance: TypeAlias = Literal["auto", "simple", False]


@dataclass(frozen=True, slots=True)
class Plan:
    """One supervisor: its queues, and how many processes work them.

    Attributes:
        name: What it is called; its workers bear the name.
        connection: Where its jobs wait.
        queues: What it serves.
        balance: "auto" gives each queue processes by its load, "simple" each as many, and False
            lets all processes serve all queues, in strict order.
        strategy: Whether load is the "time" that a queue's jobs will take, or their number.
        processes_min: Of each queue; of all together where *balance* is False.
        processes_max: Of all queues together.
        shift_max: How many processes of a queue come or go at once.
        cooldown: Seconds between two looks at the load.
        nice: How much less urgent its processes are to the operating system.
        arguments: What `queue:work` is told besides.
    """

    name: str
    connection: str
    queues: tuple[str, ...]
    balance: Balance = "auto"
    strategy: Literal["time", "size"] = "time"
    processes_min: int = 1
    processes_max: int = 1
    shift_max: int = 1
    cooldown: float = 3.0
    nice: int = 0
    arguments: tuple[str, ...] = ()

    @property
    def pools(self) -> tuple[tuple[str, ...], ...]:
        """The queues of each pool of processes."""
        return tuple((queue,) for queue in self.queues) if self.balance else (self.queues,)

    def command(self, queues: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command line, behind `artisan.py`, of a worker for *queues*.

        Example:
            >>> Plan("mail", "sqlite", ("low",)).command(("low",))
            ('queue:work', 'sqlite', '--queue=low', '--name=mail')
        """
        queue, name = f"--queue={','.join(queues)}", f"--name={self.name}"
        return ("queue:work", self.connection, queue, name, *self.arguments)


def make_plans(
    supervisors: Mapping[str, Mapping[str, SupervisorOptions]],
    environment: str,
    default: str,
    queue_of: Callable[[str], str],
) -> list[Plan]:
    """Return the plans of *environment*, each with what "defaults" says of the same supervisor.

    The environment itself is looked for, then the first pattern that it matches, as "prod-*", or
    "*". A supervisor that only "defaults" names is part of each environment.

    Args:
        supervisors: What the configuration says.
        environment: The name of the environment.
        default: The connection of those that name none.
        queue_of: Gives the default queue of a connection.

    Raises:
        EnvironmentUnsupervised: Nothing is configured for it.
        InvalidOptions: There are too few processes for the queues.
        ConnectionUndefined: A supervisor names a connection that is not configured.

    Source: Laravel Horizon 5, Laravel\\Horizon\\ProvisioningPlan.
    """
    known = [name for name in supervisors if name != DEFAULTS]
    found = environment if environment in known else None
    if found is None:
        found = next((name for name in known if fnmatchcase(environment, name)), None)
    if found is None:
        raise EnvironmentUnsupervised(environment, known, did_you_mean(environment, known))
    here, defaults = supervisors[found], supervisors.get(DEFAULTS, {})
    plans: list[Plan] = []
    for name in dict.fromkeys((*defaults, *here)):
        said = {
            key: getattr(options, key)
            for options in (defaults.get(name), here.get(name))
            if options is not None
            for key in options.model_fields_set
        }
        merged = SupervisorOptions.parse(said, f"queue.supervisors.{found}.{name}")
        plans.append(_plan(name, merged, default, queue_of, f"queue.supervisors.{found}.{name}"))
    if not plans:
        raise EnvironmentUnsupervised(environment, known, None)
    return plans


def _plan(
    name: str,
    options: SupervisorOptions,
    default: str,
    queue_of: Callable[[str], str],
    key: str,
) -> Plan:
    connection = options.connection or default
    queue = queue_of(connection)  # also where it is not needed: it refuses what is not configured
    queues = tuple(dict.fromkeys(options.queues)) or (queue,)
    pools = len(queues) if options.balance else 1
    if (least := options.min_processes * pools) > options.max_processes:
        told = f"min_processes {options.min_processes} for {pools} queues"
        raise InvalidOptions(
            [f"{key}.max_processes {options.max_processes} is less than {least}: {told}."]
        )
    return Plan(
        name,
        connection,
        queues,
        balance=options.balance,
        strategy=options.strategy,
        processes_min=options.min_processes,
        processes_max=options.max_processes,
        shift_max=options.balance_max_shift,
        cooldown=options.balance_cooldown,
        nice=options.nice,
        arguments=_arguments(options),
    )


def _arguments(options: SupervisorOptions) -> tuple[str, ...]:
    """Return what `queue:work` is told of *options*: those that say something."""
    said: dict[str, float | None] = {
        "tries": options.tries,
        "timeout": options.timeout,
        "memory": options.memory,
        "max-jobs": options.max_jobs,
        "max-time": options.max_time,
        "rest": options.rest,
        "sleep": options.sleep,
    }
    words = [f"--{name}={value:g}" for name, value in said.items() if value is not None]
    if options.backoff:
        words.append(f"--backoff={','.join(f'{wait:g}' for wait in options.backoff)}")
    if options.force:
        words.append("--force")
    return tuple(words)
