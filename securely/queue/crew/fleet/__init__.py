"""What `queue:supervise` is made of: it keeps as many `queue:work` processes as there is work for.

`plan.py` is what the configuration asks for in one environment, `balance.py` how many processes
each queue gets, `pool.py` the processes of one plan that serve the same queues, `master.py` the
loop that keeps them, `office.py` the files through which other processes see and reach a master,
`tether.py` what a worker runs behind, so that it stops when its master is gone, and `fleet.py` what
the commands ask for.
"""

__all__: list[str] = []
