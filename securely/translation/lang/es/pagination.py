"""Lo que dicen en español los enlaces entre páginas."""

lines = {
    "previous": "&laquo; Anterior",
    "next": "Siguiente &raquo;",
}
