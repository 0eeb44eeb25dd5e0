"""Queue connections."""

from securely.config import env

config = {
    # Where jobs go that name no connection: the name of one of those below.
    "default": env.str("QUEUE_CONNECTION", "sqlite"),
    "connections": {
        # At once, in the caller.
        "sync": {"driver": "sync"},
        # One SQLite file, shared by the processes of this machine.
        "sqlite": {
            "driver": "sqlite",
            "path": "storage/framework/queue",
            # Where jobs go that name no queue.
            "queue": env("QUEUE_NAME", "default"),
            # The application's other queues: workers warn of those that nobody knows.
            # "queues": ["mail", "reports"],
        },
        # In this process, once the response was sent or the command has ended.
        "deferred": {"driver": "deferred"},
        # In a process of its own, started once the response was sent or the command has ended.
        "background": {"driver": "background"},
        # Through the first of these that takes the job; each has workers of its own.
        "failover": {"driver": "failover", "connections": ["sqlite", "deferred"]},
        # Nowhere: for tests, and to switch a queue off.
        "null": {"driver": "null"},
        # A Redis or Valkey server, shared by all machines that reach it; see the docs.
        # "arq": {"driver": "arq", "url": env("REDIS_URL", "redis://127.0.0.1:6379/0")},
    },
}
