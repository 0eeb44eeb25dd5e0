"""One delivery of one job: what is known of its class, its run, and what becomes of it."""
