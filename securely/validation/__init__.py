"""Validation: rules in Laravel's words over nested data, compiled once to plans."""
