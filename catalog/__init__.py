"""xafscat: deposits of X-ray absorption data as validated linked data."""

__version__ = "0.1.0"
