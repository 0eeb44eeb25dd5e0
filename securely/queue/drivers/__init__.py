"""One file per driver, named as in the configuration; imported when it is first used."""
