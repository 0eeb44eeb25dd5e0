"""Hooks: who is asked before a change of the settings, and who is told after it.

announcing.py  tells the processes that run, and watches whether they can follow
following.py   Follower: a process takes a change over without beginning anew
hooks.py       Hooks: what the application and its configuration want to be done
notice.py      Notice: a change, as hooks are told of it
outbox.py      what could not be delivered, to be tried again
    plan.py        Plan: what the configuration wants to be done
programs.py    runs programs with a change as their input
watching.py    Watcher: sees what an editor has changed
    webhooks.py    posts a change, signed
"""

from __future__ import annotations

from securely.settings.hooks.announcing import Told
from securely.settings.hooks.hooks import Consequence, Hooks
from securely.settings.hooks.notice import Notice

__all__ = ["Consequence", "Hooks", "Notice", "Told"]
