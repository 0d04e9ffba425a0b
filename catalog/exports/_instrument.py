"""What measured in words, for formats that have no field for beamlines and laboratory instruments."""

from __future__ import annotations

from catalog.facts import Facts, Texts


def instrument(fact: Facts) -> Texts:
    """A line in each language of the beamline's name, and one of the laboratory source."""
    return (
        *(
            (tag, f"{'ビームライン' if tag == 'ja' else 'Beamline'}: {text}")
            for tag, text in (fact.beamline.names if fact.beamline else ())
        ),
        *([("", laboratory(fact))] if fact.laboratory_source else []),
    )


def laboratory(fact: Facts) -> str:
    """The laboratory source in words; "" where there was none."""
    return f"Laboratory source: {fact.laboratory_source}" if fact.laboratory_source else ""
