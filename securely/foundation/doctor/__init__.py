"""Doctor: looks whether an application can do its work here, and says what to do if not."""

from securely.foundation.doctor.doctor import Doctor
from securely.foundation.doctor.finding import Finding, State

__all__ = ["Doctor", "Finding", "State"]
