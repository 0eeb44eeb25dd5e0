from securely.config import env

config = {
    "name": env("APP_NAME", "Docks"),
    "key": "base64:c2VjdXJlbHktdGVzdGluZy1rZXktb2YtMzItYnl0ZXM=",
}
