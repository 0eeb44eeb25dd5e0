"""The name and the key."""

config = {
    "name": "depot",
    "env": "testing",
    "key": "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
