"""The console: `python artisan.py list`."""

import sys

from securely.starter import artisan

sys.exit(artisan(__file__))
