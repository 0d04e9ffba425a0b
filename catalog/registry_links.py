"""Links in the registry: one row a pair of subject and object, every change of it an event."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from catalog.errors import NotFound
from catalog.linking.model import Facts, Link, LinkState
from catalog.registry_reads import RegistryReads
from catalog.registry_rows import AnyRow
from catalog.registry_tables import event, link, record

_OWN_COLUMNS = (
    *("subject", "predicate", "object", "database", "state", "justification", "confidence"),
    *("mapping_date", "reviewer", "review_date", "last_verified"),
)


class RegistryLinks(RegistryReads):
    """What the registry says of links."""

    def links(
        self,
        *,
        states: Collection[LinkState] | None = None,
        subjects: Collection[str] | None = None,
        databases: Collection[str] | None = None,
    ) -> Iterator[Link]:
        """The links of these states, subjects and databases (None: any), by their ids."""
        query = select(link)
        if states is not None:
            query = query.where(link.c.state.in_([str(state) for state in states]))
        if subjects is not None:
            query = query.where(link.c.subject.in_(list(subjects)))
        if databases is not None:
            query = query.where(link.c.database.in_(list(databases)))
        yield from self._paged(query, (link.c.id,), None, lambda _, rows: [_link(row) for row in rows])

    def link(self, identifier: str) -> Link:
        """The link of this id. Raises NotFound."""
        rows = self._rows(select(link).where(link.c.id == identifier))
        if not rows:
            raise NotFound("there is no link of this id; `xafscat link queue` shows them", where=identifier)
        return _link(rows[0])

    def put_links(self, links: Iterable[Link], *, now: datetime, actor: str) -> int:
        """Store links, all or none, each in the place of the one between the same two IRIs; how many are changed.

        Each change is an event that holds what was there before. The sample of a record is looked at again by
        the next publication.
        """
        changed = 0
        prefix = f"{self.base}/record/"
        with self.database.writing() as connection:
            for item in links:
                old = connection.execute(select(link).where(link.c.id == item.id)).first()
                before = _link(old) if old else None
                if before == item:
                    continue
                changed += 1
                row = _row(item)
                if old:
                    connection.execute(link.update().where(link.c.id == item.id).values(**row, changed=now))
                else:
                    connection.execute(link.insert().values(id=item.id, created=now, changed=now, **row))
                subject = item.subject.removeprefix(prefix).partition("#")[0]
                known = item.subject.startswith(prefix) and connection.scalar(
                    select(record.c.id).where(record.c.id == subject)
                )
                detail: dict[str, Any] = {"link": item.id, "subject": item.subject, "object": item.object}
                if before:
                    detail["before"] = as_json(before)
                logged = {"at": now, "actor": actor, "action": f"link-{item.state}", "detail": detail}
                connection.execute(event.insert().values(record_id=known or None, **logged))
        return changed


def as_json(item: Link) -> dict[str, Any]:
    """All of a link as JSON values; dates as ISO 8601 text."""
    body = dataclasses.asdict(item)
    return {"id": item.id, **{key: _plain(value) for key, value in body.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _row(item: Link) -> dict[str, Any]:
    body = {key: value for key, value in as_json(item).items() if key not in (*_OWN_COLUMNS, "id")}
    own = {name: getattr(item, name) for name in _OWN_COLUMNS}
    return {**own, "state": str(item.state), "body": body}


def _link(row: AnyRow) -> Link:
    body = dict(row.body)
    facts = body.pop("facts", None)
    if facts:
        retrieved = facts["retrieved"]
        facts = Facts(
            **{
                **facts,
                "cas": tuple(facts["cas"]),
                "retrieved": datetime.fromisoformat(retrieved) if retrieved else None,
            }
        )
    values: dict[str, Any] = {name: getattr(row, name) for name in _OWN_COLUMNS}
    values |= {name: tuple(body.pop(name)) for name in ("sources", "matched", "vetoes", "failures")}
    return Link(**{**values, **body, "state": LinkState(row.state), "facts": facts})
