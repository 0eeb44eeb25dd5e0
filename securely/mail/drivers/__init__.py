"""The transports, named as in the configuration; imported when they are first used.

array.py       keeps what is sent, for tests
base.py        envelopes, what errors name, and what stands for several others
failover.py    the first of several that takes it
file.py        a file per message
log.py         a channel of the log
null.py        nowhere
roundrobin.py  several by turns
sendmail.py    a command of this machine
smtp.py        an SMTP server; smtp_server.py: how it is reached; smtp_auth.py: as whom;
               smtp_session.py: what is said on a connection; smtp_wire.py: how it is said
"""
