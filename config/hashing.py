"""Hashes of passwords."""

from securely.config import env

config = {
    # What hashes when no driver is named. Supported: those below.
    "default": env.str("HASH_DRIVER", "argon2id"),
    # Whether a hash of another algorithm is an error. If not, it is checked, and is to be renewed.
    "verify": env.bool("HASH_VERIFY", False),
    # Longer passwords are refused before they are hashed.
    "password_bytes_max": 4_096,
    "drivers": {
        # Memory in KiB, how many times it is gone over, and by how many threads.
        "argon2id": {
            "driver": "argon2id",
            "memory": env.int("ARGON_MEMORY", 19_456),
            "time": env.int("ARGON_TIME", 2),
            "threads": env.int("ARGON_THREADS", 1),
        },
        # 2**cost blocks of 128 times block_size bytes: 128 MiB.
        "scrypt": {"driver": "scrypt", "cost": 17, "block_size": 8, "parallelism": 1},
        "pbkdf2": {"driver": "pbkdf2", "rounds": 600_000},
        # As Laravel hashes: pip install "securely[bcrypt]".
        "bcrypt": {"driver": "bcrypt", "rounds": env.int("BCRYPT_ROUNDS", 12)},
    },
}
