"""Short names for the services of the current application.

A facade is a name, not the object: ``Cache.get("key")`` asks the current application for its
cache, then calls ``get`` on that. Where the object is wanted, ask: ``app.make(CacheManager)``.
``Events``, ``Encryption`` and ``Validation`` are the same objects as ``Event``, ``Crypt`` and
``Validator``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from securely.container import facade

if TYPE_CHECKING:
    from securely.cache.limiter import RateLimiter as Limiter
    from securely.cache.manager import CacheManager
    from securely.config.repository import Config as ConfigRepository
    from securely.console.artisan import Artisan as ArtisanConsole
    from securely.encryption.encrypter import Encrypter
    from securely.events.dispatcher import Dispatcher
    from securely.foundation.application import Application
    from securely.foundation.errors.handler import ErrorHandler
    from securely.log.manager import LogManager
    from securely.queue.bus.dispatcher import Bus as BusDispatcher
    from securely.queue.manager import QueueManager
    from securely.store.manager import StoreManager
    from securely.support.pipeline import Pipelines
    from securely.translation.translator import Translator
    from securely.validation.factory import ValidationFactory

__all__ = [
    "App",
    "Artisan",
    "Bus",
    "Cache",
    "Config",
    "Crypt",
    "Encryption",
    "Event",
    "Events",
    "Exceptions",
    "Lang",
    "Log",
    "Pipeline",
    "Queue",
    "RateLimiter",
    "Store",
    "Validation",
    "Validator",
]

App: Application = facade("app")
Artisan: ArtisanConsole = facade("artisan")
Bus: BusDispatcher = facade("bus")
Cache: CacheManager = facade("cache")
Config: ConfigRepository = facade("config")
Crypt: Encrypter = facade("encrypter")
Encryption: Encrypter = Crypt
Event: Dispatcher = facade("events")
Events: Dispatcher = Event
Exceptions: ErrorHandler = facade("errors")
Lang: Translator = facade("translator")
Log: LogManager = facade("log")
Pipeline: Pipelines = facade("pipeline")
Queue: QueueManager = facade("queue")
RateLimiter: Limiter = facade("rate_limiter")
Store: StoreManager = facade("store")
Validation: ValidationFactory = facade("validator")
Validator: ValidationFactory = Validation
