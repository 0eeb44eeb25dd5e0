"""Short names for the services of the current application.

A facade is a name, not the object: ``Cache.get("key")`` asks the current application for its
cache, then calls ``get`` on that. Where the object is wanted, ask: ``app.make(CacheManager)``.
``Events``, ``Encryption``, ``Notifications`` and ``Validation`` are the same objects as ``Event``,
``Crypt``, ``Notification`` and ``Validator``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from securely.container import facade

if TYPE_CHECKING:
    from securely.cache.limiter import RateLimiter as Limiter
    from securely.cache.manager import CacheManager
    from securely.config.repository import Config as ConfigRepository
    from securely.console.artisan import Artisan as ArtisanConsole
    from securely.context.repository import Context as ContextRepository
    from securely.encryption.encrypter import Encrypter
    from securely.events.dispatcher import Dispatcher
    from securely.foundation.application import Application
    from securely.foundation.errors.handler import ErrorHandler
    from securely.hashing.manager import HashManager
    from securely.log.manager import LogManager
    from securely.lookout.lookout import Lookout as QueueLookout
    from securely.mail.manager import MailManager
    from securely.notifications.manager import ChannelManager
    from securely.queue.bus.dispatcher import Bus as BusDispatcher
    from securely.queue.manager import QueueManager
    from securely.schedule.schedule import Schedule as TaskSchedule
    from securely.settings.settings import Settings as ApplicationSettings
    from securely.store.manager import StoreManager
    from securely.support.pipeline import Pipelines
    from securely.translation.translator import Translator
    from securely.validation.factory import ValidationFactory
    from securely.view.factory import ViewFactory

__all__ = [
    "App",
    "Artisan",
    "Bus",
    "Cache",
    "Config",
    "Context",
    "Crypt",
    "Encryption",
    "Event",
    "Events",
    "Exceptions",
    "Hash",
    "Lang",
    "Log",
    "Lookout",
    "Mail",
    "Notification",
    "Notifications",
    "Pipeline",
    "Queue",
    "RateLimiter",
    "Schedule",
    "Settings",
    "Store",
    "Validation",
    "Validator",
    "View",
]

App: Application = facade("app")
Artisan: ArtisanConsole = facade("artisan")
Bus: BusDispatcher = facade("bus")
Cache: CacheManager = facade("cache")
Config: ConfigRepository = facade("config")
Context: ContextRepository = facade("context")
Crypt: Encrypter = facade("encrypter")
Encryption: Encrypter = Crypt
Event: Dispatcher = facade("events")
Events: Dispatcher = Event
Exceptions: ErrorHandler = facade("errors")
Hash: HashManager = facade("hash")
Lang: Translator = facade("translator")
Log: LogManager = facade("log")
Lookout: QueueLookout = facade("lookout")
Mail: MailManager = facade("mail")
Notification: ChannelManager = facade("notifications")
Notifications: ChannelManager = Notification
Pipeline: Pipelines = facade("pipeline")
Queue: QueueManager = facade("queue")
RateLimiter: Limiter = facade("rate_limiter")
Schedule: TaskSchedule = facade("schedule")
Settings: ApplicationSettings = facade("settings")
Store: StoreManager = facade("store")
Validation: ValidationFactory = facade("validator")
Validator: ValidationFactory = Validation
View: ViewFactory = facade("view")
