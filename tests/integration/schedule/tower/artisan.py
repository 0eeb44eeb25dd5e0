"""The console of the fixture application."""

import sys

from securely.starter import artisan

sys.exit(artisan(__file__))
