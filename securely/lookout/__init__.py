"""The dashboard of the queue: what waits, runs and has failed, in a browser; retry and cancel.

``Mount("/lookout", Lookout.app())`` puts it into an application of Starlette or FastAPI, and
``python artisan.py lookout`` serves it alone. In Laravel: Horizon's dashboard.

    lookout.py      Lookout: who may look, and the application that shows it
    gate.py         Gate: the local environment, or whom the callback of `Lookout.auth` allows
    tokens.py       Tokens: what proves that a form is of our own page
    readings.py     Readings: the connections, their queues, workers and jobs, read for pages
    archive.py      Archive: failed jobs and batches, read for pages, masked
    actions.py      Actions: retry and forget failed jobs, cancel batches
    web/            the application of Starlette: pages, live updates, headers
    views/, assets/ what pages are made of
    server.py       serves it by uvicorn
    commands.py     lookout
    contracts.py    what a callback is, and an application of ASGI
    exceptions.py   LookoutError and its tree
    provider.py     binds it
"""

from __future__ import annotations

from securely.lookout.contracts import AuthCallback
from securely.lookout.exceptions import AddressUnusable, LookoutError, NotGuarded
from securely.lookout.lookout import Lookout

__all__ = ["AddressUnusable", "AuthCallback", "Lookout", "LookoutError", "NotGuarded"]
