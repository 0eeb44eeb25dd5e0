"""settings:…: the commands, by what they do.

changing.py    settings:set, settings:unset, settings:rename, settings:rollback
inspecting.py  settings:search, :history, :diff, :validate, :example, :scan, :why, :audit
moving.py      settings:run, settings:export, settings:import
reading.py     settings:get, settings:has, settings:all
secrets.py     settings:key, :rotate, :rekey, :expire, :edit, :encrypt, :decrypt
"""
