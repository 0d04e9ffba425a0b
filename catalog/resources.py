"""Where the ontology, shapes and examples are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def data_root() -> Path:
    """The folder that holds ``ontology``, ``shapes`` and ``examples``.

    In an installed wheel that is ``catalog/_data``; in a checkout (editable install) the checkout itself.
    """
    package = Path(__file__).resolve().parent
    bundled = package / "_data"
    return bundled if bundled.is_dir() else package.parent
