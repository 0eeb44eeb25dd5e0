from securely.config import env

config = {
    "hooks": {
        # As large as a busy machine may need it, where a test does not want it small.
        "timeout": env.float("SETTINGS_HOOK_TIMEOUT", 40.0),
        "verify_for": env.float("SETTINGS_VERIFY_FOR", 40.0),
    }
}
