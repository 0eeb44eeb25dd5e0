"""The name and the key."""

config = {
    "name": "tower",
    "env": "local",
    "timezone": "UTC",
    "key": "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
