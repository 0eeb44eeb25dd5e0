"""Looks closely at settings, and changes none.

auditing.py  how old secrets are, when they end, and where they can be read
layers.py    all the places that say what a setting is
origins.py   where the value of each setting came from
past.py      settings as they were at a revision
scanning.py  looks for secrets in plain text among the sources
"""
