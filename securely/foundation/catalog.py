"""Every core service and command: its name, and where it lives.

Nothing behind a name is imported until it is wanted. A service has its class and its provider,
a command too; a section of the configuration has its options. All are dotted paths.
"""

# Written by `make catalog`.

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COMMANDS", "EAGER", "OPTIONS", "SERVICES"]

# Name -> class, provider.
SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    "artisan": (
        "securely.console.artisan.artisan.Artisan",
        "securely.foundation.provider.FoundationProvider",
    ),
    "bus": ("securely.queue.bus.dispatcher.Bus", "securely.queue.provider.QueueProvider"),
    "cache": ("securely.cache.manager.CacheManager", "securely.cache.provider.CacheProvider"),
    "cache.store": (
        "securely.cache.repository.repository.Repository",
        "securely.cache.provider.CacheProvider",
    ),
    "config": ("securely.config.repository.Config", "securely.config.provider.ConfigProvider"),
    "config.examiner": (
        "securely.config.contracts.Examiner",
        "securely.foundation.provider.FoundationProvider",
    ),
    "console.mutex": (
        "securely.console.contracts.CommandMutex",
        "securely.console.provider.ConsoleProvider",
    ),
    "context": ("securely.context.repository.Context", "securely.context.provider.ContextProvider"),
    "encrypter": (
        "securely.encryption.encrypter.Encrypter",
        "securely.encryption.provider.EncryptionProvider",
    ),
    "errors.reporters": (
        "securely.foundation.errors.reporters.Reporters",
        "securely.foundation.provider.FoundationProvider",
    ),
    "events": ("securely.events.dispatcher.Dispatcher", "securely.events.provider.EventProvider"),
    "hash": ("securely.hashing.manager.HashManager", "securely.hashing.provider.HashingProvider"),
    "hash.driver": ("securely.hashing.hasher.Hasher", "securely.hashing.provider.HashingProvider"),
    "keys": ("securely.encryption.keys.KeyRing", "securely.encryption.provider.EncryptionProvider"),
    "keys.rotation": (
        "securely.encryption.rotation.KeyRotation",
        "securely.encryption.provider.EncryptionProvider",
    ),
    "log": ("securely.log.manager.LogManager", "securely.log.provider.LogProvider"),
    "log.channel": ("securely.log.logger.Logger", "securely.log.provider.LogProvider"),
    "lookout": ("securely.lookout.lookout.Lookout", "securely.lookout.provider.LookoutProvider"),
    "mail": ("securely.mail.manager.MailManager", "securely.mail.provider.MailProvider"),
    "mail.composer": (
        "securely.mail.mailable.composer.Composer",
        "securely.mail.provider.MailProvider",
    ),
    "mail.mailer": ("securely.mail.mailer.Mailer", "securely.mail.provider.MailProvider"),
    "mail.markdown": (
        "securely.mail.markdown.markdown.Markdown",
        "securely.mail.provider.MailProvider",
    ),
    "mail.once": ("securely.mail.once.once.Once", "securely.mail.provider.MailProvider"),
    "notifications": (
        "securely.notifications.manager.ChannelManager",
        "securely.notifications.provider.NotificationProvider",
    ),
    "pipeline": (
        "securely.support.pipeline.Pipelines",
        "securely.foundation.provider.FoundationProvider",
    ),
    "queue": ("securely.queue.manager.QueueManager", "securely.queue.provider.QueueProvider"),
    "queue.codec": ("securely.queue.payload.Codec", "securely.queue.provider.QueueProvider"),
    "queue.commands": (
        "securely.console.contracts.CommandQueue",
        "securely.queue.provider.QueueProvider",
    ),
    "queue.connection": ("securely.queue.queue.Queue", "securely.queue.provider.QueueProvider"),
    "queue.fleet": (
        "securely.queue.crew.fleet.fleet.Fleet",
        "securely.queue.provider.QueueProvider",
    ),
    "queue.listeners": (
        "securely.events.contracts.ListenerRunner",
        "securely.queue.provider.QueueProvider",
    ),
    "queue.relays": ("securely.queue.upkeep.relay.Relays", "securely.queue.provider.QueueProvider"),
    "queue.runner": (
        "securely.queue.delivery.runner.JobRunner",
        "securely.queue.provider.QueueProvider",
    ),
    "rate_limiter": ("securely.cache.limiter.RateLimiter", "securely.cache.provider.CacheProvider"),
    "schedule": (
        "securely.schedule.schedule.Schedule",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule.ledger": (
        "securely.schedule.contracts.Ledger",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "settings": (
        "securely.settings.settings.Settings",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings.hooks": (
        "securely.settings.hooks.hooks.Hooks",
        "securely.settings.provider.SettingsProvider",
    ),
    "store": ("securely.store.manager.StoreManager", "securely.store.provider.StoreProvider"),
    "store.database": ("securely.store.database.Database", "securely.store.provider.StoreProvider"),
    "translator": (
        "securely.translation.translator.Translator",
        "securely.translation.provider.TranslationProvider",
    ),
    "validator": (
        "securely.validation.factory.ValidationFactory",
        "securely.validation.provider.ValidationProvider",
    ),
    "view": ("securely.view.factory.ViewFactory", "securely.view.provider.ViewProvider"),
}

# Name -> class, provider.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "about": (
        "securely.foundation.commands.about.AboutCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "cache:clear": (
        "securely.cache.commands.ClearCommand",
        "securely.cache.provider.CacheProvider",
    ),
    "cache:forget": (
        "securely.cache.commands.ForgetCommand",
        "securely.cache.provider.CacheProvider",
    ),
    "cache:prune": (
        "securely.cache.commands.PruneCommand",
        "securely.cache.provider.CacheProvider",
    ),
    "cache:stats": (
        "securely.cache.commands.StatsCommand",
        "securely.cache.provider.CacheProvider",
    ),
    "completion": (
        "securely.console.commands.CompletionCommand",
        "securely.console.provider.ConsoleProvider",
    ),
    "config:cache": (
        "securely.foundation.commands.config.ConfigCacheCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "config:check": (
        "securely.foundation.commands.config.ConfigCheckCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "config:clear": (
        "securely.foundation.commands.config.ConfigClearCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "config:publish": (
        "securely.foundation.commands.config.ConfigPublishCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "config:show": (
        "securely.config.commands.ConfigShowCommand",
        "securely.config.provider.ConfigProvider",
    ),
    "container:check": (
        "securely.foundation.commands.container.ContainerCheckCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "container:show": (
        "securely.foundation.commands.container.ContainerShowCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "doctor": (
        "securely.foundation.commands.doctor.DoctorCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "down": (
        "securely.foundation.commands.maintenance.DownCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "env": (
        "securely.foundation.commands.environment.EnvironmentCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "env:check": (
        "securely.foundation.commands.environment.EnvironmentCheckCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "env:decrypt": (
        "securely.encryption.commands.EnvironmentDecryptCommand",
        "securely.encryption.provider.EncryptionProvider",
    ),
    "env:encrypt": (
        "securely.encryption.commands.EnvironmentEncryptCommand",
        "securely.encryption.provider.EncryptionProvider",
    ),
    "event:cache": (
        "securely.events.commands.CacheCommand",
        "securely.events.provider.EventProvider",
    ),
    "event:clear": (
        "securely.events.commands.ClearCommand",
        "securely.events.provider.EventProvider",
    ),
    "event:generate": (
        "securely.events.commands.GenerateCommand",
        "securely.events.provider.EventProvider",
    ),
    "event:list": (
        "securely.events.commands.ListCommand",
        "securely.events.provider.EventProvider",
    ),
    "facade:list": (
        "securely.foundation.commands.facades.FacadeListCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "help": ("securely.console.commands.HelpCommand", "securely.console.provider.ConsoleProvider"),
    "key:generate": (
        "securely.encryption.commands.KeyGenerateCommand",
        "securely.encryption.provider.EncryptionProvider",
    ),
    "key:rotate": (
        "securely.encryption.commands.KeyRotateCommand",
        "securely.encryption.provider.EncryptionProvider",
    ),
    "lang:publish": (
        "securely.translation.commands.PublishCommand",
        "securely.translation.provider.TranslationProvider",
    ),
    "list": ("securely.console.commands.ListCommand", "securely.console.provider.ConsoleProvider"),
    "log:tail": ("securely.log.commands.tail.TailCommand", "securely.log.provider.LogProvider"),
    "lookout": (
        "securely.lookout.commands.LookoutCommand",
        "securely.lookout.provider.LookoutProvider",
    ),
    "mail:preview": (
        "securely.mail.commands.PreviewCommand",
        "securely.mail.provider.MailProvider",
    ),
    "mail:publish": (
        "securely.mail.commands.PublishCommand",
        "securely.mail.provider.MailProvider",
    ),
    "mail:test": ("securely.mail.commands.TestCommand", "securely.mail.provider.MailProvider"),
    "make:class": (
        "securely.console.commands.MakeClassCommand",
        "securely.console.provider.ConsoleProvider",
    ),
    "make:command": (
        "securely.console.commands.MakeCommandCommand",
        "securely.console.provider.ConsoleProvider",
    ),
    "make:config": (
        "securely.foundation.commands.config.MakeConfigCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "make:enum": (
        "securely.console.commands.MakeEnumCommand",
        "securely.console.provider.ConsoleProvider",
    ),
    "make:event": (
        "securely.events.commands.MakeEventCommand",
        "securely.events.provider.EventProvider",
    ),
    "make:exception": (
        "securely.console.commands.MakeExceptionCommand",
        "securely.console.provider.ConsoleProvider",
    ),
    "make:facade": (
        "securely.foundation.commands.facades.MakeFacadeCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "make:interface": (
        "securely.console.commands.MakeInterfaceCommand",
        "securely.console.provider.ConsoleProvider",
    ),
    "make:job": (
        "securely.queue.commands.make.MakeJobCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "make:job-middleware": (
        "securely.queue.commands.make.MakeJobMiddlewareCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "make:listener": (
        "securely.events.commands.MakeListenerCommand",
        "securely.events.provider.EventProvider",
    ),
    "make:mail": ("securely.mail.commands.MakeMailCommand", "securely.mail.provider.MailProvider"),
    "make:notification": (
        "securely.notifications.commands.MakeNotificationCommand",
        "securely.notifications.provider.NotificationProvider",
    ),
    "make:provider": (
        "securely.foundation.commands.make.MakeProviderCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "make:rule": (
        "securely.validation.commands.MakeRuleCommand",
        "securely.validation.provider.ValidationProvider",
    ),
    "make:test": (
        "securely.console.commands.MakeTestCommand",
        "securely.console.provider.ConsoleProvider",
    ),
    "make:view": ("securely.view.commands.MakeViewCommand", "securely.view.provider.ViewProvider"),
    "new": (
        "securely.foundation.commands.new.NewCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "notifications:prune": (
        "securely.notifications.commands.PruneCommand",
        "securely.notifications.provider.NotificationProvider",
    ),
    "optimize": (
        "securely.foundation.commands.optimize.OptimizeCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "optimize:clear": (
        "securely.foundation.commands.optimize.OptimizeClearCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "package:discover": (
        "securely.foundation.commands.providers.PackageDiscoverCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "provider:list": (
        "securely.foundation.commands.providers.ProviderListCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "queue:batch": (
        "securely.queue.commands.batches.BatchCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:batches": (
        "securely.queue.commands.batches.BatchesCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:cancel": (
        "securely.queue.commands.queues.CancelCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:cancel-batch": (
        "securely.queue.commands.batches.CancelBatchCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:clear": (
        "securely.queue.commands.queues.ClearCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:doctor": (
        "securely.queue.commands.doctor.DoctorCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:failed": (
        "securely.queue.commands.failed.FailedCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:flush": (
        "securely.queue.commands.failed.FlushCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:forget": (
        "securely.queue.commands.failed.ForgetCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:listen": (
        "securely.queue.commands.listen.ListenCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:metrics": (
        "securely.queue.commands.metrics.MetricsCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:monitor": (
        "securely.queue.commands.status.MonitorCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:outbox": (
        "securely.queue.commands.outbox.OutboxCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:pause": (
        "securely.queue.commands.queues.PauseCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:prune-batches": (
        "securely.queue.commands.batches.PruneBatchesCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:prune-failed": (
        "securely.queue.commands.failed.PruneFailedCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:restart": (
        "securely.queue.commands.queues.RestartCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:resume": (
        "securely.queue.commands.queues.ResumeCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:retry": (
        "securely.queue.commands.retry.RetryCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:retry-batch": (
        "securely.queue.commands.retry.RetryBatchCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:status": (
        "securely.queue.commands.status.StatusCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:supervise": (
        "securely.queue.commands.supervise.SuperviseCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "queue:work": (
        "securely.queue.commands.work.WorkCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "reload": (
        "securely.foundation.commands.optimize.ReloadCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "schedule:clear-cache": (
        "securely.schedule.commands.control.ClearCacheCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:finish": (
        "securely.schedule.commands.finish.FinishCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:history": (
        "securely.schedule.commands.history.HistoryCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:interrupt": (
        "securely.schedule.commands.control.InterruptCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:list": (
        "securely.schedule.commands.list.ListCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:pause": (
        "securely.schedule.commands.control.PauseCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:resume": (
        "securely.schedule.commands.control.ResumeCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:run": (
        "securely.schedule.commands.run.RunCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:test": (
        "securely.schedule.commands.test.TestCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:trigger": (
        "securely.schedule.commands.test.TriggerCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "schedule:work": (
        "securely.schedule.commands.work.WorkCommand",
        "securely.schedule.provider.ScheduleProvider",
    ),
    "settings:all": (
        "securely.settings.commands.reading.AllCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:audit": (
        "securely.settings.commands.inspecting.AuditCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:decrypt": (
        "securely.settings.commands.secrets.DecryptCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:diff": (
        "securely.settings.commands.inspecting.DiffCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:edit": (
        "securely.settings.commands.secrets.EditCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:encrypt": (
        "securely.settings.commands.secrets.EncryptCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:example": (
        "securely.settings.commands.inspecting.ExampleCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:expire": (
        "securely.settings.commands.secrets.ExpireCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:export": (
        "securely.settings.commands.moving.ExportCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:get": (
        "securely.settings.commands.reading.GetCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:has": (
        "securely.settings.commands.reading.HasCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:history": (
        "securely.settings.commands.inspecting.HistoryCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:hooks": (
        "securely.settings.commands.hooks.HooksCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:import": (
        "securely.settings.commands.moving.ImportCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:key": (
        "securely.settings.commands.secrets.KeyCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:rekey": (
        "securely.settings.commands.secrets.RekeyCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:rename": (
        "securely.settings.commands.changing.RenameCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:rollback": (
        "securely.settings.commands.changing.RollbackCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:rotate": (
        "securely.settings.commands.secrets.RotateCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:run": (
        "securely.settings.commands.moving.RunCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:scan": (
        "securely.settings.commands.inspecting.ScanCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:search": (
        "securely.settings.commands.inspecting.SearchCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:set": (
        "securely.settings.commands.changing.SetCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:unset": (
        "securely.settings.commands.changing.UnsetCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:validate": (
        "securely.settings.commands.inspecting.ValidateCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:watch": (
        "securely.settings.commands.hooks.WatchCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "settings:why": (
        "securely.settings.commands.inspecting.WhyCommand",
        "securely.settings.provider.SettingsProvider",
    ),
    "store:compact": (
        "securely.store.commands.CompactCommand",
        "securely.store.provider.StoreProvider",
    ),
    "store:export": (
        "securely.store.commands.ExportCommand",
        "securely.store.provider.StoreProvider",
    ),
    "store:get": ("securely.store.commands.GetCommand", "securely.store.provider.StoreProvider"),
    "store:import": (
        "securely.store.commands.ImportCommand",
        "securely.store.provider.StoreProvider",
    ),
    "store:info": ("securely.store.commands.InfoCommand", "securely.store.provider.StoreProvider"),
    "store:scan": ("securely.store.commands.ScanCommand", "securely.store.provider.StoreProvider"),
    "store:verify": (
        "securely.store.commands.VerifyCommand",
        "securely.store.provider.StoreProvider",
    ),
    "stub:publish": (
        "securely.foundation.commands.publish.StubPublishCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "supervise:continue": (
        "securely.queue.commands.supervise.ContinueCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "supervise:list": (
        "securely.queue.commands.supervise.ListCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "supervise:pause": (
        "securely.queue.commands.supervise.PauseCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "supervise:status": (
        "securely.queue.commands.supervise.StatusCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "supervise:terminate": (
        "securely.queue.commands.supervise.TerminateCommand",
        "securely.queue.provider.QueueProvider",
    ),
    "test": (
        "securely.foundation.commands.test.TestCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "tinker": (
        "securely.foundation.commands.tinker.TinkerCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "up": (
        "securely.foundation.commands.maintenance.UpCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
    "vendor:publish": (
        "securely.foundation.commands.publish.VendorPublishCommand",
        "securely.foundation.provider.FoundationProvider",
    ),
}

# Section of the configuration -> class that checks it.
OPTIONS: Final[Mapping[str, str]] = {
    "app": "securely.foundation.options.AppOptions",
    "cache": "securely.cache.options.CacheOptions",
    "errors": "securely.foundation.errors.options.ErrorsOptions",
    "events": "securely.events.options.EventOptions",
    "hashing": "securely.hashing.options.HashingOptions",
    "log": "securely.log.options.LogOptions",
    "mail": "securely.mail.options.MailOptions",
    "notifications": "securely.notifications.options.NotificationOptions",
    "queue": "securely.queue.options.QueueOptions",
    "schedule": "securely.schedule.options.ScheduleOptions",
    "settings": "securely.settings.options.SettingsOptions",
    "store": "securely.store.options.StoreOptions",
    "validation": "securely.validation.options.ValidationOptions",
    "view": "securely.view.options.ViewOptions",
}

# Those that are registered at boot, before anyone asks.
EAGER: Final[tuple[str, ...]] = ()
