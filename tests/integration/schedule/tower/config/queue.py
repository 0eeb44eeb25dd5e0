"""A file, and the server of the test."""

import os

config = {
    "default": os.environ["TOWER_STORE"],
    "connections": {
        "sqlite": {"driver": "sqlite", "path": "storage/framework/queue", "durability": "relaxed"},
        "other": {"driver": "sqlite", "path": "storage/framework/other", "durability": "relaxed"},
        "arq": {
            "driver": "arq",
            "socket": os.environ.get("TOWER_SOCKET", "/nowhere"),
            "path": "storage/framework/arq",
        },
    },
}
