"""Application: boots, holds the providers, answers the console, ends.

It composes all components and knows none of the application's code: a catalog says which
provider binds which service, and nothing behind a name is imported before someone asks for it.
Errors that nobody caught are reported in one place.

Files: ``application.py`` is ``Application`` and ``builder.py`` what makes it; ``bootstrap.py``
has the steps of a boot in their order, ``configuration.py`` reads and keeps what they are told,
and ``examining.py`` what they would be told with other variables;
``providers/`` loads providers and ``catalog.py`` lists those of the framework;
``facade_files.py`` reads and adds facades; ``errors/`` reports; ``maintenance/`` takes an
application down; ``deferred.py`` has what is done afterwards; ``about.py`` says what it is, and
``doctor/`` whether it can work here;
``console_kernel.py`` runs commands, ``outside.py`` those that need no application, ``events.py``
tells of them, and ``commands/`` holds the framework's own; ``options.py`` is the section ``app``;
``exceptions.py`` says what can go wrong; ``provider.py`` binds the console.
"""

from securely.foundation.about import About
from securely.foundation.application import Application
from securely.foundation.builder import ApplicationBuilder, Parts
from securely.foundation.doctor import Doctor, Finding
from securely.foundation.errors import ErrorHandler, Lottery, Reporter, ShouldntReport
from securely.foundation.events import (
    ArtisanStarting,
    CommandFinished,
    CommandStarting,
    MaintenanceModeDisabled,
    MaintenanceModeEnabled,
    PublishingStubs,
    Terminating,
    VendorTagPublished,
)
from securely.foundation.exceptions import (
    BadPackage,
    BadProviders,
    FacadeExists,
    FoundationError,
    MissingRequirement,
    MissingRoutes,
    NothingToPublish,
    NotInMaintenance,
    NotWritable,
    NotYetBooted,
    ProviderFailed,
    RequirementLoop,
    ResolvedDuringRegister,
    SkeletonExists,
    UnknownStep,
    UntypedCallback,
)
from securely.foundation.maintenance import Maintenance, guard
from securely.foundation.providers import DefaultProviders, ProviderRegistry, default_providers

__all__ = [
    "About",
    "Application",
    "ApplicationBuilder",
    "ArtisanStarting",
    "BadPackage",
    "BadProviders",
    "CommandFinished",
    "CommandStarting",
    "DefaultProviders",
    "Doctor",
    "ErrorHandler",
    "FacadeExists",
    "Finding",
    "FoundationError",
    "Lottery",
    "Maintenance",
    "MaintenanceModeDisabled",
    "MaintenanceModeEnabled",
    "MissingRequirement",
    "MissingRoutes",
    "NotInMaintenance",
    "NotWritable",
    "NotYetBooted",
    "NothingToPublish",
    "Parts",
    "ProviderFailed",
    "ProviderRegistry",
    "PublishingStubs",
    "Reporter",
    "RequirementLoop",
    "ResolvedDuringRegister",
    "ShouldntReport",
    "SkeletonExists",
    "Terminating",
    "UnknownStep",
    "UntypedCallback",
    "VendorTagPublished",
    "default_providers",
    "guard",
]
