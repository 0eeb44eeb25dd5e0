"""Mailables: what they say, and the messages they become."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from securely.mail import (
    Address,
    Attachment,
    Content,
    Envelope,
    InvalidMailable,
    InvalidMessage,
    Mailable,
    Message,
)
from tests.unit.mail.mailable.letters import (
    Empty,
    Frozen,
    Invoice,
    Logo,
    News,
    Plain,
    Slow,
    WelcomeToTheShop,
    Wrong,
)

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_mailable_becomes_a_message_of_what_its_methods_say(world: Any) -> None:
    message = Invoice(7).message()

    assert message.subject == "Invoice 7"
    assert message.sender == Address("billing@example.com")
    assert message.to == (Address("ann@example.org", "Ann"),)
    assert (message.cc, message.bcc) == (
        (Address("cc@example.org"),),
        (Address("bcc@example.org"),),
    )
    assert message.reply_to == (Address("help@example.com", "Help"),)
    assert (message.tags, message.metadata) == (("invoice",), {"number": "7"})
    assert message.priority == 1
    assert message.message_id == "<7@example.com>"
    assert message.references == ("<6@example.com>",)
    assert message.headers == {"X-Shop": "1"}
    assert [each.name for each in message.attachments] == ["invoice.txt"]
    assert message.html == "<p>mail.invoice html en</p>"


def test_views_know_public_attributes_and_what_is_said_with_them(world: Any) -> None:
    Invoice(7).message()

    (given,) = world.templates.given
    assert (given["number"], given["customer"], given["total"]) == (7, "Ann", "5 EUR")
    assert "_hidden" not in given
    assert "_posting" not in given
    assert "tries" not in given


def test_text_is_made_of_html_where_none_is_said(world: Any) -> None:
    assert WelcomeToTheShop().message().text == "Welcome\n\nYou & us\n"


def test_markdown_gives_html_and_text_in_the_theme_of_the_mailable(world: Any) -> None:
    message = News().message()

    assert (message.html, message.text) == ("<p>mail.news dark</p>", "mail.news in text")


def test_text_alone_has_no_html(world: Any) -> None:
    message = Plain().message()

    assert (message.html, message.text) == (None, "mail.plain text")


def test_the_subject_is_the_words_of_the_class_where_none_is_said(world: Any) -> None:
    assert WelcomeToTheShop().message().subject == "Welcome To The Shop"


def test_methods_may_be_awaited_and_ask_for_services_in_either_colour(world: Any) -> None:
    assert Slow().message().html == "<p>19</p>"
    assert asyncio.run(Slow().amessage()).html == "<p>19</p>"


def test_addressing_gives_another_mailable_and_leaves_the_first(world: Any) -> None:
    plain = WelcomeToTheShop()

    one = plain.to("a@x.io").cc("c@x.io").bcc("d@x.io")
    two = plain.to("b@x.io", ["e@x.io"])

    assert [each.email for each in one.message().to] == ["a@x.io"]
    assert [each.email for each in two.message().to] == ["b@x.io", "e@x.io"]
    assert (one.has_cc("c@x.io"), one.has_bcc("d@x.io")) == (True, True)
    assert plain.message().to == ()
    assert plain == one  # who gets it is none of its fields


def test_frozen_and_slotted_dataclasses_are_addressed_too(world: Any) -> None:
    assert Frozen().to("a@x.io").has_to("a@x.io")
    assert Frozen(("a", "b")).message().html == "a b"


def test_those_of_the_envelope_come_before_those_it_is_addressed_to(world: Any) -> None:
    message = Invoice(7).to("bo@x.io").message()

    assert [each.email for each in message.to] == ["ann@example.org", "bo@x.io"]


def test_a_mailable_is_rendered_in_its_language_and_no_longer(world: Any) -> None:
    message = Invoice(7).locale("nl").message()

    assert message.html == "<p>mail.invoice html nl</p>"
    assert world.templates.locale == "en"


def test_the_language_is_restored_when_rendering_fails(world: Any) -> None:
    with pytest.raises(InvalidMessage):
        Empty().locale("nl").message()

    assert world.templates.locale == "en"


def test_a_picture_that_a_view_embeds_is_sent_within_the_message(
    world: Any, tmp_path: Path
) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(PNG)

    message = Logo(logo).to("a@x.io").message()

    (picture,) = message.inline
    assert message.html == f'<img src="{picture.cid}">'
    assert Logo(logo).message().html == message.html  # stable over builds
    assert b"Content-ID" in message.changed(sender="s@x.io").as_bytes()


def test_render_shows_embedded_pictures_within_the_html(world: Any, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(PNG)

    assert Logo(logo).render() == '<img src="data:image/png;base64,iVBORw0KGgo=">'
    assert asyncio.run(Logo(logo).arender()) == Logo(logo).render()
    assert Plain().render() == "mail.plain text"


def test_functions_of_the_envelope_change_the_finished_message(world: Any) -> None:
    class Changed(Mailable):
        def envelope(self) -> Envelope:
            return Envelope(using=[lambda message: message.changed(subject="Other")])

        def content(self) -> Content:
            return Content(html_string="x")

    assert Changed().message().subject == "Other"


def test_a_function_that_returns_nothing_is_named(world: Any) -> None:
    class Changed(Mailable):
        def envelope(self) -> Envelope:
            return Envelope(using=[lambda message: None])  # type: ignore[arg-type,return-value]

        def content(self) -> Content:
            return Content(html_string="x")

    with pytest.raises(InvalidMessage, match=r"envelope\.using.*Changed.*returned NoneType"):
        Changed().message()


def test_a_mailable_without_content_says_how_to_give_it_some(world: Any) -> None:
    with pytest.raises(InvalidMessage, match=r"Empty has no method of that name.*Content"):
        Empty().message()


def test_a_method_that_returns_something_else_is_named(world: Any) -> None:
    with pytest.raises(InvalidMessage, match=r"Wrong\.envelope\(\) returned str, not Envelope"):
        Wrong().message()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "nothing is said"),
        ({"view": "a", "markdown": "b"}, "view and markdown each give its HTML"),
        ({"view": "a", "html_string": "b"}, "view and html_string"),
    ],
)
def test_content_of_no_source_or_of_two_is_refused(said: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidMessage, match=reason):
        Content(**said)


def test_a_field_with_the_name_of_a_method_is_refused() -> None:
    with pytest.raises(InvalidMailable, match='field "to" has the name of a method'):

        class Bad(Mailable):
            to: str  # type: ignore[assignment]


def test_a_header_injection_through_a_mailable_names_its_field(world: Any) -> None:
    @dataclass
    class Bad(Mailable):
        def envelope(self) -> Envelope:
            return Envelope(subject="Hi\r\nBcc: x@x.io")

        def content(self) -> Content:
            return Content(html_string="x")

    with pytest.raises(InvalidMessage, match='field "subject"'):
        Bad().message()


def test_two_files_of_one_name_are_both_embedded(world: Any, tmp_path: Path) -> None:
    from securely.mail.mailable.embeds import Embeds

    embeds = Embeds()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    first, second = (embeds.embed(tmp_path / folder / "logo.png") for folder in ("a", "b"))

    assert first != second
    assert embeds.embed(tmp_path / "a" / "logo.png") == first
    assert embeds.embed_data(PNG, "x.png", "image/png") == embeds.embed_data(
        PNG, "x.png", "image/png"
    )
    assert len(embeds.files) == 3


def test_all_that_a_mailable_says_is_said_in_its_language(world: Any) -> None:
    class Local(Mailable):
        def envelope(self) -> Envelope:
            def changed(message: Message) -> Message:
                return message.changed(headers={"X-Locale": world.templates.locale})

            return Envelope(subject=world.templates.locale, using=[changed])

        def content(self) -> Content:
            return Content(view="mail.local")

        def attachments(self) -> Iterator[Attachment]:
            yield Attachment.from_data("", f"{world.templates.locale}.txt")

    mailable = Local().locale("nl")
    message = mailable.message()

    assert message.headers["X-Locale"] == "nl"
    assert [each.name for each in message.attachments] == ["nl.txt"]
    mailable.assert_has_subject("nl")
    assert asyncio.run(world.composer.aenvelope(mailable)).subject == "nl"
    assert world.templates.locale == "en"


def test_pictures_that_are_shown_within_the_html_are_read_beside_the_loop(world: Any) -> None:
    readers: list[threading.Thread] = []

    def picture() -> bytes:
        readers.append(threading.current_thread())
        return b"png"

    html = asyncio.run(Logo(Attachment.from_data(picture, "logo.png")).arender())

    assert "data:image/png;base64," in html
    assert threading.current_thread() not in readers
