"""mail:test, mail:preview, mail:publish, make:mail."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any, ClassVar

from securely.console import Command
from securely.console.generator import Generator
from securely.console.output.style import escape
from securely.mail.exceptions import InvalidMessage, TransportError
from securely.mail.mailable.composer import Composer
from securely.mail.mailable.mailable import Mailable
from securely.mail.mailable.preview import page
from securely.mail.manager import MailManager
from securely.mail.markdown.publishing import publish
from securely.mail.message.message import Message
from securely.support.importing import ImportFailed, import_object
from securely.support.models import WrongFields, is_model, model_of
from securely.support.paths import Paths
from securely.view import ViewFactory

__all__ = ["MakeMailCommand", "PreviewCommand", "PublishCommand", "TestCommand"]

_WORDS = {
    "copied": "<fg=green;options=bold>COPIED</>",
    "exists": "<fg=yellow;options=bold>SKIPPED</> it exists",
}


class TestCommand(Command):
    """Sends a mail that says that it arrived."""

    __test__ = False  # it is no test of pytest's

    signature: ClassVar[str] = """mail:test
        {address : Who gets it}
        {--mailer= : The mailer; the default one if left out}
        {--from= : Whom it is from; what mail.from says if left out}"""
    description: ClassVar[str] = "Send a mail by a mailer, to see whether it arrives"

    def handle(self, mail: MailManager) -> int:
        """Send it; say who took it, or what went wrong."""
        named = self.option("mailer")
        mailer = mail.mailer(str(named) if named else None)
        sender = self.option("from")
        try:
            sent = mailer.send(
                Message(
                    subject="A test of mail",
                    text=f'This came by the mailer "{mailer.name}". It works.\n',
                    sender=str(sender) if sender else None,
                    to=self.string("address"),
                )
            )
        except (InvalidMessage, TransportError) as error:
            self.error(str(error))
            return self.FAILURE
        if sent is None:
            self.warn("A listener of MessageSending cancelled it.")
            return self.FAILURE
        self.info(f'The mailer "{sent.transport}" took it as {sent.message_id}.')
        for address, reason in sent.refused.items():
            for_now = " for now" if address in sent.retryable else ""
            self.warn(f"{address} was refused{for_now}: {reason}")
        if sent.reply:
            self.line(sent.reply)
        return self.FAILURE if sent.refused else self.SUCCESS


class PreviewCommand(Command):
    """Writes a mailable as a page that a browser shows: nothing is sent."""

    signature: ClassVar[str] = """mail:preview
        {mailable : The class, such as InvoiceMail or app.mail.invoice_mail.InvoiceMail}
        {--with=* : A field of it, as name=value}
        {--locale= : The language; the current one if left out}
        {--theme= : The theme of its markdown; its own if left out}
        {--text : Show its text here, and write no page}
        {--output= : The file; storage/framework/mail/NAME.html if left out}
        {--open : Open it in a browser}"""
    description: ClassVar[str] = "See a mailable as a page of a browser"

    def handle(self, composer: Composer, paths: Paths) -> int:
        """Make it, render it, write it; say where it is."""
        mailable = self._made(self._class())
        if locale := self.option("locale"):
            mailable = mailable.locale(str(locale))
        if theme := self.option("theme"):
            object.__setattr__(mailable, "theme", str(theme))
        message = composer.compose(mailable)
        if self.boolean("text"):
            self.line(message.text or "")
            return self.SUCCESS
        name = f"{type(mailable).__name__}.html"
        output = self.option("output") or f"storage/framework/mail/{name}"
        file = paths.resolve(str(output))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(message), encoding="utf-8")
        self.info(f"Written to {file}.")
        if self.boolean("open") and not webbrowser.open(file.as_uri()):
            self.warn("No browser could be opened.")
        return self.SUCCESS

    def _class(self) -> type[Mailable]:
        path = self.string("mailable")
        if "." not in path:  # a bare name is where make:mail puts it; else it says where it is
            path = ":".join(MakeMailCommand().module_of(path))
        try:
            found = import_object(path)
        except ImportFailed as error:
            self.fail(f'There is no mailable "{path}": {error.reason}')
        if not isinstance(found, type) or not issubclass(found, Mailable):
            self.fail(f"{path} is no class of mailables.")
        return found

    def _made(self, cls: type[Mailable]) -> Mailable:
        """Return what its `preview` makes, or one of the given fields."""
        given = self._given()
        preview: Any = getattr(cls, "preview", None)
        if preview is not None and not given:
            made: Mailable = preview()
            return made
        try:
            # Fields are words here; their annotations say what they mean.
            return model_of(cls, given) if is_model(cls) else cls(**given)
        except (TypeError, WrongFields) as error:
            self.fail(
                f"{cls.__qualname__} can not be made: {error}. Give its fields by --with=name=value"
                ", or give it a static method preview() that returns one."
            )

    def _given(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for each in self.strings("with"):
            name, sign, value = each.partition("=")
            if not sign:
                self.fail(f'"{each}" says no value. Write --with={name}=VALUE.')
            given[name] = value
        return given


class PublishCommand(Command):
    """Copy the components and themes of mails into the application."""

    signature: ClassVar[str] = "mail:publish {--force : Write over files that are there}"
    description: ClassVar[str] = "Copy the components and themes of mails, to be changed"

    def handle(self, views: ViewFactory, paths: Paths) -> int:
        """Copy the files, and say what became of each."""
        folder = views.paths[0] if views.paths else paths.resources / "views"
        for target, outcome in publish(folder / "vendor" / "mail", force=self.boolean("force")):
            shown = target.relative_to(paths.base) if target.is_relative_to(paths.base) else target
            self.two_column_detail(escape(str(shown)), _WORDS[outcome])
        return self.SUCCESS


class MakeMailCommand(Generator):
    """Makes a mailable, and its view."""

    signature: ClassVar[str] = """make:mail
        {name : Its name, such as InvoiceMail}
        {--m|markdown= : The view in Markdown that it has; mail.invoice-mail, unless said}
        {--view= : The view in HTML that it has; mail.invoice-mail, unless said}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description: ClassVar[str] = "Make a mailable"
    kind: ClassVar[str] = "mailable"
    folder: ClassVar[str] = "app/mail"
    stub: ClassVar[str] = "mail.stub"

    def values(self) -> dict[str, str]:
        """Return its subject, and what its content is: a view, or a paragraph."""
        words = self.words(self.names(self.string("name"))[1], " ").capitalize()
        for form in ("markdown", "view"):
            if view := self.view_of(form, "mail"):
                return {"words": words, "content": f'{form}="{view}"'}
        return {"words": words, "content": 'html_string="<p>Hello!</p>"'}

    def made(self, module: str, class_name: str, paths: Paths) -> None:
        """Write the view as well, unless it is there."""
        for form, ending in (("markdown", "md"), ("view", "html")):
            view = self.view_of(form, "mail")
            if not view:
                continue
            target = Path(f"resources/views/{view.replace('.', '/')}.{ending}")
            if (paths.base / target).exists():
                self.warn(f"View {target.as_posix()} exists already and was kept.")
                continue
            text = self.stub_text(paths, f"mail.{ending}.stub")
            self.write(paths.base / target, text, paths, init=False)
            self.info(f"View {target.as_posix()} created.")
