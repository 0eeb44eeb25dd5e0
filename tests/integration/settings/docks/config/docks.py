from securely.config import env

config = {"cranes": env.int("DOCKS_CRANES", 1), "tide": env("DOCKS_TIDE", "low")}
