"""What is done when something has happened; found by themselves."""
