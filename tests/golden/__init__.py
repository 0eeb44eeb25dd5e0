"""Golden vectors: what the real Laravel answered, and a runner that holds Securely to it.

``python -m tests.golden [--json] FILE...`` runs any file of this form::

    {"component": "encryption", "laravel_version": "…", …, "cases": [
        {"id": "…", "input": {…}, "expected": {…}, "expected_13": {…}?}, …]}

A component's cases are run by its adapter, ``tests/golden/adapters/<component>.py``, which has

``run(input) -> object``
    Do what the case's input says through the public API, and return what came out in the shape
    of ``expected``. Input and answer are plain JSON data; the tags of PHP values (``$map``,
    ``$bytes``, ``$float`` …) are translated by ``tests.golden.values``. An exception that is
    expected is left to fly, or stands in the answer where ``expected`` has one.

``EXCEPTIONS: Mapping[str, type[Exception] | tuple[type[Exception], ...]]``
    For each PHP class that is expected, by its last name, what we raise for it.

``prepare(header) -> None`` (if the file's header matters)
    Called once per file with all of it but the cases.

Where Securely differs on purpose, ``differences.toml`` has a rule, by component and pattern.
"""
