"""One adapter per component: its cases' inputs, put to the public API."""
