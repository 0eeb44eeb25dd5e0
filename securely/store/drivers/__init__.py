"""The drivers, named as in the configuration; imported when they are first used."""
