"""settings:search, :why, :history, :diff, :validate, :example, :scan, :audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from securely.config import Environment
from securely.config.exceptions import EnvironmentFileBroken
from securely.config.files.places import Places
from securely.config.files.variables import compare
from securely.config.writer import quoted
from securely.console import Command
from securely.console.output.style import escape, safe
from securely.settings.boot import vault_of
from securely.settings.display import forms
from securely.settings.exceptions import SettingsError, UnknownSetting
from securely.settings.inspection.auditing import Audit, AuditedSecret
from securely.settings.inspection.layers import Layer
from securely.settings.inspection.scanning import files_of, scan
from securely.settings.schema import Setting
from securely.settings.settings import Settings
from securely.support.masking import HIDDEN, mask_urls
from securely.support.replacing import replace

__all__ = [
    "AuditCommand",
    "DiffCommand",
    "ExampleCommand",
    "HistoryCommand",
    "ScanCommand",
    "SearchCommand",
    "ValidateCommand",
    "WhyCommand",
]

_DEFAULT = "default"


class SearchCommand(Command):
    """Finds settings by a part of their key, variable or description."""

    signature = "settings:search {text : A part of a key, a variable or a description}"
    description = "Find settings by key, variable or description"

    def handle(self, settings: Settings) -> int:
        """Show each with its value, secrets hidden, and what it does."""
        found = settings.search(self.string("text"))
        for each in found:
            self.two_column_detail(safe(each.key), safe(forms.text(each.shown)))
            names = f" ({', '.join(each.variables)})" if each.variables else ""
            if each.field.description or names:
                self.comment(safe(f"    {each.field.description}{names}"))
        return self.SUCCESS if found else self.FAILURE


class WhyCommand(Command):
    """Shows all the places that say what a setting is, and which one counts."""

    signature = """settings:why
        {key : A dotted key, or the name of a variable}
        {--json : As JSON}"""
    description = "Show where a setting is set, and which place counts"
    help = "The strongest is the first one, and counts. Secrets are hidden."

    def handle(self, settings: Settings) -> int:
        """Show them, the strongest first."""
        key = self.string("key")
        try:
            found = settings.why(key)
        except UnknownSetting as error:
            self.error(str(error))
            return self.FAILURE
        if self.boolean("json"):
            self.line(escape(forms.json_text([*map(_layer_row, found)])))
            return self.SUCCESS
        width = max(len(each.place) for each in found)
        for each in found:
            name = f"{each.variable}=" if each.variable else ""
            shown = forms.text(each.shown) or '""'
            told = safe(f"{each.place:{width}}  {name}{shown}")
            self.line(f"<info>> {told}</info>" if each.wins else f"  {told}")
        if settings.loaded.cached:
            self.warn("The configuration is as config:cache has kept it, whatever is set since.")
        return self.SUCCESS


class AuditCommand(Command):
    """Looks at the age and the end of each secret, and at where it can be read."""

    signature = """settings:audit
        {--within=30 : Days before its end in which a secret is found fault with}
        {--max-age= : Days after which a value is too old; any age if left out}
        {--json : As JSON}"""
    description = "Look at the age and end of secrets, and at where they can be read"
    help = "The exit code is 1 when something is found. settings:expire notes when a value ends."

    def handle(self, settings: Settings) -> int:
        """Show each secret with what is wrong, and what is wrong with the files."""
        age = self.option("max-age")
        found = settings.audit(
            self.integer("within", minimum=0),
            None if age is None else self.integer("max-age", minimum=0),
        )
        if self.boolean("json"):
            rows = [_audited_row(each) for each in found.secrets]
            self.line(escape(forms.json_text({"secrets": rows, "findings": found.findings})))
            return self.SUCCESS if found.is_sound else self.FAILURE
        if found.secrets:
            self.table(("Secret", "Kept in", "Days old", "Expires", "Finding"), _rows(found))
        for each in found.findings:
            self.error(safe(each))
        if found.is_sound:
            self.info("Nothing is wrong with the secrets and their files.")
        return self.SUCCESS if found.is_sound else self.FAILURE


class HistoryCommand(Command):
    """Shows what was changed, when, by whom."""

    signature = """settings:history
        {key? : Only changes of this setting or variable}
        {--limit=20 : How many, the latest}
        {--json : As JSON}"""
    description = "Show what was changed, when, by whom"

    def handle(self, settings: Settings) -> int:
        """Show the latest last; secrets are hidden."""
        found = settings.history(str(self.argument("key") or ""))
        found = found[-self.integer("limit", minimum=1) :]
        if self.boolean("json"):
            rows = [{**each.row(), "sealed": bool(each.sealed)} for each in found]
            self.line(escape(json.dumps(rows, ensure_ascii=False, indent=2)))
            return self.SUCCESS
        for each in found:
            who = safe(f"{each.user}@{each.host}")
            self.line(f"<info>{each.number}</info>  {each.at}  {who}  {safe(each.command)}")
            for change in each.changes:
                old, new = change.shown(change.old), change.shown(change.new)
                told = "unset" if new is None else f"{'' if old is None else f'{old} -> '}{new}"
                self.line(safe(f"     {change.name}: {told}  ({change.place})"))
        if not found:
            self.comment("Nothing was changed yet.")
        return self.SUCCESS


class DiffCommand(Command):
    """Compares the variables of two environments."""

    signature = """settings:diff
        {one : An environment, as in .env.production; "default" is .env}
        {other : Another one}"""
    description = "Compare the variables of two environments"
    help = "The exit code is 1 when they differ. Secrets are compared and not shown."

    def handle(self, environment: Environment, settings: Settings) -> int:
        """Show what one has and the other has not, and what differs."""
        one, other = self.string("one"), self.string("other")
        first, hidden = self._variables(environment, one)
        second, hidden_too = self._variables(environment, other)
        secret = hidden | hidden_too
        differing = [
            name for name in sorted({*first, *second}) if first.get(name) != second.get(name)
        ]
        for name in differing:
            for sign, colour, values in (("-", "red", first), ("+", "green", second)):
                if name in values:
                    is_secret = name in secret or settings.is_secret(name)
                    shown = HIDDEN if is_secret else mask_urls(values[name])
                    self.line(f"<fg={colour}>{sign} {safe(name)}={safe(shown)}</>")
        if not differing:
            self.info(f"{one} and {other} have the same variables and values.")
        return self.FAILURE if differing else self.SUCCESS

    def _variables(self, environment: Environment, name: str) -> tuple[dict[str, str], set[str]]:
        """Return the variables of an environment, and which of them are kept encrypted."""
        base = environment.base_path
        asked = None if name == _DEFAULT else name
        file = base / (".env" if asked is None else f".env.{asked}")
        found = Environment.load(base, process={}, files=[file.name])
        found.asked = asked
        vault = vault_of(found)
        if not file.is_file() and not vault.exists:
            self.fail(f"There is no environment {name}: {file} does not exist.")
        plain = {each: str(found.of_files(each)) for each in found.names()}
        return {**plain, **vault.all()}, {*vault.names()}


class ValidateCommand(Command):
    """Checks the whole configuration, the secrets, and what `.env.example` names."""

    signature = """settings:validate
        {--example=.env.example : The file that names what is to be set}"""
    description = "Check the configuration, the secrets and .env.example"

    def handle(self, settings: Settings) -> int:
        """Show all that is wrong; the exit code is 1 then."""
        problems = [*self._problems(settings)]
        for each in problems:
            self.error(safe(each))
        if problems:
            return self.FAILURE
        self.info("The settings are valid.")
        return self.SUCCESS

    def _problems(self, settings: Settings) -> Iterator[str]:
        environment, vault = settings.environment, settings.writer.vault
        try:
            yield from settings.validate()
        except SettingsError as error:
            yield str(error)
            return
        for name in vault.names():
            if environment.of_files(name) is not None:
                yield f"{name} is one of the secrets, and stands in plain text in .env, too."
        example = environment.base_path / self.string("example")
        if not example.is_file():
            return
        try:
            found = compare(environment, example, Places(settings.loaded.files).reads())
        except EnvironmentFileBroken as error:
            yield str(error)
            return
        for name in found.unset:
            yield f"{name} is in {example.name}, and is not set."
        for name in found.unlisted:
            yield f"{name} is set in .env, and is not in {example.name}."


class ExampleCommand(Command):
    """Writes `.env.example`: every variable with what it does and its default; no secret."""

    signature = """settings:example
        {--path=.env.example : The file}
        {--force : Replace a file that is there}
        {--check : Write nothing; the exit code is 1 when a variable is missing in it}"""
    description = "Write .env.example with every variable and what it does"

    def handle(self, settings: Settings) -> int:
        """Write it, or compare it."""
        file = settings.environment.base_path / self.string("path")
        found = _by_variable(settings)
        if self.boolean("check"):
            return self._check(file, found)
        if file.exists() and not self.boolean("force"):
            self.fail(f"{file} exists. With --force, it is replaced.")
        replace(file, _example(found).encode())
        self.info(f"{len(found)} variables are in {file}.")
        return self.SUCCESS

    def _check(self, file: Path, found: dict[str, Setting]) -> int:
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        listed = {line.lstrip("# ").partition("=")[0] for line in text.splitlines()}
        missing = [name for name in found if name not in listed]
        for name in missing:
            self.error(f"{safe(name)} is not in {file.name}.")
        return self.FAILURE if missing else self.SUCCESS


class ScanCommand(Command):
    """Looks for secrets in plain text among the files that are kept with the sources."""

    signature = """settings:scan
        {path?* : Files and folders; all that git keeps if left out}
        {--install-hook : Let git run this before each commit}"""
    description = "Look for secrets in plain text among the sources"

    def handle(self, settings: Settings) -> int:
        """Show where they stand, and never what they are; the exit code is 1 then."""
        base = settings.environment.base_path
        if self.boolean("install-hook"):
            return self._install(base)
        given = [base / each for each in self.strings("path")]
        files = [file for each in given for file in _within(each)] if given else [*files_of(base)]
        secrets = {
            name: value for name, value in settings.variables().items() if settings.is_secret(name)
        }
        found = [*scan(files, secrets)]
        for each in found:
            place = each.file.relative_to(base) if base in each.file.parents else each.file
            self.error(safe(f"{place}:{each.line}: {each.what}"))
        if found:
            return self.FAILURE
        self.info(f"No secret stands in {len(files)} files.")
        return self.SUCCESS

    def _install(self, base: Path) -> int:
        folder = base / ".git/hooks"
        if not (base / ".git").is_dir():
            self.fail(f"{base} is no repository of git.")
        file = folder / "pre-commit"
        if file.exists():
            self.fail(f"{file} exists. Add this line to it: python artisan.py settings:scan")
        folder.mkdir(exist_ok=True)
        file.write_text("#!/bin/sh\nexec python artisan.py settings:scan\n", encoding="ascii")
        file.chmod(0o755)
        self.info(f"Git runs settings:scan before each commit: {file}.")
        return self.SUCCESS


def _rows(found: Audit) -> Iterator[tuple[str, ...]]:
    for each in found.secrets:
        age = "unknown" if each.age_days is None else str(each.age_days)
        told = ", ".join(each.findings)
        told = f"<fg=red>{safe(told)}</>" if told else "<info>none</info>"
        yield safe(each.name), safe(each.place), age, str(each.expires or "-"), told


def _audited_row(each: AuditedSecret) -> dict[str, object]:
    return {
        "name": each.name,
        "place": each.place,
        "age_days": each.age_days,
        "expires": each.expires,
        "findings": each.findings,
    }


def _layer_row(layer: Layer) -> dict[str, object]:
    return {
        "place": layer.place,
        "variable": layer.variable or None,
        "value": layer.shown,
        "wins": layer.wins,
    }


def _by_variable(settings: Settings) -> dict[str, Setting]:
    """Return the settings that a variable fills in, each by the variable to set."""
    found: dict[str, Setting] = {}
    for each in settings.all():
        for name in each.variables[:1]:
            found.setdefault(name, each)
    return found


def _example(found: dict[str, Setting]) -> str:
    parts: list[str] = []
    section = ""
    for name, each in found.items():
        head = each.key.partition(".")[0]
        if head != section:
            parts.append("\n" if section else "")
            section = head
        unit = f" in {each.field.unit}" if each.field.unit else ""
        told = " ".join(filter(None, [each.field.description, f"({each.field.kind}{unit})"]))
        default = each.field.default
        is_plain = isinstance(default, (str, int, float)) and not each.secret
        value = quoted(forms.text(default)) if is_plain else ""
        parts.append(f"# {' '.join(told.split())}\n{name}={value}\n")
    return "".join(parts)


def _within(path: Path) -> list[Path]:
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
