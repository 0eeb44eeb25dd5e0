"""Views."""

from securely.config import env

config = {
    # Where the views are looked for, in this order.
    "paths": ["resources/views"],
    # Whether a view is read again once its file has changed. It costs a look at the file each time.
    "is_fresh": env.bool("VIEW_IS_FRESH", True),
}
