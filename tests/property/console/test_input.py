from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securely.console import Input, InvalidInput, Signature
from securely.console.input import tokenize

SIGNATURE = Signature.parse("mail:send {user} {copy?*} {--Q|queue=default} {--id=*} {--f|force}")


@pytest.mark.property
@given(st.lists(st.text()))
def test_tokenize_when_words_are_quoted_gives_them_back(words: list[str]) -> None:
    line = " ".join('"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"' for w in words)

    assert tokenize(line) == words


@pytest.mark.property
@given(st.lists(st.text()))
def test_from_tokens_whatever_comes_refuses_only_by_its_own_error(tokens: list[str]) -> None:
    try:
        found = Input.from_tokens(SIGNATURE, tokens)
    except InvalidInput:
        return
    assert set(found.arguments()) == {"user", "copy"}
