"""Nothing is scheduled that would run."""

from securely.facades import Schedule

Schedule.command("inspire").yearly()
