"""Writes a new component in the shape of the others."""
