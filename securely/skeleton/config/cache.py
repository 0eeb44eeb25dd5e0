"""Cache stores."""

from securely.config import env

config = {
    # Which store is used when none is named. Supported: those below.
    "default": env.str("CACHE_STORE", "disk"),
    # Keys of several applications may share a store; the prefix keeps them apart.
    "prefix": env("CACHE_PREFIX", f"{env('APP_NAME', 'securely')}:"),
    "stores": {
        # In memory, of this process alone; what was least recently used goes first.
        "array": {"driver": "array", "entries_max": 10_000},
        # One directory, shared by the processes of this machine.
        "disk": {
            "driver": "disk",
            "path": "storage/framework/cache",
            "size_bytes_max": 2**30,
        },
        "null": {"driver": "null"},
        # A server, shared by all machines that reach it: pip install "securely[redis]".
        # "redis": {"driver": "redis", "url": env("REDIS_URL", "redis://127.0.0.1:6379/0")},
        # The first one that answers.
        # "failover": {"driver": "failover", "stores": ["redis", "disk"]},
    },
}
