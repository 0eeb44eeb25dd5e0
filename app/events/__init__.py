"""What has happened in this application."""
