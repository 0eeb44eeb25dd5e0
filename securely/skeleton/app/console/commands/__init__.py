"""Artisan commands of this application; found by themselves."""
