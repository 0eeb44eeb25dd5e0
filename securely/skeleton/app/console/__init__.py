"""What this application adds to the console."""
