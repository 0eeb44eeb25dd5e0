"""Where `artisan.py` starts: answers list, help, --version and completion before all else.

A console starts more often than anything, mostly to be asked what it can do. Those answers come
from a manifest and cost little more than the interpreter; all else goes to the application. What
is imported here, and by what is imported here, is held by ``tests/architecture/test_start.py``.
"""

import os
import sys

from securely import __version__
from securely.support import listing
from securely.support.listing import Entry
from securely.support.manifest import Manifest, manifest_path
from securely.support.terminal import (
    COMMENT,
    NORMAL,
    SILENT,
    Globals,
    decorated,
    hush,
    paint,
    split_globals,
    width,
)

__all__ = ["artisan"]

_NAME = "Securely"
_SUCCESS = 0
_FAILURE = 1
_INTERRUPTED = 130  # 128 and SIGINT, as shells have it
_BROKEN_PIPE = 141  # 128 and SIGPIPE
_OBJECTS_PER_COLLECTION = 50_000  # a few megabytes of garbage at most, in commands that go on


def artisan(file: str, argv: list[str] | None = None) -> int:
    """Run the command line of the application whose `artisan.py` is *file*.

    Args:
        file: Its path; the application lies in the same folder.
        argv: The words of the command line, without the program's name; the process's own unless
            given.

    Returns:
        The exit code.
    """
    words = sys.argv[1:] if argv is None else argv
    base = os.path.dirname(os.path.abspath(file))  # noqa: PTH100, PTH120  # pathlib is too slow
    try:
        return _artisan(base, words)
    except ModuleNotFoundError as error:
        from securely.support.requirements import tell

        if not tell(error):
            raise
        return _FAILURE


def _artisan(base: str, words: list[str]) -> int:
    try:
        found, rest = split_globals(words)
        code = _answer(base, words, found, rest)
        if code is not None:
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        hush()
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    return _application(base, words, found)


def _answer(base: str, words: list[str], found: Globals, rest: list[str]) -> int | None:
    """Answer what needs no application; return ``None`` for what does."""
    name = rest[0] if rest else ""
    code: int | None = None
    if words[:1] == ["_complete"]:
        code = _complete(base, words[1:])
    elif found.env == "":
        code = None  # an option without its value: the console refuses it
    elif found.version and not name:
        code = _say(f"{_NAME} {__version__}\n", found)
    elif found.help and len(rest) <= 1:
        # `x --help`; alone it is the help of `list`, which is what runs without a name.
        code = _help(base, [name or "list"], found)
    elif found.help:
        code = None
    elif not name or name == "list":
        code = _list(base, rest[1:], found)
    elif name == "help":
        code = _help(base, rest[1:] or ["help"], found)
    elif name == "completion":
        code = _completion(rest[1:], found)
    elif name == "settings:get":
        code = _setting(base, rest[1:], found)
    return code


def _list(base: str, words: list[str], found: Globals) -> int | None:
    chosen = _list_options(words)
    if chosen is None:
        return None
    within, form, short = chosen
    manifest = _manifest(base, brief=form != "json")
    entries = manifest.entries
    if within and not any(listing.namespace(entry.name) == within for entry in entries):
        return None
    if form == "json" and any(entry.is_partial for entry in entries):
        return None
    if form == "json":
        text = listing.list_json(_NAME, __version__, entries, within, short=short) + "\n"
    elif form == "raw":
        text = listing.list_raw(entries, within)
    else:
        colour = decorated(sys.stdout, found.ansi)
        title = f"{_NAME} {__version__}"
        text = listing.list_text(title, entries, within, colour=colour, width=_width())
    code = _say(text, found)
    if found.verbosity >= NORMAL:
        sys.stdout.flush()  # so that what follows stands below, where both go to one place
        colour = decorated(sys.stderr, found.ansi)
        for warning in manifest.warnings:
            sys.stderr.write(paint(warning, COMMENT, colour) + "\n")
    return code


def _list_options(words: list[str]) -> tuple[str, str, bool] | None:
    """Return namespace, form and shortness; ``None`` for what the console shall complain about."""
    within = form = ""
    short = False
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--format" and position < len(words):
            word = f"--format={words[position]}"
            position += 1
        if word in ("--json", "--format=json"):
            form = "json"
        elif word == "--raw":
            form = form or "raw"
        elif word == "--short":
            short = True
        elif word.startswith("-") or within or not word:
            if word != "--format=txt":
                return None
        else:
            within = word
    return within, form, short


def _help(base: str, words: list[str], found: Globals) -> int | None:
    if len(words) != 1:
        return None
    for entry in _manifest(base).entries:
        if entry.name == words[0] or words[0] in entry.aliases:
            if entry.is_partial:
                return None
            colour = decorated(sys.stdout, found.ansi)
            return _say(listing.help_text(entry, colour=colour, width=_width()), found)
    return None


def _completion(words: list[str], found: Globals) -> int | None:
    from securely.support.completion import script

    text = script(words[0] if words else "bash") if len(words) <= 1 else None
    return None if text is None else _say(text, found)


def _setting(base: str, words: list[str], found: Globals) -> int | None:
    """Show a setting that was shown before, if nothing has changed since then."""
    if len(words) != 1 or words[0].startswith("-") or found.env is not None:
        return None
    from securely.support.answers import answer, answers_path

    storage = os.path.join(base, "storage")  # noqa: PTH118  # as above
    text = answer(answers_path(storage), words[0], __version__)
    return None if text is None else _say(f"{text}\n", found)


def _complete(base: str, words: list[str]) -> int:
    from securely.support.completion import complete

    entries: list[Entry] = _manifest(base).entries
    return _say("".join(f"{word}\n" for word in complete(entries, words)), Globals())


def _manifest(base: str, *, brief: bool = False) -> Manifest:
    found = Manifest.read(manifest_path(base), __version__, brief=brief)
    if found is None:
        from securely.console.manifest import current

        found = current(base)
    return found


def _width() -> int | None:
    """Return the columns of the terminal; ``None`` where lines go elsewhere, and stay whole."""
    return width() if sys.stdout.isatty() else None


def _say(text: str, found: Globals) -> int:
    if found.verbosity >= NORMAL:
        try:
            sys.stdout.write(text)
        except UnicodeEncodeError:
            encoding = sys.stdout.encoding or "ascii"
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    return _SUCCESS


def _application(base: str, words: list[str], found: Globals) -> int:
    """Hand the command line to the application, and show what keeps it from being made."""
    import gc

    # Of what a start makes nearly nothing is garbage; looking for some at every 700th object, and
    # through everything at the end, cost a sixth of `artisan about` (measured).
    gc.set_threshold(_OBJECTS_PER_COLLECTION)
    if base not in sys.path:
        sys.path.insert(0, base)
    if not os.path.exists(os.path.join(base, "bootstrap", "app.py")):  # noqa: PTH110, PTH118
        if found.verbosity > SILENT:
            sys.stderr.write(
                f"ERROR  There is no application in {base}: bootstrap/app.py is missing. "
                f"Make one with `securely new NAME`.\n"
            )
        return _FAILURE
    try:
        bootstrap = __import__("bootstrap.app", fromlist=["app"])
        return int(bootstrap.app.handle_command(words))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # the border: shown here, not raised
        # Where a package of ours is missing, so is the console: artisan() above says that.
        from securely.console import Output
        from securely.console.failure import render_failure
        from securely.log.masking import Masker, secrets_in

        # There is no configuration to ask for secrets; the environment may have them.
        masker = Masker(secrets_in(os.environ))
        output = Output(ansi=found.ansi, verbosity=found.verbosity)
        render_failure(error, output, mask=masker.text)
        return _FAILURE
    finally:
        gc.freeze()  # what has lived until here ends with the process
