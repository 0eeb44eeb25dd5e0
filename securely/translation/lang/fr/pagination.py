"""Ce que les liens entre les pages disent en français."""

lines = {
    "previous": "&laquo; Précédent",
    "next": "Suivant &raquo;",
}
