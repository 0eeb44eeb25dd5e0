"""Commands that are a function each, and what is scheduled."""

from app.invoices import Ledger
from securely.console import Command
from securely.facades import Artisan, Cache, Schedule

__all__: list[str] = []


@Artisan.command("invoices:total")
def total(command: Command, ledger: Ledger) -> None:
    """Show how many invoices were issued, and their sum."""
    rows = ledger.rows()
    # Every job writes the number down; when the cache was cleared, the ledger has it.
    issued = Cache.remember_forever("invoices.issued", lambda: len(rows))
    command.info(f"{issued} invoices issued.")
    if rows:
        command.line(f"{rows[-1][-1]} EUR in all.")


# Every night, whoever has no invoice yet is billed; on workdays, the sum is reported.
Schedule.command("invoices:import storage/app/invoices.csv").daily_at("2:00").on_one_server()
Schedule.command("invoices:total").weekdays().at("8:00").append_output_to(
    "storage/logs/invoices.log"
)
