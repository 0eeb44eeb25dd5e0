"""Artisan commands of the log.

entries.py     Entry: a record as it stands in a file; Filter: which of them are wanted
following.py   Watch: the end of a channel's files, and what is added, over rotations
tail.py        log:tail
"""

from __future__ import annotations
