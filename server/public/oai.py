"""OAI-PMH 2.0: the catalog for harvesters, at ``/oai``.

Source: https://www.openarchives.org/OAI/2.0/openarchivesprotocol.htm . Protocol errors are answered with HTTP 200,
as it asks. ``responseDate`` is the moment the answer holds for, that of the release: datestamps are fixed before
a publication begins and seen when it ends, so who harvests from the moment of a request made in between would
miss it. Before the first release an answer holds for a moment before all others. docs/harvest.md says more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request

from catalog.exports import harvested
from catalog.facts import xml_text
from catalog.harvest import BadToken, Cursor, Page, cursor_of, page, release_of, token_of
from catalog.harvest_sets import set_name, with_groups
from catalog.release_index import RecordRow
from catalog.releases import NoRelease
from catalog.xml_writing import DECLARATION, Element, nest, root, to_text
from catalog.xml_writing import add as add_to
from server.public.encoding import CODINGS
from server.public.errors import Refused
from server.public.languages import gettext
from server.public.site import release, site

if TYPE_CHECKING:
    from catalog.releases import Release

blueprint = Blueprint("oai", __name__)

OAI = "http://www.openarchives.org/OAI/2.0/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
IDENTIFIER = "http://www.openarchives.org/OAI/2.0/oai-identifier"
IDENTIFIER_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai-identifier.xsd"
BEGINNING = "1970-01-01T00:00:00Z"
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
# What oai-identifier.xsd asks of a repository's name.
_DOMAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9-]*)+")
_SET = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(?::[A-Za-z0-9\-_.!~*'()]+)*")
LIST = frozenset({"metadataPrefix", "from", "until", "set", "resumptionToken"})


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: the arguments it must have, those it may have, and what answers it."""

    answer: Callable[[Element, dict[str, str]], None]
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


@dataclass
class Problem(Exception):
    """A protocol error: its code and a sentence."""

    code: str
    text: str
    # For these the request is repeated without its arguments: they are what is wrong.
    bare: bool = field(default=False)


@blueprint.route("/oai", methods=["GET", "POST"])
def oai() -> Response:
    """An answer of the protocol; it is never anything but XML."""
    current = _current()
    answer = root(OAI, "OAI-PMH", SCHEMA, {"": OAI})
    _add(answer, "responseDate", current.made if current else BEGINNING)
    echo = nest(answer, OAI, "request")
    echo.append(escape(address()))
    arguments: dict[str, str] = {}
    try:
        verb, arguments = _arguments()
        answered = Element(arguments["verb"], answer.prefixes)
        verb.answer(answered, arguments)
        answer.append(answered)
    except Problem as problem:
        if problem.bare:
            arguments = {}
        _add(answer, "error", problem.text, code=problem.code)
    for name, value in arguments.items():
        echo.set(name, value)
    content = (DECLARATION + to_text(answer)).encode()
    response = Response(content, content_type="text/xml; charset=utf-8")
    response.headers["Cache-Control"] = "public, no-cache" if current else "no-store"
    response.vary.add("Accept-Language")
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.route("/<path:below>/oai", methods=["GET", "POST"])
def oai_below(below: str) -> Response:
    """Before the first release: nobody knows yet below which path the catalog is to answer."""
    if _current() is not None:
        raise Refused("not-found")
    return oai()


def _current() -> Release | None:
    """The current release; None before the first one. Raises Damaged."""
    try:
        return release()
    except NoRelease:
        return None


def address() -> str:
    """The base URL of the repository."""
    current = _current()
    return f"{current.base}/oai" if current else request.base_url


def _arguments() -> tuple[Verb, dict[str, str]]:
    """The verb and its arguments by name, checked for what the verb takes. Raises Problem."""
    stated = request.form if request.method == "POST" else request.args
    repeated = sorted(name for name in stated if len(stated.getlist(name)) > 1)
    if repeated == ["verb"] or "verb" not in stated or stated["verb"] not in VERBS:
        text = gettext("Use one of these verbs, once: %(verbs)s.", verbs=", ".join(VERBS))
        raise Problem("badVerb", text, bare=True)
    verb, arguments = VERBS[stated["verb"]], {name: stated[name] for name in stated}
    unknown = sorted(arguments.keys() - {"verb"} - verb.required - verb.optional)
    if repeated or unknown or any(value != xml_text(value) for value in arguments.values()):
        names = xml_text(", ".join(repeated or unknown))[:200]
        text = gettext("These arguments are repeated, unknown or unreadable: %(names)s.", names=names)
        raise Problem("badArgument", text, bare=True)
    if "resumptionToken" in arguments:
        if len(arguments) > 2:
            text = gettext("resumptionToken stands alone beside the verb.")
            raise Problem("badArgument", text, bare=True)
        return verb, arguments
    if missing := sorted(verb.required - arguments.keys()):
        text = gettext("These arguments are missing: %(names)s.", names=", ".join(missing))
        raise Problem("badArgument", text, bare=True)
    return verb, arguments


def _identify(parent: Element, _arguments: dict[str, str]) -> None:
    current = _current()
    title = dict(site().title)
    _add(parent, "repositoryName", title.get("en") or next(iter(title.values())))
    _add(parent, "baseURL", address())
    _add(parent, "protocolVersion", "2.0")
    host = _host(address())
    # The schema of the protocol takes no address without a dot in its host; nobody reads mail at such a name.
    _add(
        parent,
        "adminEmail",
        site().oai_admin_email or f"postmaster@{host if '.' in host else 'invalid.invalid'}",
    )
    _add(parent, "earliestDatestamp", _earliest(current))
    _add(parent, "deletedRecord", "persistent")
    _add(parent, "granularity", "YYYY-MM-DDThh:mm:ssZ")
    for coding in CODINGS:
        _add(parent, "compression", coding)
    if not _DOMAIN.fullmatch(host):
        return  # what the schema of such identifiers asks of them
    about = nest(parent, OAI, "description")
    description = root(IDENTIFIER, "oai-identifier", IDENTIFIER_SCHEMA, {"": IDENTIFIER})
    for name, text in (
        ("scheme", "oai"),
        ("repositoryIdentifier", host),
        ("delimiter", ":"),
        ("sampleIdentifier", identifier("2a7k3m9q4w")),
    ):
        add_to(description, IDENTIFIER, name, text)
    about.append(description)


def _earliest(current: Release | None) -> str:
    if current is None:
        return BEGINNING
    earliest = current.earliest()
    return earliest.strftime(MOMENT) if earliest else current.made


def _list_metadata_formats(parent: Element, arguments: dict[str, str]) -> None:
    if "identifier" in arguments:
        row = _row(arguments["identifier"])
        if row.withdrawn:
            raise Problem("noMetadataFormats", gettext("The record was withdrawn."))
    for item in harvested().values():
        made = nest(parent, OAI, "metadataFormat")
        for name, text in (
            ("metadataPrefix", item.prefix),
            ("schema", item.schema),
            ("metadataNamespace", item.namespace),
        ):
            _add(made, name, text)


def _list_sets(parent: Element, arguments: dict[str, str]) -> None:
    if "resumptionToken" in arguments:
        raise Problem("badResumptionToken", gettext("The list of sets is given whole."))
    current = _current()
    specs = with_groups(current.sets()) if current else []
    if not specs:
        raise Problem("noSetHierarchy", gettext("There are no sets yet."))
    for spec in specs:
        made = nest(parent, OAI, "set")
        _add(made, "setSpec", spec)
        _add(made, "setName", set_name(spec))


def _get_record(parent: Element, arguments: dict[str, str]) -> None:
    prefix = _prefix(arguments)
    row = _row(arguments["identifier"])
    parent.append(_record(release(), row, prefix, release().sets_of([row.id])[row.id], identifier("")))


def _list_identifiers(parent: Element, arguments: dict[str, str]) -> None:
    start = identifier("")
    for row, sets, _, _ in _listed(parent, arguments):
        parent.append(_header(row, sets, start))


def _list_records(parent: Element, arguments: dict[str, str]) -> None:
    start = identifier("")
    for row, sets, origin, prefix in _listed(parent, arguments):
        parent.append(_record(origin, row, prefix, sets, start))


def _listed(
    parent: Element, arguments: dict[str, str]
) -> Iterator[tuple[RecordRow, list[str], Release, str]]:
    """The records of a page, and after them its token. Raises Problem."""
    origin, cursor = _begun(arguments)
    found = page(origin, cursor, site().harvest_page)
    if not found.rows:
        raise Problem("noRecordsMatch", gettext("No record matches."))
    sets = origin.sets_of([row.id for row in found.rows])
    is_current = origin.number == release().number
    for row in found.rows:
        now = row if is_current else _now(row)
        if now is not None:
            yield now, sets[row.id], origin, cursor.prefix
    _token(parent, found, origin)


def _now(row: RecordRow) -> RecordRow | None:
    """A record of an older release; what was withdrawn since is told as deleted, and never given out again."""
    entry = release().row(row.id)
    return entry if entry is None or entry.withdrawn else row


def _begun(arguments: dict[str, str]) -> tuple[Release, Cursor]:
    if "resumptionToken" in arguments:
        try:
            number = release_of(arguments["resumptionToken"])
            origin = site().past(number) if _current() else None
            if origin is None:
                raise BadToken("gone")
            cursor = cursor_of(arguments["resumptionToken"], origin)
        except BadToken as error:
            text = gettext(
                "This token was never given out, or its release is no longer kept; "
                "begin again, from the date of your last complete harvest."
            )
            raise Problem("badResumptionToken", text) from error
        if cursor.verb != arguments["verb"]:
            raise Problem("badResumptionToken", gettext("This token belongs to another verb."))
        return origin, cursor
    current = _current()
    first, last = _dates(arguments)
    spec = arguments.get("set", "")
    if "set" in arguments and not _SET.fullmatch(spec):
        raise Problem("badArgument", gettext("This is no name of a set."), bare=True)
    prefix = _prefix(arguments)
    if current is None:
        raise Problem("noRecordsMatch", gettext("No record matches."))
    return current, Cursor(current.number, arguments["verb"], prefix, spec, first, last)


def _dates(arguments: dict[str, str]) -> tuple[int | None, int | None]:
    stated = [arguments[name] for name in ("from", "until") if name in arguments]
    daily = [bool(_DAY.fullmatch(text)) for text in stated]
    if len(set(daily)) > 1:
        raise Problem("badArgument", gettext("from and until must be of the same granularity."), bare=True)
    first, last = (_seconds(arguments.get(name)) for name in ("from", "until"))
    if last is not None and daily[0]:
        last += int(timedelta(days=1).total_seconds()) - 1
    if first is not None and last is not None and first > last:
        raise Problem("badArgument", gettext("from is after until."), bare=True)
    return first, last


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
        if _SECOND.fullmatch(text):
            return int(datetime.strptime(text, MOMENT).replace(tzinfo=UTC).timestamp())
    except ValueError:
        pass
    text = gettext("Dates are written YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.")
    raise Problem("badArgument", text, bare=True)


def _prefix(arguments: dict[str, str]) -> str:
    prefix = arguments["metadataPrefix"]
    if prefix not in harvested():
        text = gettext("Use one of these formats: %(prefixes)s.", prefixes=", ".join(harvested()))
        raise Problem("cannotDisseminateFormat", text)
    return prefix


def identifier(record_id: str) -> str:
    """The OAI identifier of a record."""
    return f"oai:{_host(address())}:{record_id}"


def _row(text: str) -> RecordRow:
    start = identifier("")
    current = _current()
    row = current.row(text.removeprefix(start)) if current and text.startswith(start) else None
    if row is None:
        raise Problem("idDoesNotExist", gettext("There is no such record."))
    return row


@lru_cache(maxsize=8)
def _host(base: str) -> str:
    return urlsplit(base).hostname or "localhost"


def _record(origin: Release, row: RecordRow, prefix: str, sets: list[str], start: str) -> str:
    """A record as it is written; its identifier is ``start`` and its id."""
    header = _header(row, sets, start)
    if row.withdrawn:
        return f"<record>{header}</record>"
    payload = harvested()[prefix].payload(origin.entry(row).document, origin.catalog)
    return f"<record>{header}<metadata>{payload}</metadata></record>"


def _header(row: RecordRow, sets: list[str], start: str) -> str:
    status = ' status="deleted"' if row.withdrawn else ""
    moment = row.modified.replace(tzinfo=None).isoformat()
    return (
        f"<header{status}><identifier>{escape(start)}{row.id}</identifier><datestamp>{moment}Z</datestamp>"
        f"{_specs(tuple(sets))}</header>"
    )


@lru_cache(maxsize=1024)
def _specs(sets: tuple[str, ...]) -> str:
    # Of their characters (catalog.harvest_sets) none needs escaping but the apostrophe, which may stand in a text.
    return "".join(f"<setSpec>{spec}</setSpec>" for spec in sets)


def _token(parent: Element, found: Page, origin: Release) -> None:
    """A token when there is more; an empty one ends a list of several pages; a list of one page has none."""
    if found.following or found.given:
        text = token_of(found.following, origin) if found.following else ""
        _add(parent, "resumptionToken", text, completeListSize=str(found.total), cursor=str(found.given))


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> None:
    add_to(parent, OAI, name, text, **attributes)


VERBS = {
    "Identify": Verb(_identify),
    "ListMetadataFormats": Verb(_list_metadata_formats, optional=frozenset({"identifier"})),
    "ListSets": Verb(_list_sets, optional=frozenset({"resumptionToken"})),
    "GetRecord": Verb(_get_record, frozenset({"identifier", "metadataPrefix"})),
    "ListIdentifiers": Verb(_list_identifiers, frozenset({"metadataPrefix"}), LIST),
    "ListRecords": Verb(_list_records, frozenset({"metadataPrefix"}), LIST),
}
