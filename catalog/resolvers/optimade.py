"""Any OPTIMADE provider (https://www.optimade.org) by its base URL: structures of a formula, with the space group.

The operator names providers in the setting ``link_optimade``: ``NAME=BASE_URL``, or the bare name of one in OPTIMADE's
list of providers. Formulae are asked for as the specification writes them: by the alphabet, in smallest numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urljoin, urlsplit

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Candidate, Facts, Gone, Query
from catalog.resolvers import Answer, Http, Policy, Resolver
from catalog.resolvers._answers import Json, expect, formula, inside, items, json_of, seen, space_group, text

OPTION = "optimade:"
PROVIDERS = "https://providers.optimade.org/v1/links"
PAGE, MAX_PAGES = 20, 5
_FIELDS = "chemical_formula_reduced,chemical_formula_descriptive,space_group_it_number,last_modified"
_ACCEPT = "application/vnd.api+json"
_DAYS = 30.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: its name in the setting, its base URL, and whether the operator wrote that address (else: a list)."""

    name: str
    base: str
    set_by_operator: bool

    @property
    def policy(self) -> Policy:
        """How it is asked. One that the operator wrote may be on the same machine, without TLS."""
        parts = urlsplit(self.base)
        host = f"{parts.scheme}://{parts.netloc}" if self.set_by_operator else parts.netloc
        return Policy(hosts=(host.lower(),), per_second=1.0, days=_DAYS)


def providers(option: str, base: str, http: Http) -> list[Provider]:
    """The providers that one entry of the setting names; a bare name is looked up in OPTIMADE's list.

    Raises Unreachable when the list is needed and cannot be read, or names no such provider.
    """
    name = option.removeprefix(OPTION)
    return [Provider(name, base.rstrip("/"), set_by_operator=True)] if base else _listed(name, http)


def _listed(name: str, http: Http) -> list[Provider]:
    policy = Policy(hosts=("providers.optimade.org",), per_second=1.0, days=_DAYS)
    answer = http.get(PROVIDERS, policy=policy)
    expect(answer)
    for item in items(json_of(answer).get("data")):
        base = _base(inside(item, "attributes", "base_url"))
        if text(item.get("id")) != name or not base:
            continue
        answer = http.get(
            f"{base}/v1/links",
            {"page_limit": "100"},
            policy=Provider(name, base, set_by_operator=False).policy,
        )
        expect(answer)
        children = {
            text(child.get("id")): _base(inside(child, "attributes", "base_url"))
            for child in items(json_of(answer).get("data"))
            if inside(child, "attributes", "link_type") == "child"
        }
        found = [
            Provider(name if len(children) == 1 else f"{name}-{child}", base, set_by_operator=False)
            for child, base in children.items()
            if base
        ]
        if found:
            return found
    raise Unreachable(f"OPTIMADE's list names no provider {name!r}; give NAME=BASE_URL", where=PROVIDERS)


def _base(value: object) -> str:
    """A base URL that a list gives: of the public net by https, or the empty string."""
    url = text(inside(value, "href") if isinstance(value, dict) else value).rstrip("/")
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    return url if parts.scheme == "https" and parts.netloc and plain else ""


def _find(query: Query, http: Http) -> Iterator[Candidate]:
    said: list[str] = []
    yield from _of_each(lambda provider: _candidates(provider, query, http), http, said)
    if said:
        raise Unreachable("; ".join(said), where=query.material)


def _of_each(ask: Callable[[Provider], Iterator[_T]], http: Http, said: list[str]) -> Iterator[_T]:
    """What ``ask`` gives of each provider; why one gives no answer goes to ``said``, since the others may."""
    for option, base in sorted(http.options.items()):
        if not option.startswith(OPTION):
            continue
        try:
            for provider in providers(option, base, http):
                yield from ask(provider)
        except Unreachable as error:
            said.append(f"{option.removeprefix(OPTION)}: {error.detail}")


def _candidates(provider: Provider, query: Query, http: Http) -> Iterator[Candidate]:
    for facts in _asked(provider, query, http):
        matched = ["formula"] if facts.reduced == query.reduced else []
        if query.space_group is not None and facts.space_group == query.space_group:
            matched.append("space_group")
        yield Candidate(
            query.material, facts.iri, "optimade", tuple(matched), (f"optimade:{provider.name}",), facts
        )


def _asked(provider: Provider, query: Query, http: Http) -> Iterator[Facts]:
    wanted = f'chemical_formula_reduced="{query.reduced}"'
    refused = query.space_group is None
    if query.space_group is not None:
        answer = _page(provider, f"{wanted} AND space_group_it_number={query.space_group}", http)
        # The specification makes this property optional. A provider without it may refuse the filter, with a status
        # or in the body, or find nothing since an unknown value equals none.
        refused = answer.status != 200 or "errors" in json_of(answer)
        if not refused:
            found = list(_all(provider, answer, http))
            yield from found
            if found:
                return
    answer = _page(provider, wanted, http)
    expect(answer)
    for facts in _all(provider, answer, http):
        # A provider that did compare space groups has said already that no other one is it.
        if refused or facts.space_group is None:
            yield facts


def _page(provider: Provider, wanted: str, http: Http) -> Answer:
    asked = {"filter": wanted, "response_fields": _FIELDS, "page_limit": str(PAGE)}
    return http.get(f"{provider.base}/v1/structures", asked, policy=provider.policy, accept=_ACCEPT)


def _all(provider: Provider, answer: Answer, http: Http) -> Iterator[Facts]:
    for _ in range(MAX_PAGES):
        body = json_of(answer)
        if not isinstance(body.get("data"), list):
            raise Unreachable("the answer holds no list of structures", where=answer.url[:300])
        for item in items(body.get("data")):
            if facts := _facts(provider, item, answer):
                yield facts
        following = inside(body, "links", "next")
        following = text(inside(following, "href") if isinstance(following, dict) else following)
        if not following:
            return
        try:
            following = urljoin(answer.url, following)
        except ValueError as error:
            raise Unreachable("the next page has no address", where=answer.url[:300]) from error
        answer = http.get(following, policy=provider.policy, accept=_ACCEPT)
        expect(answer)


def _facts(provider: Provider, item: Json, answer: Answer) -> Facts | None:
    identifier = text(item.get("id"))
    written, short = formula(inside(item, "attributes", "chemical_formula_reduced"))
    if not identifier:
        return None
    database = DATABASES.get(provider.name)
    iri = f"{provider.base}/v1/structures/{quote(identifier, safe='')}"
    if database is not None:
        try:
            iri = database.canonical(identifier.rpartition("/")[2])
        except ValueError:
            return None
    return Facts(
        iri=iri,
        formula=written,
        reduced=short,
        space_group=space_group(inside(item, "attributes", "space_group_it_number")),
        version=text(inside(item, "attributes", "last_modified")),
        **seen(answer),
    )


def _read(iri: str, http: Http) -> Facts | Gone:
    def entry(provider: Provider) -> Iterator[Facts | Gone]:
        database = DATABASES.get(provider.name)
        if database is not None and database.owns(iri):
            identifier = quote(database.identifier(iri), safe="")
            yield _entry(iri, f"{provider.base}/v1/structures/{identifier}", provider, http)
        elif iri.startswith(f"{provider.base}/v1/structures/"):
            yield _entry(iri, iri, provider, http)

    said: list[str] = []
    for found in _of_each(entry, http, said):
        return found
    raise Unreachable(
        "; ".join(said) or "no OPTIMADE provider is set for this database (link_optimade)", where=iri
    )


def _entry(iri: str, url: str, provider: Provider, http: Http) -> Facts | Gone:
    answer = http.get(url, {"response_fields": _FIELDS}, policy=provider.policy, accept=_ACCEPT)
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    expect(answer)
    body = json_of(answer)
    if body.get("data", ...) is None and "errors" not in body:
        return Gone(iri, "the provider knows no structure of this id")
    data = body.get("data")
    found = _facts(provider, data, answer) if isinstance(data, dict) else None
    if found is None or found.iri != iri:
        raise Unreachable("the provider answers with another entry", where=answer.url[:300])
    return found


RESOLVER = Resolver(
    name="optimade",
    title={"en": "OPTIMADE providers", "ja": "OPTIMADE提供者"},
    databases=(DATABASES["cod"], DATABASES["mp"], DATABASES["oqmd"], DATABASES["optimade"]),
    policy=Policy(hosts=(), per_second=1.0, days=_DAYS),
    find=_find,
    read=_read,
    needs=frozenset({"reduced"}),
    order=30,
)
