"""A markdown mailable beside Django's EmailMultiAlternatives with the same template, and the ratio.

    python bench/bench_mailable.py [--mails 300] [--rounds 9]

Each side makes one mail after the other from its data: renders HTML and text, builds the message
and writes its bytes; the customer, the lines and the sums differ from mail to mail. Ours begins
with Markdown, components and a theme whose CSS stands in the elements. Django's templates are what
ours becomes: the finished HTML with its CSS, and the text, with Django's variables in the places
of ours. Both are checked to say the same. Sides take turns, in one process, whose time on the
processor is measured; the ratio is the median of the ratios of the rounds.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine

from securely.container import Container
from securely.mail import Content, Envelope, Mailable
from securely.mail.mailable.composer import Composer
from securely.mail.markdown import Markdown
from securely.view import ViewFactory

LIMIT = 1.5
LINES = 3
VIEW = """\
{% call message(title="Invoice") %}
# Invoice {{ number }}

Dear {{ customer }},

thank you for your order. This is what is to be paid by **{{ due }}**; please name the number.

{% call table() %}
| Item | Quantity | Price |
|:-----|---------:|------:|
{% for line in lines %}
| {{ line.item }} | {{ line.quantity }} | {{ line.price }} |
{% endfor %}
{% endcall %}

{% call button(url) %}Look at the invoice{% endcall %}

{% call panel() %}
You pay **{{ total }}** in all.
{% endcall %}

Kind regards
{% endcall %}
"""


@dataclass
class InvoiceMail(Mailable):
    number: str
    customer: str
    due: str
    lines: list[dict[str, str]]
    url: str
    total: str

    def envelope(self) -> Envelope:
        return Envelope(subject=f"Invoice {self.number}", from_="Shop <shop@example.com>")

    def content(self) -> Content:
        return Content(markdown="invoice")


def data_of(number: int) -> dict[str, Any]:
    return {
        "number": f"INV-{number:05}",
        "customer": f"Müller & Söhne {number}",
        "due": f"2026-12-{number % 28 + 1:02}",
        "lines": [
            {"item": f"Chair {number} <{n}>", "quantity": str(n + 1), "price": f"{number}.{n}0 €"}
            for n in range(LINES)
        ],
        "url": f"https://example.com/invoices/{number}?a=1&b=2",
        "total": f"{number * 3}.30 €",
    }


def marked() -> tuple[dict[str, Any], dict[str, str]]:
    """Return data of marks, and the variable of Django's that stands for each mark."""
    names = ["number", "customer", "due", "total"]
    marks = {f"MARK{name}MARK": f"{{{{ {name} }}}}" for name in names}
    url = "https://example.com/MARKurlMARK"
    marks[url] = "{{ url }}"
    data: dict[str, Any] = {name: f"MARK{name}MARK" for name in names}
    data |= {"url": url, "lines": []}
    for n in range(LINES):
        row = {key: f"MARK{key}{n}MARK" for key in ("item", "quantity", "price")}
        marks |= {mark: f"{{{{ lines.{n}.{key} }}}}" for key, mark in row.items()}
        data["lines"].append(row)
    return data, marks


class Ours:
    def __init__(self, folder: Path) -> None:
        (folder / "invoice.md").write_text(VIEW)
        views = ViewFactory([folder], is_fresh=False)
        self.markdown = Markdown(views, name="Shop", is_fresh=False)
        self.composer = Composer(
            Container(),
            views=lambda: views,
            markdown=lambda: self.markdown,
            locale=lambda locale: None,  # type: ignore[arg-type,return-value]
        )

    def __call__(self, number: int) -> bytes:
        mailable = InvoiceMail(**data_of(number)).to("ann@example.com")
        return self.composer.compose(mailable).as_bytes()


class Theirs:
    def __init__(self, ours: Ours) -> None:
        data, marks = marked()
        html, text = ours.markdown.render("invoice", data)
        for mark, variable in marks.items():
            html = html.replace(mark, variable)
            text = text.replace(mark, variable)
        engine = Engine()
        self.html = engine.from_string(html)
        self.text = engine.from_string("{% autoescape off %}" + text + "{% endautoescape %}")

    def __call__(self, number: int) -> bytes:
        context = Context(data_of(number))
        message = EmailMultiAlternatives(
            f"Invoice INV-{number:05}",
            self.text.render(context),
            "Shop <shop@example.com>",
            ["ann@example.com"],
        )
        message.attach_alternative(self.html.render(context), "text/html")
        return message.message().as_bytes(linesep="\r\n")


def bodies(raw: bytes) -> list[str]:
    from email import message_from_bytes, policy

    message = message_from_bytes(raw, policy=policy.default)
    found = [message.get_body((kind,)) for kind in ("plain", "html")]
    return [part.get_content().strip().replace("&#x27;", "&#39;") for part in found if part]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    settings.configure(USE_I18N=False)
    django.setup()
    print(
        f"Python {platform.python_version()}, Django {django.__version__}, "
        f"{asked.mails} mails, {asked.rounds} rounds"
    )
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(Path(folder))
        sides: dict[str, Callable[[int], bytes]] = {"ours": ours, "Django": Theirs(ours)}
        for number in (7, 8):
            mine, other = (bodies(side(number)) for side in sides.values())
            if mine != other:
                print("the two sides do not say the same", mine, other, sep="\n")
                return 1
        times: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(asked.rounds):
            for name in list(sides) if turn % 2 else list(sides)[::-1]:
                began = time.process_time()
                for number in range(asked.mails):
                    sides[name](number)
                times[name].append(time.process_time() - began)
    for name, values in times.items():
        print(f"{name:10}{statistics.median(values) / asked.mails * 1e6:8,.0f} us a mail")
    ratio = statistics.median(a / b for a, b in zip(times["ours"], times["Django"], strict=True))
    print(f"ours: {ratio:.2f} x Django (limit {LIMIT})")
    print("within the limit" if ratio <= LIMIT else "OUTSIDE THE LIMIT")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
