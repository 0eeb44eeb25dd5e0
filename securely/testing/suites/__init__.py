"""Tests for authors of drivers, ours and yours: subclass a suite, and give it your driver.

cache.py    StoreSuite, LockSuite: what every cache store must do
queue.py    what every queue connection must do
"""
