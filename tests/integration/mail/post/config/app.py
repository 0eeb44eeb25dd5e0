"""The name and the key."""

config = {
    "name": "post",
    "env": "testing",
    "key": "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
