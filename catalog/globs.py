"""Globs over paths, as rules of a defaults file name files by them."""

from __future__ import annotations

import fnmatch

from catalog.wording import Sentence


def path_matches(path: str, glob: str) -> bool:
    """Whether ``glob`` matches ``path`` from its beginning or from any folder boundary on.

    ``*`` and ``?`` stay within one name, ``**`` spans any number of them; a glob that starts with ``/`` has
    to match the whole absolute path.

    >>> path_matches("data/xdi/Fe/foil.xdi", "xdi/**"), path_matches("data/xdi/foil.xdi", "data/*.xdi")
    (True, False)
    """
    names = [name for name in path.split("/") if name not in ("", ".")]
    parts = [part for part in glob.split("/") if part not in ("", ".")]
    if glob.startswith("/"):
        return path.startswith("/") and _matches(names, parts)
    return _matches(names, ["**", *parts])


def _matches(names: list[str], parts: list[str]) -> bool:
    # Which beginnings of ``names`` the parts so far match: linear for each part, whatever stars a glob has.
    reached = [True] + [False] * len(names)
    for part in parts:
        if part == "**":
            first = reached.index(True) if True in reached else len(names) + 1
            reached = [position >= first for position in range(len(names) + 1)]
        else:
            steps = zip(reached, names, strict=False)
            reached = [False] + [before and fnmatch.fnmatchcase(name, part) for before, name in steps]
    return reached[-1]


def glob_defect(glob: str) -> Sentence | None:
    """Why nobody can mean ``glob`` as it stands; None for a good one."""
    parts = glob.split("/")
    if "\\" in glob:
        return Sentence("the path {glob!r} has a backslash; separate folders by /", glob=glob)
    if ".." in parts:
        return Sentence("the path {glob!r} goes up (..); name the folders themselves", glob=glob)
    if any("**" in part and part != "**" for part in parts):
        return Sentence("in the path {glob!r} ** has to stand alone between slashes", glob=glob)
    if any(_unclosed(part) for part in parts):
        return Sentence(
            "the path {glob!r} has a [ that is not closed; write [[] for the sign itself", glob=glob
        )
    return None


def _unclosed(part: str) -> bool:
    position = part.find("[")
    while position >= 0:
        # As fnmatch reads it: a ] right after [ or [! belongs to the set.
        end = part.find("]", position + 2 + (part[position + 1 : position + 2] == "!"))
        if end < 0:
            return True
        position = part.find("[", end + 1)
    return False
