"""Settings: an application's variables, typed, changed safely and told apart from secrets.

An application is configured by variables that ``config/`` reads. :class:`Settings` shows every
setting with its kind, default and origin, and changes variables as one transaction: validated
whole, written at once, remembered, and taken back if need be. Secrets are kept encrypted.

    boot.py        adds the secrets to the variables of an application
    changing.py    Writer: one change of several variables
    commands/      settings:get, settings:set and their kin
    display/       the tree of settings:all, JSON, YAML, lines of an .env file, fast answers
    envfile/       an editor for .env files, and writes that are whole or not at all
    events.py      SettingChanged
    exceptions.py  SettingsError and its tree
    fake.py        SettingsFake: what is set, without a file
    history.py     who changed what when; values only encrypted
    hooks/         who is asked before a change, and told after it
    inspection/    looks closely: which layers, what age, what stands in plain text
    options.py     the section `settings` of the configuration
    provider.py    binds the settings
    schema.py      kind, unit, default and description of every setting
    secrets/       the encrypted file, and where its key is
    settings.py    Settings: get, set, unset, history, rollback
"""

from __future__ import annotations

from securely.settings.changing import Outcome, Writer
from securely.settings.envfile import Document
from securely.settings.events import SettingChanged
from securely.settings.exceptions import (
    ChangeRefused,
    ChangeUndone,
    HookFailed,
    InvalidName,
    InvalidSecretKey,
    InvalidSettings,
    InvalidText,
    KeyOfProcess,
    Locked,
    MissingFile,
    MissingSecretKey,
    NotAVariable,
    SecretsBroken,
    SettingsError,
    UnknownRevision,
    UnknownSetting,
)
from securely.settings.history import Change, History, Revision
from securely.settings.hooks import Hooks, Notice
from securely.settings.inspection.auditing import Audit, AuditedSecret
from securely.settings.inspection.layers import Layer
from securely.settings.schema import Field, Setting
from securely.settings.secrets import KeyFile, Vault
from securely.settings.settings import Settings

__all__ = [
    "Audit",
    "AuditedSecret",
    "Change",
    "ChangeRefused",
    "ChangeUndone",
    "Document",
    "Field",
    "History",
    "HookFailed",
    "Hooks",
    "InvalidName",
    "InvalidSecretKey",
    "InvalidSettings",
    "InvalidText",
    "KeyFile",
    "KeyOfProcess",
    "Layer",
    "Locked",
    "MissingFile",
    "MissingSecretKey",
    "NotAVariable",
    "Notice",
    "Outcome",
    "Revision",
    "SecretsBroken",
    "Setting",
    "SettingChanged",
    "Settings",
    "SettingsError",
    "UnknownRevision",
    "UnknownSetting",
    "Vault",
    "Writer",
]
