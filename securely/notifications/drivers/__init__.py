"""The channels: mail, store, log, webhook; imported when the first notification needs one."""
