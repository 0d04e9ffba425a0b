"""The Materials Project by its own API; a key from the environment (``MP_API_KEY``) is needed."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Candidate, Facts, Gone, Moved, Query
from catalog.resolvers import Answer, Http, Policy, Resolver
from catalog.resolvers._answers import Json, expect, formula, inside, items, json_of, seen, space_group, text

MP = DATABASES["mp"]
SUMMARY = "https://api.materialsproject.org/materials/summary/"
# Of the two only this one can be asked for the tasks that were merged into a material.
CORE = "https://api.materialsproject.org/materials/core/"
_FIELDS = "material_id,formula_pretty,symmetry,deprecated,database_version"
MAX_TASKS = 10_000
_POLICY = Policy(
    hosts=("api.materialsproject.org",), per_second=5.0, days=30.0, key="MP_API_KEY", key_header="X-API-KEY"
)


def _find(query: Query, http: Http) -> Iterator[Candidate]:
    asked = {"formula": query.hill or query.reduced, "_fields": _FIELDS, "_limit": "50"}
    if query.space_group is not None:
        asked["spacegroup_number"] = str(query.space_group)
    answer = http.get(SUMMARY, asked, policy=_POLICY)
    expect(answer)
    for item in _data(answer):
        facts = _facts(item, answer)
        if facts is None or facts.reduced != query.reduced:
            continue
        by_group = query.space_group is not None and facts.space_group == query.space_group
        matched = ("formula", "space_group") if by_group else ("formula",)
        yield Candidate(
            query.material, facts.iri, "materials_project", matched, ("Materials Project",), facts
        )


def _read(iri: str, http: Http) -> Facts | Gone | Moved:
    identifier = MP.identifier(iri)
    answer = http.get(SUMMARY, {"material_ids": identifier, "_fields": _FIELDS}, policy=_POLICY)
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    expect(answer)
    for item in _data(answer):
        if (facts := _facts(item, answer)) and facts.iri == iri:
            return Gone(iri, "deprecated") if item.get("deprecated") is True else facts
    # Calculations are merged into materials: the id may live on as that of a task.
    answer = http.get(
        CORE, {"task_ids": identifier, "_fields": "material_id,task_ids,deprecated"}, policy=_POLICY
    )
    expect(answer)
    found = _data(answer)
    for item in found:
        tasks = item.get("task_ids")
        if isinstance(tasks, list) and iri in {_iri(task) for task in tasks[:MAX_TASKS]}:
            now = _iri(item.get("material_id"))
            if now and now != iri:
                return Moved(iri, now)
    if found:
        # A parameter that is not understood is passed over, and any materials are answered.
        raise Unreachable("the answer is about other materials", where=answer.url[:300])
    return Gone(iri, "no material in use and no task has this id")


def _data(answer: Answer) -> list[Json]:
    data = json_of(answer).get("data")
    if not isinstance(data, list):
        raise Unreachable("the answer holds no list of materials", where=answer.url[:300])
    return items(data)


def _iri(identifier: object) -> str:
    try:
        return MP.canonical(text(identifier))
    except ValueError:
        return ""


def _facts(item: Json, answer: Answer) -> Facts | None:
    iri = _iri(item.get("material_id"))
    if not iri:
        return None
    written, short = formula(item.get("formula_pretty"))
    return Facts(
        iri=iri,
        label={"en": written} if written else {},
        formula=written,
        reduced=short,
        space_group=space_group(inside(item, "symmetry", "number")),
        version=text(inside(item, "database_version")),
        **seen(answer),
    )


RESOLVER = Resolver(
    name="materials_project",
    title={"en": "Materials Project", "ja": "Materials Project"},
    databases=(MP,),
    policy=_POLICY,
    find=_find,
    read=_read,
    needs=frozenset({"reduced"}),
    order=35,
)
