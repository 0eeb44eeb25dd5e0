"""A cache on the server of the test."""

import os

config = {
    "default": "redis",
    "stores": {
        "redis": {"driver": "redis", "path": os.environ.get("POST_SOCKET", "none")},
    },
}
