"""settings:get, settings:has, settings:all."""

from __future__ import annotations

from securely.console import Command
from securely.console.output import Verbosity
from securely.console.output.style import escape, safe
from securely.settings.display import forms, tree
from securely.settings.display.remembering import remember
from securely.settings.exceptions import MissingSecretKey, UnknownRevision, UnknownSetting
from securely.settings.schema import Setting
from securely.settings.settings import Settings
from securely.support.masking import HIDDEN
from securely.support.paths import Paths

__all__ = ["AllCommand", "GetCommand", "HasCommand"]


class _Reading(Command):
    """What the commands share: at which revision they read, and how a value is shown."""

    def handle(self, settings: Settings, paths: Paths) -> int:
        """Show what is asked for."""
        revision = self.option("as-of")
        try:
            if revision is not None:
                settings = settings.as_of(self.integer("as-of", minimum=0))
            return self.told(settings, paths)
        except UnknownRevision as error:
            self.error(str(error))
            return self.INVALID
        except MissingSecretKey as error:
            self.fail(f"{error} Or make one: python artisan.py settings:key")

    def told(self, settings: Settings, paths: Paths) -> int:
        """Show *settings*, which are those of now, or of the revision that is asked for."""
        raise NotImplementedError

    def seen(self, settings: Settings, setting: Setting) -> object:
        """Return the value of *setting* as it is to be shown."""
        if self.boolean("reveal"):
            return setting.value
        if self.boolean("fingerprint") and setting.secret and setting.shown == HIDDEN:
            return f"{HIDDEN} {settings.fingerprint(setting)}"
        return setting.shown


class GetCommand(_Reading):
    """Shows one setting."""

    signature = """settings:get
        {key : A dotted key, or the name of a variable}
        {--default= : Shown when it is not set}
        {--reveal : Show a secret}
        {--fingerprint : With what a secret can be compared, and not guessed}
        {--as-of= : As it was at this revision}
        {--origin : Where the value comes from, too}
        {--json : As JSON}
        {--raw : The value only, without a line end}"""
    description = "Show a setting"

    def told(self, settings: Settings, paths: Paths) -> int:
        """Show it; without a value and a default, that is a failure."""
        key = self.string("key")
        if not any(self.options().values()):
            remember(settings, paths.storage)  # the next time, the starter answers
        found = settings.find(key)
        default = self.option("default")
        value = None if found is None else self.seen(settings, found)
        if value is None and default is None:
            self.error(_missing(settings, key, is_known=found is not None))
            return self.FAILURE
        shown = default if value is None else value
        self._show(key, shown, "--default" if found is None or value is None else found.origin)
        return self.SUCCESS

    def _show(self, key: str, shown: object, origin: str) -> None:
        """Write a value in the form that is asked for."""
        if self.boolean("json"):
            told = {"key": key, "value": shown, "origin": origin}
            self.line(escape(forms.json_text(told if self.boolean("origin") else shown)))
        elif self.boolean("raw"):
            self.output.write(forms.text(shown), raw=True)
        else:
            self.line(escape(forms.text(shown)))
            if self.boolean("origin"):
                self.comment(safe(f"  from {origin}"))


def _missing(settings: Settings, key: str, *, is_known: bool) -> str:
    """Say of *key*, which has no value, whether there is such a thing at all."""
    if is_known:
        return f"{key} is not set."
    if filled := settings.keys_of(key):
        return f"The variable {key} is not set. It would fill in {', '.join(filled)}."
    return str(UnknownSetting(key, [*settings.fields(), *settings.known_variables()]))


class HasCommand(Command):
    """Tells by its exit code whether settings have values."""

    signature = "settings:has {key* : Dotted keys, or names of variables}"
    description = "Tell by the exit code whether settings are set"
    help = "With -v, each is shown with where it comes from."

    def handle(self, settings: Settings) -> int:
        """Look at all of them."""
        missing = False
        for key in self.strings("key"):
            found = settings.find(key)
            is_set = found is not None and found.value is not None
            missing = missing or not is_set
            told = found.origin if found is not None and is_set else "not set"
            if self.output.verbosity >= Verbosity.VERBOSE:
                self.two_column_detail(escape(key), escape(told))
        return self.FAILURE if missing else self.SUCCESS


class AllCommand(_Reading):
    """Shows every setting."""

    signature = """settings:all
        {prefix? : Only those at and below this key}
        {--tree : As a tree, which it is without any of these}
        {--flat : A line each}
        {--json : As JSON}
        {--yaml : As YAML}
        {--env-format : As lines of an .env file}
        {--origin : Where each value comes from, with --flat, --json and --yaml}
        {--changed : Only those that are not the default}
        {--missing : Only those without a value}
        {--fingerprint : With what secrets can be compared, and not guessed}
        {--as-of= : As they were at this revision}
        {--reveal : Show secrets}"""
    description = "Show all settings"

    def told(self, settings: Settings, paths: Paths) -> int:
        """Show them in the form that is asked for."""
        prefix = str(self.argument("prefix") or "")
        found = settings.all(prefix)
        if not found:
            self.error(str(UnknownSetting(prefix, settings.fields())))
            return self.FAILURE
        if self.boolean("changed"):
            found = [each for each in found if each.is_changed]
        if self.boolean("missing"):
            found = [each for each in found if each.value is None]
        origin = self.boolean("origin")
        pairs = [(each, self.seen(settings, each)) for each in found]
        if self.boolean("json"):
            self.line(escape(forms.json_text(forms.nested(pairs, origin))))
        elif self.boolean("yaml"):
            self.output.write(forms.yaml_text(forms.nested(pairs, origin)), raw=True)
        elif self.boolean("env-format"):
            self.output.write(forms.env_text(pairs), raw=True)
        elif self.boolean("flat"):
            for each, value in pairs:
                end = f"  # {each.origin}" if origin else ""
                self.line(escape(f"{each.key}={forms.text(value)}{end}"))
        else:
            self._draw(pairs, str(settings.get("app.env", "production")))
        return self.SUCCESS

    def _draw(self, pairs: list[tuple[Setting, object]], environment: str) -> None:
        for line in tree.lines(
            pairs, environment, self.output.width, plain=not self.output.is_decorated
        ):
            self.line(line)
