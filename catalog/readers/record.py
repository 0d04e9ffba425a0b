"""The deposit form in YAML or JSON, as people write it: values are texts, keys are checked, nothing guessed.

A file may hold several deposits: YAML documents separated by ``---``, or JSON objects one after the other.
``docs/deposit.md`` describes the form.
"""

from __future__ import annotations

import re

from catalog.errors import UnreadableInput
from catalog.plain_fields import form_table
from catalog.readers import Reader, Reading, Source
from catalog.readers._forms import documents, fill
from catalog.readers._nodes import decode_head
from catalog.readers._yaml import first_keys
from catalog.wording import Sentence

# Below this share of known keys a mapping is some other YAML or JSON, whose refusal would only confuse.
_LEAST_SHARE = 1 / 3
_MALFORMED = 20
# What would end libyaml's reading early; the strict reading judges it.
_DISTURBING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def sniff(source: Source) -> int:
    """How sure it is that the file is a deposit form: by how many of its outermost keys are the form's."""
    head = decode_head(source.head)
    if head is None:
        return 0
    keys, whole = first_keys(_DISTURBING.sub(" ", head))
    known = sum(key in form_table().keys for key in keys)
    if known == 0 or (known < _LEAST_SHARE * len(keys) and "spectra" not in keys):
        return 0
    truncated = source.size > len(source.head)
    return 90 * known // len(keys) if whole or truncated else _MALFORMED


def read(source: Source) -> Reading:
    """A form per deposit in the file. Raises UnreadableInput for anything that is not wholly understood."""
    reading = Reading()
    for node in documents(source.content(), source.name):
        form, findings = fill(node, source.name)
        reading.forms.append(form)
        reading.findings += findings
    if not reading.forms:
        raise UnreadableInput(Sentence("the file holds no deposit form: it is empty"), where=source.name)
    return reading


READER = Reader(
    name="record",
    title={"en": "Deposit form (YAML or JSON)", "ja": "登録票（YAML・JSON）"},
    specification="docs/deposit.md",
    sniff=sniff,
    read=read,
)
