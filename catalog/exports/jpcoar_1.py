"""A record in the JPCOAR schema 1.0."""

from __future__ import annotations

from catalog.exports._jpcoar import export

EXPORT = export("1.0", order=64)
