"""FormRequest: the rules of one thing that is asked, and who may ask it; within HTTP or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import isawaitable, iscoroutine
from typing import Any, ClassVar, Self, cast

from securely.container import Container, current
from securely.support.steps import Steps, arun, call, run
from securely.validation.exceptions import RulesError, Unauthorized, ValidationError
from securely.validation.factory import ValidationFactory
from securely.validation.safe import SafeInput, TypedInput
from securely.validation.validator import Validator

__all__ = ["Access", "FormRequest"]


@dataclass(frozen=True, slots=True)
class Access:
    """Whether something is allowed, and why not.

    Example:
        >>> Access.deny("Orders are closed.").allowed
        False
    """

    allowed: bool
    message: str | None = None

    @classmethod
    def allow(cls, message: str | None = None) -> Access:
        """Allow it."""
        return cls(True, message)

    @classmethod
    def deny(cls, message: str | None = None) -> Access:
        """Refuse it, and say why."""
        return cls(False, message)


class FormRequest(TypedInput):
    """What is asked, with its rules, its messages, and who may ask.

    Methods of a subclass may be sync or async, and may take services, which are injected. They run
    in this order: `prepare_for_validation`, `authorize`, `rules` (with `messages`, `attributes`,
    `with_validator` and `after`), `passed_validation`.

    Args:
        data: What was sent.

    Example:
        >>> class StoreOrder(FormRequest):
        ...     def rules(self):
        ...         return {"sku": "required|string", "quantity": "required|integer|min:1"}
        >>> StoreOrder({"sku": "A-1", "quantity": "3"}).validate()
        {'sku': 'A-1', 'quantity': '3'}

    Source: Laravel 13, Foundation\\Http\\FormRequest.
    """

    stop_on_first_failure: ClassVar[bool] = False
    """Whether no more rules are asked once a field has broken one."""
    fail_on_unknown_fields: ClassVar[bool | None] = None
    """Whether fields without rules are refused; None for what the configuration says."""
    error_bag: ClassVar[str] = "default"
    """The name under which a page shows the errors."""
    redirect: ClassVar[str | None] = None
    """Where a browser is sent back to."""
    model: ClassVar[Any] = None
    """A class of data that what was validated is made into: a pydantic model, a dataclass."""

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        if data is not None and not isinstance(data, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers without a checker
            raise TypeError(
                f"{type(self).__qualname__} takes a dict of what was sent, not "
                # Not its value: it may be a password.
                f"{type(data).__name__}."
            )
        self._input: dict[str, Any] = dict(data or {})
        self._validated: dict[str, Any] | None = None
        self._made: Any = None

    # What a subclass says.

    def authorize(self, *services: Any, **more: Any) -> Any:
        """Return whether this may be asked: a boolean, or an :class:`Access`."""
        return True

    def rules(self, *services: Any, **more: Any) -> Any:
        """Return the rules by field."""
        return {}

    def messages(self, *services: Any, **more: Any) -> Any:
        """Return messages of one's own."""
        return {}

    def attributes(self, *services: Any, **more: Any) -> Any:
        """Return what fields are called."""
        return {}

    def validation_data(self, *services: Any, **more: Any) -> Any:
        """Return what is validated: all that was sent."""
        return self._input

    def prepare_for_validation(self, *services: Any, **more: Any) -> Any:
        """Change what was sent, with :meth:`merge`, before anything looks at it."""

    def with_validator(self, validator: Validator) -> Any:
        """Add to *validator* what rules can not say."""

    def after(self, *services: Any, **more: Any) -> Any:
        """Return hooks that run when all rules have been asked."""
        return ()

    def passed_validation(self, *services: Any, **more: Any) -> Any:
        """Do what is to be done once the data has kept its rules."""

    def failed_validation(self, validator: Validator, error: ValidationError) -> Any:
        """Raise *error*, or another one, for data that breaks its rules."""
        raise error

    def failed_authorization(self, access: Access) -> Any:
        """Raise an error for who may not ask this."""
        raise Unauthorized(*filter(None, [access.message]))

    # What it is asked.

    def validate(self) -> dict[str, Any]:
        """Return the validated data.

        Raises:
            Unauthorized: Whoever asks may not.
            ValidationError: The data breaks a rule.
        """
        run(self._resolve())
        return cast("dict[str, Any]", self.validated())

    async def avalidate(self) -> dict[str, Any]:
        """Async twin of :meth:`validate`."""
        await arun(self._resolve())
        return cast("dict[str, Any]", self.validated())

    def validated(self, field: str | None = None, default: Any = None) -> Any:
        """Return the validated data, or what stands in *field* of it; it is validated if need be.

        Raises:
            Unauthorized: Whoever asks may not.
            ValidationError: The data breaks a rule.
        """
        if self._validated is None:
            run(self._resolve())
        taken = cast("dict[str, Any]", self._validated)
        return dict(taken) if field is None else SafeInput(taken).input(field, default)

    def safe(self, fields: Iterable[str] | None = None) -> Any:
        """Return the validated data to take from; *fields* of it alone, as a dict, if given."""
        taken = SafeInput(self.validated())
        return taken if fields is None else taken.only(*fields)

    @property
    def data(self) -> Any:
        """What was validated, as an object of :attr:`model`; without a model, as a dict."""
        taken = self.validated()
        return taken if self.model is None else self._made

    def merge(self, values: Mapping[str, Any] | None = None, **more: Any) -> Self:
        """Put *values* beside what was sent, or over it."""
        self._input = {**self._input, **(values or {}), **more}
        return self

    def all(self) -> dict[str, Any]:
        """Return all that was sent, valid or not."""
        return dict(self._input)

    def _resolve(self) -> Steps[None]:
        container = current()
        yield from _called(container, self.prepare_for_validation)
        access = yield from _called(container, self.authorize)
        if not isinstance(access, Access):
            access = Access(bool(access))
        if not access.allowed:
            yield from _called(container, lambda: self.failed_authorization(access))
        validator = yield from self._validator(container)
        if not (yield from call(validator.passes, validator.apasses)):
            error = self._error(validator)
            yield from _called(container, lambda: self.failed_validation(validator, error))
        self._keep(validator)
        yield from _called(container, self.passed_validation)

    def _validator(self, container: Container) -> Steps[Validator]:
        factory = container.make(ValidationFactory)
        data = yield from _called(container, self.validation_data)
        rules = yield from _called(container, self.rules)
        messages = yield from _called(container, self.messages)
        attributes = yield from _called(container, self.attributes)
        validator = factory.make(
            data,
            _mapping(self, "rules()", rules),
            _mapping(self, "messages()", messages),
            _mapping(self, "attributes()", attributes),
        )
        if self.stop_on_first_failure:
            validator.stop_on_first_failure()
        if self.fail_on_unknown_fields is not None:
            validator.fail_on_unknown_fields(self.fail_on_unknown_fields)
        yield from _called(container, lambda: self.with_validator(validator))
        hooks = yield from _called(container, self.after)
        return validator.after(*hooks) if hooks else validator

    def _error(self, validator: Validator) -> ValidationError:
        bag = validator.errors()
        error = ValidationError(
            bag.messages(), validator.wording.summary(bag.all()), self.error_bag
        )
        error.redirect_to = self.redirect
        return error

    def _keep(self, validator: Validator) -> None:
        self._validated = validator.validated()
        if self.model is not None:
            from securely.validation.models import dumped, typed

            self._made = typed(self.model, self._validated, validator)
            self._validated = dumped(self.model, self._made)

    def __repr__(self) -> str:
        # Names alone: what was sent may be a password.
        return f"{type(self).__qualname__}({', '.join(self._input)})"


def _called(container: Container, method: Any) -> Steps[Any]:
    """Call a method of a subclass, which may take services and may be async.

    Rules, messages and names may be attributes of the class too: those are what they are.
    """
    if not callable(method):
        return method
    return (yield from call(_called_now, _called_later, container, method))


def _called_now(container: Container, method: Callable[..., Any]) -> Any:
    made = container.call(method)
    if isawaitable(made):
        if iscoroutine(made):
            made.close()
        # A coroutine is true: an authorize() that nobody awaits would let everybody in.
        raise TypeError(
            f"{getattr(method, '__qualname__', method)} is async, and nothing awaits it here: "
            "await avalidate() of the form request, which takes methods of both colours."
        )
    return made


async def _called_later(container: Container, method: Callable[..., Any]) -> Any:
    return await container.acall(method)


def _mapping(request: FormRequest, method: str, made: object) -> Mapping[str, Any]:
    if isinstance(made, Mapping):
        return cast("Mapping[str, Any]", made)
    raise RulesError(
        f"{type(request).__qualname__}.{method} is a dict by field, not {made!r:.100}."
        + (" Is a return missing?" if made is None else "")
    )
