"""The tests. A package, so that `python -m tests.golden` finds these and no other `tests`."""
