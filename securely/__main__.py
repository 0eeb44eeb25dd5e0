"""`python -m securely`, `securely`: new applications, and artisan inside one."""

import os
import sys

from securely.starter import artisan

__all__ = ["main"]


def main() -> int:
    """Run artisan of the application in this folder; without one, make new applications."""
    here = os.path.abspath("artisan.py")  # noqa: PTH100  # pathlib costs more than the rest
    if os.path.exists(here):  # noqa: PTH110  # as above
        return artisan(here)
    try:
        from securely.foundation.outside import run

        return run(sys.argv[1:])
    except ModuleNotFoundError as error:
        from securely.support.requirements import tell

        if not tell(error):
            raise
        return 1


if __name__ == "__main__":
    sys.exit(main())
