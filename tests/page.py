"""A page as a parser of HTML sees it: what a reader of mail would see."""

from __future__ import annotations

from html.parser import HTMLParser

# Elements that have no end.
EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """What is in a page, in its order.

    Attributes:
        elements: Names of elements with their attributes.
        texts: The pieces of text between them.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(("!--", {"": data}))

    @property
    def text(self) -> str:
        """All of its text."""
        return "".join(self.texts)

    @property
    def names(self) -> list[str]:
        """The names of its elements."""
        return [name for name, _ in self.elements]

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of that name."""
        return [attributes for tag, attributes in self.elements if tag == name]
