"""Artisan commands of the queue: `work.py`, `failed.py`, `queues.py`."""

__all__: list[str] = []
