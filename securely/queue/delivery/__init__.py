"""One delivery of one job: what is known of its class, its run, and what becomes of it.

blueprint.py    what is known of a job class, looked at once
interaction.py  what a running job may know of its delivery, and do with it
runner.py       one job's whole life
through.py      middleware of one dispatch, as it travels in the payload
verdicts.py     decisions about tries, waits and failures
written.py      what the options of a job become in the header of its payload
"""
