"""charge: a command that cannot be built."""

from securely.console import Command


class Charge(Command):
    """Its constructor is right, its handle is not."""

    signature = "charge {order : What to charge}"
    description = "Charge an order"

    def handle(self, fee: int) -> None:  # planted: command
        """Take what nobody gives."""
