"""doctor: whether the application can do its work here, and what to do if not."""

from __future__ import annotations

import json
from typing import Final

from securely.console import Command
from securely.console.output.style import escape
from securely.foundation.doctor import Doctor, Finding
from securely.support.suggest import did_you_mean

__all__ = ["DoctorCommand"]

MARKS: Final = {
    "ok": "<info>ok</info>   ",
    "warn": "<comment>warn</comment> ",
    "error": "<error>error</error>",
}


class DoctorCommand(Command):
    """Checks what the application stands on, and says what to do about each finding."""

    signature = """doctor
        {--only= : Checks to run, separated by commas}
        {--fix : Mend what can be mended without harm, such as folders that are not there}
        {--json : As JSON}"""
    description = "Check what the application stands on, and say what to do"

    def handle(self, doctor: Doctor) -> int:
        """Run the checks; the exit code is 1 when there is an error among the findings."""
        found = doctor.examine(self._wanted(doctor), fix=self.boolean("fix"))
        is_well = all(finding.state != "error" for finding in found)
        if self.option("json"):
            self.line(escape(json.dumps([_plain(finding) for finding in found], indent=2)))
            return self.SUCCESS if is_well else self.FAILURE
        for finding in found:
            self.line(f"{MARKS[finding.state]}  {escape(f'{finding.name}: {finding.seen}')}")
            if finding.state != "ok" and finding.remedy:
                self.line(escape(f"       {finding.remedy}"))
        self.new_line()
        self._sum_up(found)
        return self.SUCCESS if is_well else self.FAILURE

    def _sum_up(self, found: list[Finding]) -> None:
        errors = sum(finding.state == "error" for finding in found)
        warnings = sum(finding.state == "warn" for finding in found)
        if errors or warnings:
            counts = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
            self.line(f"{counts}, {_count(len(found), 'finding')} in all.")
        else:
            self.info("All is well.")

    def _wanted(self, doctor: Doctor) -> list[str]:
        only = self.option("only")
        names = [name.strip() for name in str(only or "").split(",") if name.strip()]
        for name in names:
            if name not in doctor.names:
                near = did_you_mean(name, doctor.names)
                hint = f' Did you mean "{near}"?' if near else ""
                self.fail(f'There is no check "{name}".{hint} Checks: {", ".join(doctor.names)}.')
        return names


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "state": finding.state,
        "seen": finding.seen,
        "remedy": finding.remedy,
    }


def _count(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
