"""Work that is done on the queue."""
