"""Fixtures for all tests: `app`, `artisan` and `clock` come with the plugin of the package."""
