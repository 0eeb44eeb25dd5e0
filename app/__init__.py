"""The example application: an invoice run."""
