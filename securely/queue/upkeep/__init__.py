"""What people do to queues from outside: look, pause, retry, prune; what the commands ask for.

controls.py     pause, resume, cancel, restart, and a look at single jobs: methods of a Queue
hooks.py        Queue.before, after, looping …: listeners to events, by Laravel's names
failures.py     failed jobs: which are meant, and back with them
batches.py      batches: retried, pruned
monitor.py      how full queues are, who works on them, and which are busier than they may be
checkup.py      what is wrong with a store: for `doctor`
listener.py     a worker that is started anew whenever a file of the application has changed
"""

__all__: list[str] = []
