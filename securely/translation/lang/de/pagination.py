"""Was die Verweise zwischen Seiten auf Deutsch sagen."""

lines = {
    "previous": "&laquo; Zurück",
    "next": "Weiter &raquo;",
}
