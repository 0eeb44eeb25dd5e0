"""Drivers: verifiers of what is stored, in memory and in SQLite files."""
