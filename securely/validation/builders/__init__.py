"""Builders: rules that are written as calls, and objects that are rules; found on `Rule`."""
