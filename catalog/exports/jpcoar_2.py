"""A record in the JPCOAR schema 2.0."""

from __future__ import annotations

from catalog.exports._jpcoar import export

EXPORT = export("2.0", order=63)
