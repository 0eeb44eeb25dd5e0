"""What the supervisor and its executors are made of.

Between the two: `board.py` is what each delivery has come to, `link.py` their frames. For the
supervisor: `process.py` starts an executor, `child.py` knows what it holds, `crew.py` is all of
them, `pace.py` decides how many deliveries each gets, `fates.py` what follows from a death,
`ledger.py` what is to be recorded, `orders.py` what a worker is to do, `peers.py` watches the other
workers of this machine, `signals.py` turns signals into something to wait for, `report.py` tells
people of jobs and `herald.py` of the worker, `worker.py` puts it together for `queue:work`. For the
executor: `loading.py` makes the application, `inbox.py` is what the supervisor has sent, `tasks.py`
runs async jobs, `bell.py` ends sync ones in time, `telling.py` tells listeners of the worker,
`system.py` asks the operating system. `attached.py` runs a worker for `queue:listen`, and what
`companion.py` keeps beside one.
"""

__all__: list[str] = []
