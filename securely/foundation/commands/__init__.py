"""The framework's own commands, a file for each subject."""
