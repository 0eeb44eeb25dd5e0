"""Front door: Application, env, __version__; everything else on demand."""

__version__ = "0.1.0"
