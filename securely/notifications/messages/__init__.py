"""What channels send: what the `to_…` methods of a notification return.

log.py      LogMessage: a line of the log
mail.py     MailMessage: a mail of a greeting, lines and a button
webhook.py  WebhookMessage, WebhookRoute: what is posted, and where to
"""

from __future__ import annotations

from securely.notifications.messages.log import LogMessage
from securely.notifications.messages.mail import MailMessage
from securely.notifications.messages.webhook import WebhookAnswer, WebhookMessage, WebhookRoute

__all__ = ["LogMessage", "MailMessage", "WebhookAnswer", "WebhookMessage", "WebhookRoute"]
