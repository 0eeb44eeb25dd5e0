"""HTML as plain text."""

from __future__ import annotations

import pytest

from securely.mail.mailable.plain import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Hi</h1>\n<p>one\n two<br>three</p>", "Hi\n\none two\nthree\n"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c\n"),
        ('<ol start="3"><li>a<li>b</ol>', "3. a\n4. b\n"),
        ("<pre>  x\n   y</pre>z", "  x\n   y\n\nz\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
        ('<a href="https://x.io">here</a> <a href="#top">up</a>', "here (https://x.io) up\n"),
        ('<a href="mailto:a@x.io">a@x.io</a>', "a@x.io\n"),
        ('<a href="https://x.io"><img src="l.png" alt="Shop"></a>', "Shop (https://x.io)\n"),
        ("&lt;b&gt; &amp; <!-- no -->more", "<b> & more\n"),
        ("<p> </p>", ""),
    ],
)
def test_what_html_says_is_said_in_text(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    "head",
    [
        "<html><head><title>T</title><style>p {}</style></head><body>",
        "<html><head><title>T</title><style>p {}</style><body>",
        "<head><meta charset=utf-8><title>T</title>",
        "<script>let a = '<p>';</script><template><p>no</p></template>",
    ],
)
def test_what_nobody_sees_is_left_out_and_no_more(head: str) -> None:
    assert plain_text(f"{head}<p>Hello</p>") == "Hello\n"
