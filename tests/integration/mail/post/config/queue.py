"""A connection to a file, and one to the server of the test."""

import os

config = {
    "default": os.environ["POST_ENGINE"],
    "connections": {
        "sqlite": {
            "driver": "sqlite",
            "path": "storage/framework/sqlite",
            "durability": "relaxed",
        },
        "arq": {
            "driver": "arq",
            "socket": os.environ.get("POST_SOCKET", "none"),
            "path": "storage/framework/arq",
            "lease_seconds": 2.0,
        },
    },
}
