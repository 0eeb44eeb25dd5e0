"""Fields that choose from a list: select, multiselect, suggest, search, multisearch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, Unpack, cast

from securely.console.output import style
from securely.console.prompts.checks import Complaint, Given, settled
from securely.console.prompts.field import Dialogue, Field
from securely.console.prompts.keys import Key
from securely.console.prompts.texts import Text
from securely.support.missing import MISSING, Missing
from securely.support.suggest import did_you_mean

__all__ = ["Multisearch", "Multiselect", "Options", "Search", "Select", "Suggest", "labelled"]

K = TypeVar("K", bound=Hashable)

Options = Sequence[K] | Mapping[K, str]
"""What may be chosen: things that are shown as text, or their texts by what is chosen."""

_UP = (Key.UP, Key.SHIFT_TAB, Key.CTRL_P)
_DOWN = (Key.DOWN, Key.TAB, Key.CTRL_N)


def labelled(options: Options[K]) -> dict[K, str]:
    """Return the text of each option, by what is chosen."""
    if isinstance(options, Mapping):
        return dict(options)
    return {option: str(option) for option in options}


class _List(Generic[K]):
    """A list of options of which some are seen, and one may be marked."""

    def __init__(self, options: dict[K, str], scroll: int) -> None:
        self.options = options
        self.scroll: int = max(scroll, 1)
        self.first: int = 0
        self.at: int | None = None

    @property
    def keys(self) -> list[K]:
        return list(self.options)

    @property
    def marked(self) -> K | Missing:
        return MISSING if self.at is None else self.keys[self.at]

    def mark(self, position: int | None) -> None:
        self.at = position
        if position is None:
            self.first = 0
        elif position < self.first:
            self.first = position
        elif position >= self.first + self.scroll:
            self.first = position - self.scroll + 1

    def move(self, key: str, *, may_leave: bool = False) -> bool:
        """Move the mark if *key* does that, round the ends, and tell whether it does.

        With *may_leave* it goes back to what is typed instead of round.
        """
        count = len(self.options)
        if not count or key not in (*_UP, *_DOWN, Key.HOME, Key.END, Key.PAGE_UP, Key.PAGE_DOWN):
            return False
        at = self.at
        if key in _DOWN:
            leaves = may_leave and at == count - 1
            self.mark(None if leaves else 0 if at is None else (at + 1) % count)
        elif key in _UP:
            leaves = may_leave and at == 0
            self.mark(None if leaves else count - 1 if at is None else (at - 1) % count)
        elif key in (Key.HOME, Key.END):
            self.mark(0 if key == Key.HOME else count - 1)
        else:
            step = self.scroll if key == Key.PAGE_DOWN else -self.scroll
            self.mark(min(max((at or 0) + step, 0), count - 1))
        return True

    def lines(self, room: int, drawn: Callable[[K, str, bool], str]) -> list[str]:
        """Return the options that are seen; a bar at the right tells where they stand."""
        seen = list(self.options.items())[self.first : self.first + self.scroll]
        bar = len(self.options) > self.scroll
        width = room - 2 if bar else room
        lines: list[str] = []
        thumb = self._thumb(len(seen))
        for number, (key, label) in enumerate(seen):
            line = style.clipped(drawn(key, label, self.first + number == self.at), width)
            if bar:
                pad = " " * max(width - style.plain_width(line), 0)
                line += f"{pad} <fg={'cyan' if number == thumb else 'gray'}>┃</>"
            lines.append(line)
        return lines

    def _thumb(self, seen: int) -> int:
        hidden = len(self.options) - self.scroll
        return round(self.first / hidden * (seen - 1)) if hidden > 0 else 0


class Select(Field[Any]):
    """One of several.

    Args:
        options: What may be chosen.
        default: What is marked to begin with, and chosen where nobody is there.
        scroll: How many options are seen at once.
        info: Gives a line about the option that is marked.
    """

    def __init__(
        self,
        label: str,
        options: Options[Any],
        *,
        default: object = MISSING,
        scroll: int = 5,
        info: Callable[[Any], object] | None = None,
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, **given)
        self.list: _List[Any] = _List(labelled(options), scroll)
        self.info = info
        if not self.list.options:
            raise ValueError(f'"{label}" has no options to choose from.')
        self.default: Any = _among(default, self.list.options)
        self.list.mark(0 if default is MISSING else self.list.keys.index(self.default))

    def value(self) -> object:
        """Return what is marked."""
        return self.list.marked

    def unattended(self) -> object:
        """Return the default."""
        return self.default

    def handle(self, key: str) -> None:
        """Move the mark."""
        aliases = {
            "k": Key.UP, "h": Key.UP, "j": Key.DOWN, "l": Key.DOWN,
            Key.LEFT: Key.UP, Key.RIGHT: Key.DOWN, Key.CTRL_A: Key.HOME, Key.CTRL_E: Key.END,
        }  # fmt: skip
        self.list.move(aliases.get(key, key))

    def body(self, room: int) -> list[str]:
        """Return the options, one of them marked."""
        return [*self.list.lines(room, _radio), *_info(self.info, self.list.marked, room)]

    def summary(self) -> str:
        """Return the text of what was chosen."""
        return style.escape(self.list.options[self.list.marked])

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask for a number, a text or a key."""
        _say_options(dialogue, self.list.options)
        shown = "" if self.default is MISSING else f" <comment>[{self.default}]</comment>"
        answer = dialogue.read(f"<info>{self.label}</info>{shown}:").strip()
        if not answer and self.default is not MISSING:
            return self.default
        return _picked(answer, self.list.options)


class Multiselect(Field[list[Any]]):
    """Any number of several; space chooses, Ctrl-A chooses all or none.

    Args:
        options: What may be chosen.
        default: What is chosen to begin with, and where nobody is there.
        scroll: How many options are seen at once.
        info: Gives a line about the option that is marked.
    """

    def __init__(
        self,
        label: str,
        options: Options[Any],
        *,
        default: Iterable[object] = (),
        scroll: int = 5,
        info: Callable[[Any], object] | None = None,
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, **given)
        self.hint: str = self.hint or "Use the space bar to select options."
        self.list: _List[Any] = _List(labelled(options), scroll)
        self.info = info
        self.chosen: dict[Any, None] = {_among(each, self.list.options): None for each in default}
        self.list.mark(0 if self.list.options else None)

    def value(self) -> object:
        """Return what is chosen, in the order of the options."""
        return [key for key in self.list.options if key in self.chosen]

    def handle(self, key: str) -> None:
        """Move the mark, choose what is marked, or all or none."""
        if key == " " and self.list.marked is not MISSING:
            _toggle(self.chosen, self.list.marked)
        elif key == Key.CTRL_A:
            every = len(self.chosen) == len(self.list.options)
            self.chosen = {} if every else dict.fromkeys(self.list.options)
        else:
            aliases = {
                "k": Key.UP, "h": Key.UP, "j": Key.DOWN, "l": Key.DOWN,
                Key.LEFT: Key.UP, Key.RIGHT: Key.DOWN,
            }  # fmt: skip
            self.list.move(aliases.get(key, key))

    def body(self, room: int) -> list[str]:
        """Return the options, some of them chosen."""
        if not self.list.options:
            return ["<fg=gray>There is nothing to choose from.</>"]
        lines = self.list.lines(room, lambda key, label, at: _box(label, key in self.chosen, at))
        return [*lines, *_info(self.info, self.list.marked, room)]

    def summary(self) -> str:
        """Return the texts of what was chosen."""
        labels = [text for key, text in self.list.options.items() if key in self.chosen]
        return style.escape(", ".join(labels)) or "<fg=gray>None</>"

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask for numbers, texts or keys, with commas between."""
        _say_options(dialogue, self.list.options)
        labels = ", ".join(str(key) for key in self.chosen)
        shown = f" <comment>[{labels}]</comment>" if labels else ""
        asked = f"<info>{self.label}</info> (several with commas, - for none){shown}:"
        return _several(dialogue.read(asked), self.list.options, list(self.chosen))


class Suggest(Text):
    """A line of text for which there are suggestions; what is typed need be none of them.

    Args:
        options: The suggestions, or a function of what is typed.
        scroll: How many of them are seen at once.
    """

    def __init__(
        self,
        label: str,
        options: Sequence[str] | Callable[[str], object],
        *,
        default: str = "",
        placeholder: str = "",
        scroll: int = 5,
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, default=default, placeholder=placeholder, **given)
        self.options = options
        self.list: _List[str] = _List(self._matches(), scroll)

    def handle(self, key: str) -> None:
        """Move among the suggestions, or change what is typed."""
        if self.list.move(key, may_leave=True):
            return
        before = self.typed
        super().handle(key)
        if self.typed != before:
            self.list = _List(self._matches(), self.list.scroll)

    def value(self) -> object:
        """Return the suggestion that is marked, else what is typed."""
        return self.typed if self.list.marked is MISSING else self.list.marked

    def body(self, room: int) -> list[str]:
        """Return what is typed, and the suggestions for it."""
        lines = super().body(room)
        if self.list.options:
            lines += [style.clipped("<fg=gray>" + "─" * room + "</>", room)]
            lines += self.list.lines(room, _arrow)
        return lines

    def summary(self) -> str:
        """Return what was answered."""
        return style.escape(str(self.value()))

    def _matches(self) -> dict[str, str]:
        if callable(self.options):
            return labelled(cast("Sequence[str]", settled(self.options(self.typed)) or []))
        typed = self.typed.lower()
        return labelled([option for option in self.options if option.lower().startswith(typed)])


class Search(Field[Any]):
    """One of what is found for what is typed.

    Args:
        options: Gives what is found for what is typed; may be a coroutine function.
        placeholder: What is shown while nothing is typed.
        scroll: How many of them are seen at once.
        info: Gives a line about the one that is marked.
    """

    def __init__(
        self,
        label: str,
        options: Callable[[str], object],
        *,
        placeholder: str = "",
        scroll: int = 5,
        info: Callable[[Any], object] | None = None,
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, **given)
        self.query: Text = Text(label, placeholder=placeholder)
        self.options = options
        self.info = info
        self.list: _List[Any] = _List(self.found(""), scroll)

    def found(self, query: str) -> dict[Any, str]:
        """Return what there is for *query*."""
        return labelled(cast("Options[Any]", settled(self.options(query)) or []))

    def value(self) -> object:
        """Return what is marked; None where nothing is."""
        return None if self.list.marked is MISSING else self.list.marked

    def unattended(self) -> object | Missing:
        """Return nothing: nobody searched."""
        return MISSING

    def press(self, key: str) -> None:
        """Take a *key*; Enter needs something that is marked."""
        if key == Key.ENTER and self.list.marked is MISSING:
            self.error = "Choose one with the arrow keys."
            return
        super().press(key)

    def handle(self, key: str) -> None:
        """Move the mark, or search for what is typed now."""
        if self.list.move(key, may_leave=True):
            return
        before = self.query.typed
        self.query.handle(key)
        if self.query.typed != before:
            self.list = _List(self.found(self.query.typed), self.list.scroll)

    def body(self, room: int) -> list[str]:
        """Return what is typed, and what is found for it."""
        lines = self.query.body(room)
        if not self.list.options:
            return [*lines, "<fg=gray>No results.</>"] if self.query.typed else lines
        rule = style.clipped("<fg=gray>" + "─" * room + "</>", room)
        drawn = self.list.lines(room, self.drawn)
        return [*lines, rule, *drawn, *_info(self.info, self.list.marked, room)]

    def drawn(self, key: Any, label: str, at: bool) -> str:
        """Return one of what is found as it is shown."""
        del key
        return _arrow(None, label, at)

    def summary(self) -> str:
        """Return the text of what was chosen."""
        return style.escape(self.list.options.get(self.list.marked, ""))

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask what to search for, then for one of what is found."""
        found = self._found_by_line(dialogue)
        return _picked(dialogue.read("<info>Which one</info>:").strip(), found)

    def _found_by_line(self, dialogue: Dialogue) -> dict[Any, str]:
        query = dialogue.read(f"<info>{self.label}</info>:").strip()
        found = self.found(query)
        if not found:
            raise Complaint(f'Nothing was found for "{query}".')
        _say_options(dialogue, found)
        return found


class Multisearch(Search):
    """Any number of what is found for what is typed; space chooses what is marked."""

    def __init__(
        self,
        label: str,
        options: Callable[[str], object],
        *,
        placeholder: str = "",
        scroll: int = 5,
        info: Callable[[Any], object] | None = None,
        **given: Unpack[Given],
    ) -> None:
        super().__init__(label, options, placeholder=placeholder, scroll=scroll, info=info, **given)
        self.hint: str = self.hint or "Use the space bar to select options."
        self.chosen: dict[Any, None] = {}
        self.labels: dict[Any, str] = {}

    def value(self) -> object:
        """Return what is chosen, in the order of choosing."""
        return list(self.chosen)

    def unattended(self) -> object | Missing:
        """Return that nothing is chosen."""
        return []

    def press(self, key: str) -> None:
        """Take a *key*."""
        Field[Any].press(self, key)

    def handle(self, key: str) -> None:
        """Choose what is marked, move the mark, or search for what is typed now."""
        marked = self.list.marked
        if key == " " and marked is not MISSING:
            _toggle(self.chosen, marked)
            self.labels[marked] = self.list.options[marked]
        else:
            super().handle(key)

    def drawn(self, key: Any, label: str, at: bool) -> str:
        """Return one of what is found, with whether it is chosen."""
        return _box(label, key in self.chosen, at)

    def summary(self) -> str:
        """Return the texts of what was chosen."""
        return style.escape(", ".join(self.labels[key] for key in self.chosen)) or "None"

    def by_line(self, dialogue: Dialogue) -> object:
        """Ask what to search for, then for any of what is found."""
        found = self._found_by_line(dialogue)
        answer = dialogue.read("<info>Which ones</info> (several with commas, - for none):")
        return _several(answer, found, [])


def _radio(key: object, label: str, at: bool) -> str:
    del key
    text = style.escape(label)
    return f"<fg=cyan>\u203a ●</> {text}" if at else f"<fg=gray>  ○ {text}</>"


def _box(label: str, chosen: bool, at: bool) -> str:
    mark = "◼" if chosen else "◻"
    text = style.escape(label)
    if at:
        return f"<fg=cyan>\u203a {mark}</> {text}"
    return f"  <fg=cyan>{mark}</> {text}" if chosen else f"<fg=gray>  {mark} {text}</>"


def _arrow(key: object, label: str, at: bool) -> str:
    del key
    text = style.escape(label)
    return f"<fg=cyan>\u203a</> {text}" if at else f"<fg=gray>  {text}</>"


def _info(info: Callable[[Any], object] | None, marked: object, room: int) -> list[str]:
    if info is None or marked is MISSING:
        return []
    text = settled(info(marked))
    return [style.clipped(f"<fg=gray>{style.escape(str(text))}</>", room)] if text else []


def _toggle(chosen: dict[Any, None], key: Any) -> None:
    if key in chosen:
        del chosen[key]
    else:
        chosen[key] = None


def _among(default: object, options: Mapping[Any, str]) -> Any:
    """Return the option that *default* names, by what is chosen or by its text."""
    if default is MISSING or default in options:
        return default
    for key, text in options.items():
        if text == default:
            return key
    known = ", ".join(str(key) for key in options)
    raise ValueError(f'The default "{default}" is none of the choices: {known}.')


def _say_options(dialogue: Dialogue, options: Mapping[Any, str]) -> None:
    for number, (key, text) in enumerate(options.items()):
        shown = style.escape(text if str(key) == text else f"{key}: {text}")
        dialogue.say(f"  [<comment>{number}</comment>] {shown}")


def _picked(answer: str, options: Mapping[Any, str]) -> object:
    """Return what *answer* chooses: by key, by text, or by number."""
    for key in options:
        if str(key) == answer:
            return key
    for key, text in options.items():
        if answer == text:
            return key
    if answer.isascii() and answer.isdigit() and int(answer) < len(options):
        return [*options][int(answer)]
    near = did_you_mean(answer, [*map(str, options), *options.values()])
    hint = f' Did you mean "{near}"?' if near else ""
    raise Complaint(f'"{answer}" is none of them.{hint}')


def _several(answer: str, options: Mapping[Any, str], default: list[Any]) -> object:
    words = [word.strip() for word in answer.split(",") if word.strip()]
    if not words:
        return default
    return [] if words == ["-"] else [_picked(word, options) for word in dict.fromkeys(words)]
