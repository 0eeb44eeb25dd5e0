"""A connection to the server of the test, and one to a file."""

import json
import os

config = {
    "default": os.environ.get("DEPOT_STORE", "arq"),
    "connections": {
        "arq": {
            "driver": "arq",
            "socket": os.environ["DEPOT_SOCKET"],
            "path": "storage/framework/arq",
            "lease_seconds": float(os.environ.get("DEPOT_LEASE", "30")),
            "functions": ["depot_jobs.send"],
            "queues": json.loads(os.environ.get("DEPOT_LIMITS", "{}")),
        },
        "sqlite": {
            "driver": "sqlite",
            "path": "storage/framework/sqlite",
            "durability": "relaxed",
            "queues": json.loads(os.environ.get("DEPOT_LIMITS", "{}")),
        },
    },
}
