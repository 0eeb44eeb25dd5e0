"""A mailer to the server of the test, which may die, and what remembers its mails."""

import os

config = {
    "default": "fatal",
    "mailers": {
        "fatal": {
            "transport": "fatal",
            "host": "127.0.0.1",
            "port": int(os.environ["POST_PORT"]),
            "local_hostname": "client.example.com",
        },
    },
    "from": "Shop <shop@example.com>",
    "once": {
        "driver": {"sqlite": "store", "arq": "cache"}[os.environ["POST_ENGINE"]],
        "claim_seconds": 1.0,
    },
}
