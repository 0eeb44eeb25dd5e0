"""A module that does not import."""

raise RuntimeError("torn")  # planted: import
