"""Plans: rules as they are written, read and bound once, and run over data."""
