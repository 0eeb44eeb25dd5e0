"""Tests for authors of drivers, ours and yours: subclass a suite, and give it your driver.

cache.py    StoreSuite, LockSuite: what every cache store must do
log.py      HandlerSuite: what every log handler must do
mail.py     TransportSuite: what every mail transport must do
queue/      what every queue connection must do
"""
