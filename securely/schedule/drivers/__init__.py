"""The ledgers, by where they keep the runs; imported when they are first used.

array.py              In this process alone; also the test driver
base.py               What all ledgers share: jobs of ticks, reasons, errors
redis.py              On a Redis server, that of an arq connection: all machines that reach it
redis_presence.py     Leases of members there, which a thread renews
sqlite.py             In one SQLite file, a queue's or its own: all processes of one machine
sqlite_presence.py    Files of members, which the kernel unlocks when they die
sqlite_tables.py      The tables
"""

from __future__ import annotations
