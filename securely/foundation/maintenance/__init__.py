"""Maintenance mode: the application is down for now, and says so."""

from securely.foundation.maintenance.contracts import MaintenanceMode
from securely.foundation.maintenance.guard import guard
from securely.foundation.maintenance.maintenance import Maintenance

__all__ = ["Maintenance", "MaintenanceMode", "guard"]
