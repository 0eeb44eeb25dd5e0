"""Part of an application with planted faults."""
