"""One connection, to the server of the test."""

import json
import os

config = {
    "default": "arq",
    "connections": {
        "arq": {
            "driver": "arq",
            "socket": os.environ["DEPOT_SOCKET"],
            "path": "storage/framework/arq",
            "lease_seconds": float(os.environ.get("DEPOT_LEASE", "30")),
            "functions": ["depot_jobs.send"],
            "queues": json.loads(os.environ.get("DEPOT_LIMITS", "{}")),
        },
    },
}
