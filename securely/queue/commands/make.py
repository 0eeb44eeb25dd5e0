"""make:job: makes a job."""

from __future__ import annotations

from securely.console import Generator

__all__ = ["MakeJobCommand"]


class MakeJobCommand(Generator):
    """Makes a job."""

    signature = """make:job
        {name : Its name, such as SendInvoice or billing/SendInvoice}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make a job"
    kind = "job"
    folder = "app/jobs"
    stub = "job.stub"
