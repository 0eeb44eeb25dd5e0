"""make:job, make:job-middleware: make a job, and what stands around one."""

from __future__ import annotations

from securely.console import Generator

__all__ = ["MakeJobCommand", "MakeJobMiddlewareCommand"]


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


class MakeJobMiddlewareCommand(Generator):
    """Makes a job middleware."""

    signature = """make:job-middleware
        {name : Its name, such as SkipOnHolidays}
        {--test : Write a test of it, too}
        {--force : Write over a file that is there}"""
    description = "Make a job middleware"
    kind = "job middleware"
    folder = "app/jobs/middleware"
    stub = "job-middleware.stub"
