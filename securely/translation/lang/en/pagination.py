"""What the links between pages say in English; the texts are those of Laravel."""

lines = {
    "previous": "&laquo; Previous",
    "next": "Next &raquo;",
}
