"""Public documents of the example deposits: real in shape, the same in every run."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import cache
from typing import Any

from catalog.inspection import ASSESSED, assess, look
from catalog.normalise_values import StoredFile
from catalog.projection import public_document
from catalog.resources import data_root

BASE = "http://127.0.0.1:8000"


@cache
def public_documents() -> list[dict[str, Any]]:
    """The public document of each example form, with a file of made-up content."""
    documents = []
    for path in sorted((data_root() / "examples" / "deposits").glob("*.yaml")):
        reading = look(path, path.name).reading
        assert reading is not None
        (form,) = reading.forms
        iri = f"{BASE}/record/{hashlib.sha256(path.name.encode()).hexdigest()[:10]}"
        names = [name for spectrum in form.values["spectra"] for name in spectrum["files"]]
        files = {
            name: StoredFile(hashlib.sha256(name.encode()).hexdigest(), 1000, "text/plain") for name in names
        }
        assessed = assess(form, iri=iri, base=BASE, today=date(2026, 11, 20), attachments=files)
        public = public_document(assessed.document, ASSESSED, date(2026, 11, 20), lambda _iri: True)
        assert public is not None
        documents.append(public)
    return documents
