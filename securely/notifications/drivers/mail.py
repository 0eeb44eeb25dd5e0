"""Mail: a MailMessage, a mailable or a message to the address of a notifiable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, Self, cast

from securely.mail import Address, Mailable, Message
from securely.mail.mailable.late import part_of
from securely.mail.mailable.plain import plain_text
from securely.mail.message.address import addresses
from securely.notifications.asking import content_of
from securely.notifications.contracts import SKIPPED
from securely.notifications.drivers.base import StepsChannel
from securely.notifications.exceptions import InvalidContent, RouteMissing
from securely.notifications.manager import Materials
from securely.notifications.messages.mail import MailMessage
from securely.notifications.notification import Notification
from securely.strings import Str
from securely.support.steps import Steps, call

__all__ = ["MailChannel"]

_VIEWS: Final = Path(__file__).parents[1] / "views"
_VIEW: Final = "notifications::email"
_NAMESPACE: Final = "notifications"
# The colours that buttons have, by the level of a mail.
_COLORS: Final = {"error": "error", "success": "success"}
# Keys of lines that an application may translate, in lang/nl.json, as Laravel has them.
_HELLO: Final = "Hello!"
_WHOOPS: Final = "Whoops!"
_REGARDS: Final = "Regards,"
_TROUBLE: Final = (
    'If you\'re having trouble clicking the ":actionText" button, copy and paste the URL below\n'
    "into your web browser:"
)


class _Letter(NamedTuple):
    """A message, and the mailer that sends it."""

    message: Message
    mailer: str | None


class MailChannel(StepsChannel):
    """Sends mails: what `to_mail` returns, to where the notifiable is told by mail.

    Each has an idempotency key that is made of the id of the notification: tried again, it is not
    sent again.

    Args:
        name: The channel's name.
        materials: What makes and sends mails.
        mailer: The mailer of mails that name none; None for the default one.
        theme: The theme of mails that name none; None for that of the application's mail.
    """

    driver: ClassVar[str] = "mail"

    def __init__(
        self,
        name: str,
        materials: Materials,
        *,
        mailer: str | None = None,
        theme: str | None = None,
    ) -> None:
        super().__init__(name, materials.container)
        self._materials = materials
        self._mailer = mailer
        self._theme = theme
        self._has_views = False

    @classmethod
    def build(cls, name: str, options: Any, materials: Materials) -> Self:
        """Return the channel *name* as its options have it."""
        return cls(name, materials, mailer=options.mailer, theme=options.theme)

    def compose(self, message: MailMessage, notification: Notification) -> Message:
        """Return the mail that *message* becomes, to nobody yet.

        Raises:
            InvalidMessage: It says something that can not be sent.
            ViewError: A view is not there, or can not be rendered.
        """
        html, text = self._body(message)
        subject = Str.title(Str.snake(type(notification).__name__, " "))
        return Message(
            html=html,
            text=text,
            attachments=cast("Any", message.attachments),
            tags=message.tags,
            metadata=message.metadata_values,
            idempotency_key=self._key(notification),
            **cast("Any", {"subject": subject, **message.fields}),
        )

    def _steps(self, notifiable: Any, notification: Notification) -> Steps[object]:
        found = yield from content_of(self._container, notification, notifiable, self.methods())
        letter = yield from self._letter(found, notification)
        message = letter.message
        if not message.to:
            to = self._recipients(notifiable, notification, is_needed=not message.recipients())
            message = message.changed(to=to)
        if not message.recipients():
            return SKIPPED
        if late := notification._postponed:  # pyright: ignore[reportPrivateUsage]  # its family
            part = part_of(message, late)
            if part is None:
                return SKIPPED
            message = part
        mailer = self._materials.mail().mailer(letter.mailer or self._mailer)
        sent = yield from call(mailer.send_now, mailer.asend_now, message)
        return SKIPPED if sent is None else sent

    def _letter(self, found: object, notification: Notification) -> Steps[_Letter]:
        if isinstance(found, MailMessage):
            return _Letter(self.compose(found, notification), found.mailer_name)
        if isinstance(found, Mailable):
            composer = self._materials.composer()
            key = self._key(notification)
            message = yield from call(composer.compose, composer.acompose, found, key)
            return _Letter(message, found.posting.mailer)
        if isinstance(found, Message):
            key = found.idempotency_key or self._key(notification)
            return _Letter(found.changed(idempotency_key=key), None)
        raise InvalidContent(
            type(notification).__qualname__,
            self.methods()[0],
            f"it returned a {type(found).__name__}. Return a MailMessage, a Mailable or a Message.",
        )

    def _key(self, notification: Notification) -> str:
        return f"notification:{notification.id}:{self.name}"

    def _recipients(
        self, notifiable: Any, notification: Notification, *, is_needed: bool
    ) -> tuple[Address, ...]:
        """Return whom *notifiable* says that mail goes to.

        Raises:
            RouteMissing: It says nothing, and nobody else is named.
        """
        try:
            route = self.route(notifiable, notification)
        except RouteMissing:
            if is_needed:
                raise
            return ()
        if isinstance(route, Mapping):  # address -> name
            named = cast("Mapping[str, str]", route)
            route = [Address(email, name) for email, name in named.items()]
        return addresses("to", route or None)

    def _body(self, message: MailMessage) -> tuple[str | None, str | None]:
        views = self._materials.views()
        html: str | None = None
        text: str | None = None
        if message.html_view is not None:
            html = views.render(message.html_view, self._data(message))
        elif message.markdown_view is not None or message.text_view is None:
            if not self._has_views:
                views.add_namespace(_NAMESPACE, _VIEWS)
                self._has_views = True
            html, text = self._materials.markdown().render(
                message.markdown_view or _VIEW,
                self._data(message),
                theme=message.theme_name or self._theme,
            )
        if message.text_view is not None:
            text = views.render(message.text_view, self._data(message), form="text")
        elif text is None and html is not None:
            text = plain_text(html)
        return html, text

    def _data(self, message: MailMessage) -> dict[str, Any]:
        """Return what the view of *message* knows."""
        line = self._materials.translator().string
        is_error = message.level_name == "error"
        url = message.action_url or ""
        return {
            "level": message.level_name,
            "color": _COLORS.get(message.level_name, "primary"),
            "subject": message.fields.get("subject"),
            "greeting": message.greeting_text or line(_WHOOPS if is_error else _HELLO),
            "salutation": message.salutation_text or line(_REGARDS),
            "is_signed": message.salutation_text is None,
            "intro_lines": message.intro_lines,
            "outro_lines": message.outro_lines,
            "action_text": message.action_text,
            "action_url": message.action_url,
            "displayable_action_url": url.removeprefix("mailto:").removeprefix("tel:"),
            "trouble": line(_TROUBLE, {"actionText": message.action_text or ""}),
            "app_name": self._materials.app_name,
            **message.data,
        }
