"""Where this application binds its services."""
