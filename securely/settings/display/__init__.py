"""How settings are shown: as a tree, and in forms for machines.

exports.py      the forms of other programs: docker, systemd, Kubernetes and their kin
forms.py        text, JSON, YAML, lines of an .env file
remembering.py  keeps what `settings:get` shows, for a faster start
tree.py         the tree of settings:all
"""
