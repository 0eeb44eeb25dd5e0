"""One file per driver, named as in the configuration; imported when it is first used.

arq.py         a Redis server, on arq's keys; arq_server.py: how it is reached; arq_pool.py: arq's
               pool; arq_scripts.py, lua/: what the server runs as one; arq_wire.py: how a job is
               written; arq_seat.py, arq_worker.py: a worker's place and its loop; arq_failed.py,
               arq_batches.py, arq_listing.py: what is kept and shown; arq_functions.py: calls of
               plain arq; arq_compat.py: our jobs under arq's own workers
background.py  runs jobs in processes of their own; background_process.py: such a process
base.py        the missing colour
deferred.py    runs jobs once what is under way is over
failover.py    hands jobs to the first of several that takes them
null.py        takes jobs and drops them
sqlite.py      one SQLite file; sqlite_schema.py: its tables; sqlite_rows.py: how jobs get in;
               sqlite_seat.py: a worker's place; sqlite_settling.py: outcomes and what follows;
               sqlite_cancelling.py: cancelled jobs that somebody holds;
               sqlite_reaper.py: what dead workers held; sqlite_failed.py: failed jobs;
               sqlite_batches.py: batches; sqlite_views.py: what one sees; sqlite_files.py: locks
               and bells
sync.py        runs jobs at once; sync_process.py: what it shares with deferred and background;
               sync_batches.py: their batches
"""
