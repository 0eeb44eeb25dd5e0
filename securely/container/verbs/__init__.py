"""The verbs of the container, by topic; `core` holds the state that they stand on."""
