"""The files of the configuration, apart from running them: YAML, places, and what is kept of them.

cached.py       what config:cache keeps, and whether it still holds
fingerprint.py  whether the configuration is still the one that was proved
places.py       in which line of which file a key stands
variables.py    compares variables with an example, and with what is read
yaml.py         YAML files, with ${NAME:default} filled in
"""

from __future__ import annotations

__all__: list[str] = []
