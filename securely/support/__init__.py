"""What may live here: things that know nothing of the framework, used by at least two packages."""
