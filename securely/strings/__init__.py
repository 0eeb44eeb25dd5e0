"""What Python's `str` does not have: case shapes, slugs, plurals, masks, wildcards and kin.

`Str.slug("Hello World")` is a function; `Str.of("Hello World").slug().limit(8)` goes on. What `str`
has itself (`upper`, `strip`, slices, `startswith` …) is not wrapped.

    str.py        Str: all functions by one name
    stringable.py Stringable: the same, one after the other
    cases.py      camel, snake, studly, headline, title …
    slices.py     after, before, between, start, finish, wrap …
    matching.py   is_, contains, is_uuid, match …
    replacing.py  replace_first, remove, swap …
    fitting.py    limit, words, excerpt, mask, pad_both, word_wrap
    ascii.py      ascii, transliterate, slug
    ids.py        random, password, uuid, ulid
    inflector.py  plural and singular
"""

from __future__ import annotations

from securely.strings.inflector import Inflector
from securely.strings.str import Str
from securely.strings.stringable import Stringable

__all__ = ["Inflector", "Str", "Stringable"]
