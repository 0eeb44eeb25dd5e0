"""When tasks run, and where it is kept that they did."""

from securely.config import env

config = {
    # The queue connection, sqlite or arq, whose store keeps the runs; None for the default one.
    # Machines agree on who runs a task when they share a store.
    "connection": env("SCHEDULE_CONNECTION"),
    # The time zone of tasks that name none; None for the application's.
    "timezone": env("SCHEDULE_TIMEZONE"),
}
