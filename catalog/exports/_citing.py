"""How a record is cited: names as printed, year, title, publisher, address."""

from __future__ import annotations

from catalog.facts import Creator, Facts, best


def names(fact: Facts, language: str = "en") -> list[str]:
    """Who is credited, as printed in ``language``."""
    credited = [best(creator.names, language) for creator in fact.creators]
    return credited or [name for name in [best(fact.publisher.names, language)] if name]


def split_name(creator: Creator) -> tuple[str, str] | None:
    """Family and given name where they are printed with a comma between, else None: nobody can guess which is which."""
    family, comma, given = best(creator.names).partition(",")
    return (
        (family.strip(), given.strip())
        if creator.kind != "Organization" and comma and given.strip()
        else None
    )


def sentence(fact: Facts, language: str) -> str:
    """The citation as a sentence, as DataCite recommends it."""
    title, publisher = best(fact.titles, language), best(fact.publisher.names, language)
    if language == "ja":
        publisher = f"，{publisher}" if publisher else ""
        return f"{'・'.join(names(fact, 'ja'))}（{fact.year}）「{title}」[データセット]{publisher}．{fact.identifier}"
    publisher = f" {publisher}." if publisher else ""
    return (
        f"{'; '.join(names(fact))} ({fact.year}). {title} [Data set].{publisher} {fact.identifier}".lstrip()
    )
