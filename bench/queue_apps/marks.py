"""Where a benchmark's jobs leave the moment at which they ran: one slot each in a shared map."""

from __future__ import annotations

import mmap
import os
import struct
import time
from pathlib import Path

SLOT = struct.Struct("<q")

with Path(os.environ["BENCH_MARKS"]).open("r+b") as file:
    marks = mmap.mmap(file.fileno(), 0)


def mark(number: int) -> None:
    SLOT.pack_into(marks, number * SLOT.size, time.monotonic_ns())


def read(number: int) -> int:
    return SLOT.unpack_from(marks, number * SLOT.size)[0]
