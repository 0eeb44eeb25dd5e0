"""Who is told of errors that nobody caught."""

from securely.config import env

config = {
    # Who hears of them beside the log: "sentry", or the dotted path of a class of yours.
    "reporters": env.list("ERROR_REPORTERS", []),
    # Needs the extra "errors-sentry".
    "sentry": {
        "dsn": env("SENTRY_DSN"),
        # Which version of the application this is; errors are grouped by it.
        "release": env("SENTRY_RELEASE"),
        # The part of all errors that is sent: 1.0 for all of them, 0.1 for every tenth.
        "sample_ratio": env.float("SENTRY_SAMPLE_RATE", 1.0),
    },
}
