"""Messages in a channel of Slack."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from securely.log.contracts import Formatter
from securely.log.drivers.webhook import WebhookHandler
from securely.log.formatters import MessageFormatter
from securely.log.hub import Hub
from securely.log.levels import level_name
from securely.log.options import SlackChannel
from securely.log.record import Record

__all__ = ["SlackHandler"]

# The lowest level of each colour, as Monolog has them.
_COLOURS: Final = ((40, "danger"), (30, "warning"), (20, "good"), (0, "#e3e4e6"))
# Characters: Slack takes 40,000 of a message and shows about as many of a field as fit a screen.
_TEXT_CHARACTERS_MAX: Final = 30_000
_FIELD_CHARACTERS_MAX: Final = 2_000
# Slack shows no more fields of an attachment.
_FIELDS_MAX: Final = 50


class SlackHandler(WebhookHandler):
    """Sends records to an incoming webhook of Slack, from a thread of its own.

    Args:
        options: The channel's settings.
        formatter: Makes the text of messages without an attachment.
        hub: Is told of what cannot be delivered.
        name: Of the channel, for what is told.

    Source: Monolog 3, Handler\\SlackWebhookHandler and Handler\\Slack\\SlackRecord.
    """

    form: ClassVar[str] = "message"

    def __init__(
        self, options: SlackChannel, formatter: Formatter, hub: Hub, *, name: str = "slack"
    ) -> None:
        super().__init__(options, formatter, hub, name=name)
        self._slack = options
        self._values = MessageFormatter(masker=hub.masker, note=hub.emergency.report)

    def body(self, record: Record) -> bytes:
        """Return what is sent for *record*."""
        options = self._slack
        said = {"username": options.username, "icon_emoji": options.emoji}
        data: dict[str, Any] = {**said, "channel": options.channel}
        data = {name: value for name, value in data.items() if value is not None}
        if options.attachment:
            data["attachments"] = [self._attachment(record)]
        else:
            shown = record if options.context else record._replace(fields={}, extra={})
            data["text"] = _escaped(self.formatter.format(shown).rstrip("\n"))
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "backslashreplace")

    def _attachment(self, record: Record) -> dict[str, Any]:
        text = _escaped(record.message)
        titled = {"Level": level_name(record.level).upper()}
        if self._slack.context:
            titled |= self._facts(record)
        colour = next(colour for least, colour in _COLOURS if record.level >= least)
        return {
            "fallback": text,
            "text": text,
            "color": colour,
            "fields": [
                {"title": _escaped(title), "value": value, "short": self._slack.short}
                for title, value in [*titled.items()][:_FIELDS_MAX]
            ],
            "mrkdwn_in": ["fields"],
            "ts": int(record.timestamp),
        }

    def _facts(self, record: Record) -> dict[str, str]:
        """Return the fields and the exception of *record*, each as a text."""
        facts = {str(name): value for name, value in {**record.extra, **record.fields}.items()}
        made = {name: self._shown(value) for name, value in facts.items()}
        if self._slack.short and made:
            made = {"Context": "\n".join(f"{name}: {value}" for name, value in made.items())}
        if record.exception is not None:
            story = self.formatter.format(record._replace(message="", fields={}, extra={})).strip()
            made["Exception"] = f"```{_escaped(story)[-_FIELD_CHARACTERS_MAX:]}```"
        return made

    def _shown(self, value: object) -> str:
        if isinstance(value, str):
            return _escaped(value)[:_FIELD_CHARACTERS_MAX]
        return _escaped(self._values.json(value))[:_FIELD_CHARACTERS_MAX]


def _escaped(text: str) -> str:
    """Return *text* without what Slack takes for its own signs."""
    text = text[:_TEXT_CHARACTERS_MAX]
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
