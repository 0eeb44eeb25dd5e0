"""A store that survives what is killed; nobody cuts the power here."""

config = {
    "default": "sqlite",
    "databases": {
        "sqlite": {"driver": "sqlite", "path": "storage/app/store", "durability": "normal"},
    },
}
