"""Was auf Deutsch gesagt wird, wenn sich jemand anmeldet."""

lines = {
    "failed": "Diese Zugangsdaten sind uns nicht bekannt.",
    "password": "Das Passwort ist falsch.",
    "throttle": "Zu viele Anmeldeversuche. Bitte versuchen Sie es in :seconds Sekunden erneut.",
}
