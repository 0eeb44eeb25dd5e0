"""The repository: values by key on one store, remembered, locked, tagged.

Files: ``values.py`` reads and writes, ``reads.py`` gives values a type, ``locking.py`` has the
locks, ``remembering.py`` makes values that are not there, ``tags.py`` groups them, and
``repository.py`` is all of it together.
"""

from securely.cache.repository.repository import Repository, TaggedRepository

__all__ = ["Repository", "TaggedRepository"]
