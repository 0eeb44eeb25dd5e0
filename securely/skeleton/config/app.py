"""The application itself."""

from securely.config import env

config = {
    # The name shown by `about` and used where an application introduces itself.
    "name": env("APP_NAME", "Securely"),
    # Where it runs: local, testing, production … Decides which `.env` is read and what is shown.
    "env": env("APP_ENV", "production"),
    # Whether errors show their whole story. Never in production.
    "debug": env.bool("APP_DEBUG", False),
    # The address people reach it by; used in links made outside a request.
    "url": env("APP_URL", "http://localhost"),
    # The time zone of logs and of dates in input. Everything inside is UTC.
    "timezone": env("APP_TIMEZONE", "UTC"),
    # The language of what users read, by the name of its folder in lang/.
    "locale": env("APP_LOCALE", "en"),
    # The language of the lines that the first one lacks.
    "fallback_locale": env("APP_FALLBACK_LOCALE", "en"),
    # The key that encrypts and signs: `python artisan.py key:generate` writes it.
    "key": env("APP_KEY"),
    # Keys that were used before, separated by commas: what they encrypted can still be read.
    "previous_keys": env.list("APP_PREVIOUS_KEYS", []),
    # Supported: aes-128-cbc, aes-256-cbc, aes-128-gcm, aes-256-gcm.
    "cipher": env("APP_CIPHER", "aes-256-cbc"),
    # Ciphers that are read besides, with keys of their length.
    "decrypt_ciphers": ["aes-256-cbc", "aes-256-gcm"],
    # Where `down` writes that the application is in maintenance. Supported: file, cache.
    "maintenance": {"driver": "file"},
}
