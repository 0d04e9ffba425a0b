"""A file as the new version of a record, and what is told of it beside its own findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from catalog.config import Settings
from catalog.defaults import Defaults
from catalog.document import Form, split_pointer
from catalog.errors import UsageError
from catalog.filestore import FileStore
from catalog.findings import Finding, define, finding
from catalog.intake import Receipt, duplicate_of, prepare_one, stored_as
from catalog.preparing import Preparer
from catalog.registry import Registry
from catalog.registry_rows import NewDeposit
from catalog.states import Standing, State, next_hidden_until

define(
    "hidden-until-kept",
    "warning",
    "The record stays hidden until {value}: once it is scheduled, the date only moves to later.",
    "このレコードは {value} まで非公開のままです。予約済みの日付は後ろにしか動かせません。",
)
define(
    "hidden-until-gone",
    "warning",
    "The version before was hidden until {value}; this one states no date, and is public as soon as it is published.",
    "前の版は {value} まで非公開でした。この版には日付がなく、公開の操作をするとすぐに公開されます。",
)
define(
    "update-unsaid",
    "warning",
    "Version {version} had {value} from {sources}; this one has not. Give the same --defaults or --template, confirm "
    "the suggestion again, or write it into the file.",
    "版{version}にあった {value}（{sources} による）がこの版にはありません。"
    "同じ --defaults か --template を指定するか、提案をもう一度確認するか、ファイルに書いてください。",
)


def update(
    record_id: str,
    path: Path,
    *,
    registry: Registry,
    settings: Settings,
    now: datetime,
    actor: str,
    defaults: Defaults | None = None,
) -> Receipt:
    """Store the deposit of ``path`` as a new version of ``record_id``.

    The same content again stores nothing and says so, and so does a file nothing can be made of (result "refused").
    What the version before had from rules, a template or a confirmed suggestion and this one lacks is told, and so is
    a date it stays hidden until. Raises NotFound for an unknown record, UsageError for a file with several deposits,
    Conflict for a withdrawn record and for content that is another record's.
    """
    present = registry.record(record_id)
    version = present.version
    today = now.astimezone(settings.zone).date()
    preparer = Preparer(registry.base, settings, FileStore(settings.files_path), today, defaults)
    prepared = prepare_one(preparer, path, str(path), record_id)
    if not prepared.deposits:
        return Receipt(prepared.name, "refused", findings=tuple(prepared.findings))
    if len(prepared.deposits) > 1:
        raise UsageError("the file holds several deposits; update takes one", where=str(path))
    (made,) = prepared.deposits
    told = _unsaid(registry.form(record_id, version), made.deposit, version)
    told += _hiding(present.standing, made.deposit.hidden_until)
    made = replace(made, deposit=replace(made.deposit, findings=[*made.deposit.findings, *told]))
    saved = registry.save_version(made.deposit, now=now, actor=actor)
    if saved.new:
        return stored_as(prepared, made, saved)
    return duplicate_of(prepared, made, present)


def _hiding(standing: Standing, stated: date | None) -> list[Finding]:
    """What an update does to the date a record is hidden until, where its form does not say it."""
    held, until = standing.hidden_until, next_hidden_until(standing, stated)
    if until is None and held not in {None, date.max}:
        return [finding("hidden-until-gone", path="/hidden_until", value=str(held))]
    if standing.state is State.SCHEDULED and until is not None and until != stated:
        return [finding("hidden-until-kept", path="/hidden_until", value=str(until))]
    return []


def _unsaid(before: Form, deposit: NewDeposit, version: int) -> list[Finding]:
    """What a deposit no longer has of the form before that stood in no file of the depositor's."""
    now = Form(dict(deposit.form))
    gone: dict[str, set[str]] = {}
    for pointer, origin in before.origins.items():
        said = before.get(pointer)
        if origin.kind in {"template", "accepted"} and isinstance(said, str) and now.get(pointer) is None:
            name = ".".join(part for part in split_pointer(pointer) if not part.isdigit())
            gone.setdefault(name, set()).add(
                origin.source if origin.kind == "template" else "accept-suggestion"
            )
    if not gone:
        return []
    sources = ", ".join(sorted(set().union(*gone.values())))
    return [finding("update-unsaid", value=", ".join(sorted(gone)), sources=sources, version=version)]
