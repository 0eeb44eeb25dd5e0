"""The embedded database: named trees of keys in order."""

from securely.config import env

config = {
    # Which database is used when none is named. Supported: those below.
    "default": env.str("STORE_DATABASE", "sqlite"),
    "databases": {
        # In memory, of this process alone.
        "array": {"driver": "array"},
        # One file, shared by the processes of this machine. Durability: "full" survives a power
        # cut, "normal" any crash of a process, "relaxed" is for what can be made again.
        "sqlite": {
            "driver": "sqlite",
            "path": "storage/app/store",
            "durability": env.str("STORE_DURABILITY", "full"),
        },
        # As sqlite, and faster to read; it needs the package: pip install "securely[lmdb]".
        "lmdb": {
            "driver": "lmdb",
            "path": "storage/app/store-lmdb",
            "size_bytes_max": 2**30,
        },
    },
}
