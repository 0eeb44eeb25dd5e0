"""The algorithms that come with Securely, each imported when it is first used."""
