"""One delivery of one job: what is known of its class, its run, and what becomes of it.

blueprint.py    what is known of a job class, looked at once
portrait.py     what is known of a class whose instances travel
interaction.py  what a running job may know of its delivery, and do with it
runner.py       one job's whole life
stopping.py     what ends the run of a cancelled job
told.py         what something says of the job that stands for it
through.py      middleware of one dispatch, as it travels in the payload
verdicts.py     decisions about tries, waits and failures
written.py      what the options of a job become in the header of its payload
"""
