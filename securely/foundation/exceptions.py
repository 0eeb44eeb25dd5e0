"""FoundationError and what can go wrong while an application is put together.

FoundationError (SecurelyError)
├── ProviderFailed          a provider cannot be imported, registered or booted
├── BadPackage              what an installed package announces cannot be read
├── BadProviders            bootstrap/providers.py is not a list of providers
├── FacadeExists            a file of facades declares that name already (also a FileExistsError)
├── MissingRequirement      a provider requires one that nobody lists
├── MissingRoutes           a file that `with_routing` names is not there
├── NotInMaintenance        deactivate() of an application that is up
├── NothingToPublish        `vendor:publish` for a provider or tag that publishes nothing
├── NotWritable             a file in bootstrap/cache cannot be written or removed
├── NotYetBooted            something needs the configuration of an application before it boots
├── RequirementLoop         a provider requires, in the end, itself
├── ResolvedDuringRegister  a provider resolves something before all have registered
├── SkeletonExists          `securely new` where something is already
├── UnknownStep             a hook names a step that no boot has
└── UntypedCallback         a callback of the error handler does not say which errors it is for
"""

from __future__ import annotations

from pathlib import Path

from securely.exceptions import SecurelyError
from securely.support.suggest import did_you_mean

__all__ = [
    "BadPackage",
    "BadProviders",
    "FacadeExists",
    "FoundationError",
    "MissingRequirement",
    "MissingRoutes",
    "NotInMaintenance",
    "NotWritable",
    "NotYetBooted",
    "NothingToPublish",
    "ProviderFailed",
    "RequirementLoop",
    "ResolvedDuringRegister",
    "SkeletonExists",
    "UnknownStep",
    "UntypedCallback",
]


class FoundationError(SecurelyError):
    """The root of what goes wrong while an application is put together."""


class ProviderFailed(FoundationError):
    """A provider cannot be imported, registered or booted."""

    def __init__(self, provider: str, phase: str, reason: str) -> None:
        self.provider = provider
        self.phase = phase
        self.reason = reason
        super().__init__(f"Provider {provider} failed to {phase}: {reason}")

    def __reduce__(self) -> tuple[type[ProviderFailed], tuple[str, str, str]]:
        return type(self), (self.provider, self.phase, self.reason)


class BadPackage(FoundationError):
    """An installed package announces providers in a way that cannot be read.

    Attributes:
        package: Its name and version.
        reason: What is wrong, as a clause.
    """

    def __init__(self, package: str, reason: str, name: str) -> None:
        self.package: str = package
        self.reason: str = reason
        self.name: str = name
        super().__init__(
            f"The package {package} announces providers that cannot be read: {reason}. Reinstall "
            f'it, or add "{name}" to dont_discover under [tool.securely] in pyproject.toml.'
        )

    def __reduce__(self) -> tuple[type[BadPackage], tuple[str, str, str]]:
        return type(self), (self.package, self.reason, self.name)


class BadProviders(FoundationError):
    """The file that lists the providers of an application does not."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(
            f"{file}: {reason}. It must define `providers`, a list of Provider classes "
            'or of "package.module:Class" strings.'
        )

    def __reduce__(self) -> tuple[type[BadProviders], tuple[Path, str]]:
        return type(self), (self.file, self.reason)


class FacadeExists(FoundationError, FileExistsError):
    """A file of facades declares that name already."""

    def __init__(self, name: str, place: str) -> None:
        self.name: str = name
        self.place: str = place
        super().__init__(
            f"{place} declares {name} already. Choose another name, or change it there."
        )

    def __reduce__(self) -> tuple[type[FacadeExists], tuple[str, str]]:
        return type(self), (self.name, self.place)


class MissingRequirement(FoundationError):
    """A provider requires one that nobody lists."""

    def __init__(self, provider: str, requirement: str, known: tuple[str, ...] = ()) -> None:
        self.provider = provider
        self.requirement = requirement
        self.known = known
        near = did_you_mean(requirement, known)
        hint = f' Did you mean "{near}"?' if near else ""
        super().__init__(
            f"Provider {provider} requires {requirement}, which nobody lists.{hint} Add it to "
            "bootstrap/providers.py, or install the package that announces it."
        )

    def __reduce__(self) -> tuple[type[MissingRequirement], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.provider, self.requirement, self.known)


class RequirementLoop(FoundationError):
    """A provider requires, in the end, itself."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(
            f"Providers require each other: {' -> '.join(path)}. "
            "Remove one of them from `requires`, or move what both need into a third one."
        )

    def __reduce__(self) -> tuple[type[RequirementLoop], tuple[tuple[str, ...]]]:
        return type(self), (self.path,)


class ResolvedDuringRegister(FoundationError):
    """A provider resolves something in its `register`, before all providers have registered."""

    def __init__(self, key: str, provider: str) -> None:
        self.key = key
        self.provider = provider
        super().__init__(
            f"{key} is resolved in register() of {provider}, while other providers have yet to "
            "register: it may lack what they bind, or keep what they replace. Move it to boot(), "
            "or ask for it in the factory that needs it."
        )

    def __reduce__(self) -> tuple[type[ResolvedDuringRegister], tuple[str, str]]:
        return type(self), (self.key, self.provider)


class NothingToPublish(FoundationError):
    """Nothing is published by that provider or tag, or what is said to be is not there."""

    def __init__(
        self,
        provider: str | None,
        tag: str | None,
        known: tuple[str, ...] = (),
        absent: str = "",
    ) -> None:
        self.provider = provider
        self.tag = tag
        self.known = known
        self.absent = absent
        super().__init__(self._told())

    def _told(self) -> str:
        if self.absent:
            return f"Provider {self.provider} publishes {self.absent}, which does not exist."
        whose = f" by {self.provider}" if self.provider else ""
        which = f' with the tag "{self.tag}"' if self.tag else ""
        near = did_you_mean(self.tag or self.provider or "", self.known)
        hint = f' Did you mean "{near}"?' if near else ""
        listed = f" There is: {', '.join(self.known)}." if self.known else ""
        return f"Nothing is published{whose}{which}.{hint}{listed}"

    def __reduce__(self) -> tuple[type[NothingToPublish], tuple[object, ...]]:
        return type(self), (self.provider, self.tag, self.known, self.absent)


class NotWritable(FoundationError):
    """A file in bootstrap/cache cannot be written or removed."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        self.reason = reason
        elsewhere = f", or name another file in APP_{file.stem.upper()}_CACHE"
        super().__init__(
            f"Cannot write {file}: {reason}. Let this user write to {file.parent}"
            f"{elsewhere if file.suffix == '.json' else ''}."
        )

    def __reduce__(self) -> tuple[type[NotWritable], tuple[Path, str]]:
        return type(self), (self.file, self.reason)


class MissingRoutes(FoundationError):
    """A file that `with_routing` names is not there."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file} does not exist, and bootstrap/app.py names it in `with_routing`. "
            "Write it, or do not name it."
        )

    def __reduce__(self) -> tuple[type[MissingRoutes], tuple[Path]]:
        return type(self), (self.file,)


class NotInMaintenance(FoundationError):
    """The application is asked to come up and is not down."""

    def __init__(self) -> None:
        super().__init__(
            "The application is not in maintenance mode; there is nothing to bring up."
        )

    def __reduce__(self) -> tuple[type[NotInMaintenance], tuple[()]]:
        return type(self), ()


class NotYetBooted(FoundationError, RuntimeError):
    """Something needs the configuration of an application that has not booted."""

    def __init__(self) -> None:
        super().__init__(
            "The application has not booted, so it has no configuration yet. Call app.boot() first."
        )

    def __reduce__(self) -> tuple[type[NotYetBooted], tuple[()]]:
        return type(self), ()


class SkeletonExists(FoundationError):
    """A new application would be written over something."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} exists and is not an empty folder. Name another one, or empty this."
        )

    def __reduce__(self) -> tuple[type[SkeletonExists], tuple[Path]]:
        return type(self), (self.folder,)


class UntypedCallback(FoundationError, TypeError):
    """A callback of the error handler does not say which errors it is for."""

    def __init__(self, callback: str) -> None:
        self.callback = callback
        super().__init__(
            f"{callback} does not say which errors it is for. Annotate its first parameter, as in "
            "`error: TimeoutError | ConnectionError`; for a lambda there is "
            "reporting(TimeoutError, …)."
        )

    def __reduce__(self) -> tuple[type[UntypedCallback], tuple[str]]:
        return type(self), (self.callback,)


class UnknownStep(FoundationError):
    """A hook names a step that no boot has."""

    def __init__(self, step: str, known: tuple[str, ...]) -> None:
        self.step = step
        self.known = known
        near = did_you_mean(step, known)
        hint = f' Did you mean "{near}"?' if near else ""
        super().__init__(f'No boot has a step "{step}".{hint} Steps: {", ".join(known)}.')

    def __reduce__(self) -> tuple[type[UnknownStep], tuple[str, tuple[str, ...]]]:
        return type(self), (self.step, self.known)
