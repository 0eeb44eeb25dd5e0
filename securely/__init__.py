"""Front door: Application, env, __version__; everything else on demand.

The only lazy module: what it exports is imported when it is first asked for, so that a console
that only lists its commands does not load the framework.
"""

# Not typing.TYPE_CHECKING: importing typing costs a bare interpreter's whole start again.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from securely.config.env import env
    from securely.foundation import Application

__all__ = ["Application", "__version__", "env"]

__version__ = "0.1.0"

_HOMES = {"Application": "securely.foundation", "env": "securely.config.env"}


def __getattr__(name: str) -> object:
    """Import an export when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'securely' has no attribute {name!r}")
    value: object = getattr(__import__(home, fromlist=[name]), name)
    globals()[name] = value
    return value
