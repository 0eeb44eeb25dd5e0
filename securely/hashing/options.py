"""HashingOptions: the section `hashing` of the configuration; one model per driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from securely.support.options import Options, kind_by, one_of

__all__ = [
    "AnyHash",
    "Argon2Options",
    "BcryptOptions",
    "CostlyOptions",
    "CustomOptions",
    "HashingOptions",
    "Pbkdf2Options",
    "ScryptOptions",
    "default_drivers",
    "driver_options",
]

# Argon2 needs so many blocks of 1 KiB for each of its threads. Source: RFC 9106, section 3.1.
_BLOCKS_PER_THREAD: Final = 8
# How much memory Python lets scrypt have: one byte less than 2 GiB.
_SCRYPT_BYTES_MAX: Final = 2**31 - 1
# How much memory a hash may go over in all, in KiB: 8 GiB, which take tens of seconds. Each option
# by itself may be large, all of them together would hold a thread for many minutes.
_WORK_MAX: Final = 2**23


class CostlyOptions(Options):
    """What a driver of ours costs, with a bound for all of its options together."""

    work_max: ClassVar[int] = _WORK_MAX
    """How much memory a hash may go over in all, in KiB."""

    @classmethod
    def work(cls, costs: Mapping[str, int]) -> int:
        """Return how much memory a hash of these *costs* goes over in all, in KiB."""
        return 0


class Argon2Options(CostlyOptions):
    """How Argon2 hashes. The defaults are the least that OWASP recommends: 19 MiB, twice."""

    driver: Literal["argon2i", "argon2id"]
    memory: int = Field(default=19_456, ge=8, le=2**21)
    """How much memory a hash takes, in KiB (1,024 bytes each)."""
    time: int = Field(default=2, ge=1, le=64)
    """How many times it goes over that memory."""
    threads: int = Field(default=1, ge=1, le=64)
    """How many threads may share the work. More than one hash is made at a time as it is."""
    length: int = Field(default=32, ge=16, le=64)
    """How long the hash is, in bytes; PHP reads 32."""

    @model_validator(mode="after")
    def _has_memory_for_threads(self) -> Self:
        if self.memory < _BLOCKS_PER_THREAD * self.threads:
            raise ValueError(
                f"{self.threads} threads need memory of at least "
                f"{_BLOCKS_PER_THREAD * self.threads} KiB"
            )
        _check_work(self.work({"memory": self.memory, "time": self.time}), "memory times time")
        return self

    @classmethod
    def work(cls, costs: Mapping[str, int]) -> int:
        """Return how much memory a hash of these *costs* goes over in all, in KiB."""
        return costs["memory"] * costs["time"]


class ScryptOptions(CostlyOptions):
    """How scrypt hashes. The defaults are what OWASP recommends: 128 MiB."""

    driver: Literal["scrypt"]
    cost: int = Field(default=17, ge=1, le=20)
    """The work factor, as the number of bits of N: 17 stands for 131,072."""
    block_size: int = Field(default=8, ge=1, le=32)
    """How large a block is; a hash takes 128 bytes times this times N."""
    parallelism: int = Field(default=1, ge=1, le=16)
    """How many times all of it is done, one after the other."""
    length: int = Field(default=32, ge=16, le=64)
    """How long the hash is, in bytes."""

    @model_validator(mode="after")
    def _has_bounds(self) -> Self:
        # Source: RFC 7914, section 2: N is less than 2 to the power of 128 r / 8.
        if self.cost >= 16 * self.block_size:
            raise ValueError(f"cost {self.cost} needs a block_size of at least 2")
        # What OpenSSL counts: N blocks, one for each lane, and two to work in.
        blocks = 2**self.cost + self.parallelism + 2
        if 128 * self.block_size * blocks > _SCRYPT_BYTES_MAX:
            raise ValueError(
                f"cost {self.cost} with block_size {self.block_size} takes 2 GiB or more"
            )
        names = ("cost", "block_size", "parallelism")
        work = self.work({name: getattr(self, name) for name in names})
        _check_work(work, "twice the memory times parallelism")
        return self

    @classmethod
    def work(cls, costs: Mapping[str, int]) -> int:
        """Return how much memory a hash of these *costs* goes over in all, in KiB."""
        # It is written once and read once, in each of the lanes.
        blocks: int = (1 << costs["cost"]) * costs["parallelism"]
        return blocks * costs["block_size"] // 4


class Pbkdf2Options(CostlyOptions):
    """How PBKDF2 hashes, with HMAC-SHA256: for those whom a rule binds to it (FIPS 140)."""

    driver: Literal["pbkdf2"]
    rounds: int = Field(default=600_000, ge=1_000, le=10_000_000)
    """How many rounds; the default is what OWASP recommends."""
    length: int = Field(default=32, ge=16, le=64)
    """How long the hash is, in bytes. More than 32 costs us more, and who guesses no more."""


class BcryptOptions(CostlyOptions):
    """How bcrypt hashes, as Laravel does by default: ``pip install "securely[bcrypt]"``."""

    driver: Literal["bcrypt"]
    rounds: int = Field(default=12, ge=4, le=18)
    """How many rounds, as a power of two: 12 stands for 4,096."""
    limit: int | None = Field(default=72, ge=1, le=72)
    """The longest password in bytes. bcrypt reads no more than 72, and would take every password
    that begins with the same; None lets it, as PHP does."""


class CustomOptions(Options):
    """A driver that the application adds by ``Hash.extend``, with any settings."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")

    driver: str


OneHash: TypeAlias = Argon2Options | BcryptOptions | Pbkdf2Options | ScryptOptions | CustomOptions

_CLASSES: Mapping[str, type[Argon2Options | BcryptOptions | Pbkdf2Options | ScryptOptions]] = {
    "argon2i": Argon2Options,
    "argon2id": Argon2Options,
    "bcrypt": BcryptOptions,
    "pbkdf2": Pbkdf2Options,
    "scrypt": ScryptOptions,
}

AnyHash: TypeAlias = Annotated[
    Annotated[Argon2Options, Tag("argon2i")]
    | Annotated[Argon2Options, Tag("argon2id")]
    | Annotated[BcryptOptions, Tag("bcrypt")]
    | Annotated[Pbkdf2Options, Tag("pbkdf2")]
    | Annotated[ScryptOptions, Tag("scrypt")]
    | Annotated[CustomOptions, Tag("custom")],
    Discriminator(kind_by("driver", lambda: _CLASSES)),
]


def _check_work(work: int, what: str) -> None:
    if work > _WORK_MAX:
        raise ValueError(f"{what} is {work:,} KiB, and may be {_WORK_MAX:,} at most")


def driver_options(driver: str) -> OneHash:
    """Return the options of *driver* where the configuration says nothing of it."""
    return _CLASSES.get(driver, CustomOptions).model_validate({"driver": driver})


def default_drivers() -> dict[str, OneHash]:
    """Return the drivers there are where the configuration names none."""
    return {name: driver_options(name) for name in _CLASSES}


class HashingOptions(Options):
    """The section `hashing`."""

    drivers: Mapping[str, AnyHash] = Field(default_factory=default_drivers)
    """The drivers by name, each with what it costs; one of ours that is left out has its defaults.
    """
    default: str = "argon2id"
    """The driver that hashes when none is named; Argon2id, as RFC 9106 and OWASP recommend."""
    verify: bool = False
    """Whether hashes of other algorithms are an error. They are checked as a rule: so people whose
    hash is of an earlier algorithm can sign in, and it can be renewed."""
    password_bytes_max: int = Field(default=4_096, ge=64, le=2**20)
    """The longest password that is hashed: nobody types more, and longer ones only cost."""

    @field_validator("drivers")
    @classmethod
    def _with_ours(cls, drivers: Mapping[str, OneHash]) -> Mapping[str, OneHash]:
        return {**default_drivers(), **drivers}

    @field_validator("default")
    @classmethod
    def _is_defined(cls, named: str, info: ValidationInfo) -> str:
        return one_of(named, info.data.get("drivers", {named: None}), "driver")
