"""The settings of a catalog: each a type, a default and a sentence.

A value comes from the last of these that gives one: the default, ``<home>/settings.toml``, the environment
(``XAFSCAT_PORT=8001``), the command line. ``docs/settings.md`` documents each.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from catalog import setting_kinds as kinds
from catalog.bounded import Limits
from catalog.errors import UsageError
from catalog.ids import NO_PUBLISHER

LanguageText: TypeAlias = Mapping[str, str]
DEFAULT_HOME = Path("xafscat-data")
SETTINGS_FILE = "settings.toml"
# Below the home folder: the folder of the citations, and its one file.
CITATIONS_FOLDER, CITATIONS_FILE = "citations", "citations.sqlite"
ENVIRONMENT = "XAFSCAT_"
# Variables of the test and benchmark programs, and those by which ``serve`` tells its web processes: no settings.
RESERVED = ("XAFSCAT_TEST_", "XAFSCAT_BENCH_", "XAFSCAT_SERVE_")


def _setting(default: Any, kind: kinds.Kind, sentence: str) -> Any:
    metadata = {"kind": kind, "sentence": sentence}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """What a catalog is run with. Sizes are in bytes, times in seconds.

    >>> Settings(home=Path("/srv/xafs")).registry_path
    PosixPath('/srv/xafs/registry.sqlite')
    """

    home: Path
    timezone: str = _setting(
        "UTC",
        kinds.Kind('time zone name such as "Asia/Tokyo"', kinds.zone),
        "The zone whose midnight ends an embargo and whose calendar gives the dates of publication.",
    )
    title: LanguageText = _setting(  # noqa: RUF009 - it is a dataclass field with a default factory
        {"en": "XAFS catalog", "ja": "XAFSカタログ"},
        kinds.TEXTS,
        "The name of the catalog on its pages and in its metadata.",
    )
    publisher_name: LanguageText = _setting(  # noqa: RUF009
        NO_PUBLISHER,
        kinds.TEXTS,
        "Who publishes the catalog; harvesters show it as the publisher of every record, and none while it is not set.",
    )
    publisher_iri: str | None = _setting(
        None,
        kinds.Kind("http or https IRI", kinds.matching(kinds.IRI), optional=True),
        "The publisher's own IRI, best its ROR identifier; stated beside its name where a format can hold it.",
    )
    contact: str | None = _setting(
        None,
        kinds.Kind(
            "e-mail address, or http or https address",
            kinds.matching(re.compile(f"{kinds.IRI.pattern}|{kinds.EMAIL.pattern}")),
            optional=True,
        ),
        "Where readers write about a record; it is shown on the public pages, and as the contact point in DCAT.",
    )
    oai_admin_email: str | None = _setting(
        None,
        kinds.Kind("e-mail address", kinds.matching(re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")), optional=True),
        "Where harvesters write about OAI-PMH; without one, postmaster at the catalog's host, when its name has a dot.",
    )
    metadata_license: str = _setting(
        "CC0-1.0",
        kinds.Kind("SPDX licence identifier", kinds.matching(kinds.SPDX)),
        "The licence of the metadata, stated in every output; the data files have their own.",
    )
    max_file_bytes: int = _setting(
        64 * 2**20, kinds.size(1, 2**40), "The largest file that is read or stored; a larger one is refused."
    )
    max_archive_bytes: int = _setting(
        2**30,
        kinds.size(1, 2**40),
        "The most that the files of one zip or tar archive may take when unpacked.",
    )
    read_timeout_s: float = _setting(
        30.0,
        kinds.number(0.1, 3600),
        "Seconds after which reading one file is stopped; the file is refused and the others go on.",
    )
    read_memory_bytes: int = _setting(
        2 * 2**30,
        kinds.size(512 * 2**20, 2**40),
        "The address space of a process that reads a file; a file that needs more is refused.",
    )
    keep_releases: int = _setting(
        10,
        kinds.whole(1, 10**6),
        "How many releases are kept on disk; older ones are removed by the next publication.",
    )
    query_timeout_s: float = _setting(
        20.0,
        kinds.number(0.1, 3600),
        "Seconds after which a SPARQL query is stopped and answered with an error.",
    )
    query_memory_bytes: int = _setting(
        2**30,
        kinds.size(256 * 2**20, 2**40),
        "The address space of one query process; a query that needs more fails.",
    )
    query_result_bytes: int = _setting(
        50 * 10**6,
        kinds.size(1000, 2**40),
        "The largest result of a query; a larger one is an error, never a cut answer.",
    )
    query_max_bytes: int = _setting(
        16 * 10**3, kinds.size(100, 10**6), "The longest query text that is accepted."
    )
    query_workers: int = _setting(3, kinds.whole(1, 64), "How many SPARQL queries run at the same time.")
    client_queries: int = _setting(
        2, kinds.whole(0, 10**6), "How many queries of one client run at once, at most; 0 is no limit."
    )
    client_seconds: float = _setting(
        60.0,
        kinds.number(0, 10**6),
        "Seconds of evaluation one client may use in a minute; 0 is no limit.",
    )
    client_errors: int = _setting(
        30,
        kinds.whole(0, 10**6),
        "How many of one client's queries may end in an error within a minute; 0 is no limit.",
    )
    trusted_proxies: str = _setting(
        "127.0.0.1, ::1",
        kinds.Kind("addresses or networks, separated by commas", kinds.networks),
        "The proxies whose X-Forwarded-For names the client; from anybody else that header counts for nothing.",
    )
    slow_client_s: float = _setting(
        30.0,
        kinds.number(0.1, 3600),
        "Seconds, beyond the time a query may take, after which a connection that hardly moves is closed.",
    )
    cache_bytes: int = _setting(
        64 * 2**20,
        kinds.size(0, 2**40),
        "How much of the answers to queries a web process keeps to give again, those over 1 MB in files; 0 keeps none.",
    )
    query_log: str | None = _setting(
        None,
        kinds.Kind("path of a file, relative to the home folder", kinds.text, optional=True),
        "The file that gets a line for each query evaluated: hash, form, time, size and outcome, never who asked.",
    )
    metrics_host: str = _setting(
        "127.0.0.1",
        kinds.Kind("host name or address", kinds.matching(re.compile(r"[A-Za-z0-9.:_-]+"))),
        "The address at which the operator's metrics are served; keep it from the world.",
    )
    metrics_port: int = _setting(
        0, kinds.whole(0, 65535), "The port of the operator's metrics, for Prometheus; 0 serves none."
    )
    citation_bytes: int = _setting(
        2**30,
        kinds.size(0, 2**50),
        "How much the citations of queries may hold together; 0 keeps none.",
    )
    citation_row_bytes: int = _setting(
        4 * 10**6,
        kinds.size(0, 2**30),
        "How long an answer may be whose rows are kept with its citation; of a longer one only its digest is.",
    )
    link_mode: str = _setting(
        "offline",
        kinds.Kind('"offline", "record" or "live"', kinds.matching(re.compile("offline|record|live"))),
        "Whether databases that links lead to may be asked: never, what is not in the cache, also what is stale.",
    )
    link_optimade: str = _setting(
        "cod=https://www.crystallography.net/cod/optimade, mp=https://optimade.materialsproject.org",
        kinds.Kind("NAME=BASE_URL, or names of OPTIMADE's own list, separated by commas", kinds.providers),
        "The OPTIMADE providers that are asked for structures.",
    )
    host: str = _setting(
        "127.0.0.1",
        kinds.Kind("host name or address", kinds.matching(re.compile(r"[A-Za-z0-9.:_-]+"))),
        "The address the public server listens on; 0.0.0.0 is all of them.",
    )
    port: int = _setting(
        8000, kinds.whole(0, 65535), "The port the public server listens on; 0 takes a free one."
    )
    workers: int = _setting(1, kinds.whole(1, 64), "How many web processes answer requests.")

    @property
    def zone(self) -> ZoneInfo:
        """The configured time zone."""
        return ZoneInfo(self.timezone)

    @property
    def read_limits(self) -> Limits:
        """What reading one file may take."""
        return Limits(self.read_timeout_s, self.read_memory_bytes)

    @property
    def registry_path(self) -> Path:
        """The registry's database file."""
        return self.home / "registry.sqlite"

    @property
    def files_path(self) -> Path:
        """The folder of the private, content-addressed files."""
        return self.home / "files"

    @property
    def public_path(self) -> Path:
        """The folder with everything the public process may open."""
        return self.home / "public"

    @property
    def citations_path(self) -> Path:
        """The folder of the citations of queries, the only one the public process writes to."""
        return self.home / CITATIONS_FOLDER

    @property
    def links_path(self) -> Path:
        """The folder of what databases have answered, and of their indexes."""
        return self.home / "links"

    @property
    def run_path(self) -> Path:
        """The folder of sockets and locks."""
        return self.home / "run"


@dataclass(frozen=True, slots=True)
class SettingHelp:
    """What the documentation says about one setting."""

    name: str
    kind: str
    default: Any
    sentence: str

    @property
    def default_text(self) -> str:
        """The default as it is written in settings.toml; "none" where there is none."""
        return "none" if self.default is None else _toml(self.default)


def describe() -> Iterator[SettingHelp]:
    """Every setting with its type, default and sentence (``home`` is no setting but an option)."""
    default = Settings(home=DEFAULT_HOME)
    for name, metadata in _kinds().items():
        yield SettingHelp(name, metadata["kind"].text, getattr(default, name), metadata["sentence"])


def settings_template() -> str:
    """The text of a fresh settings.toml: every setting, commented out, with its default and its sentence."""
    parts = ["# Settings of this catalog; docs/settings.md explains each. Remove the # to change one.\n"]
    for entry in describe():
        value = '""' if entry.default is None else entry.default_text
        parts.append(f"# {entry.sentence}\n#{entry.name} = {value}\n")
    return "\n".join(parts)


def load_settings(
    home: Path | str | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force for ``home`` (default: the variable XAFSCAT_HOME, else ./xafscat-data).

    ``overrides`` come from the command line; one that is None was not given. Raises UsageError for an unknown
    setting, with the nearest name, and for a value of the wrong type, naming where it was written.
    """
    environ = os.environ if environ is None else environ
    folder = Path(home or environ.get(ENVIRONMENT + "HOME") or DEFAULT_HOME)
    values: dict[str, Any] = {}
    for where, layer in (
        (str(folder / SETTINGS_FILE), _from_file(folder / SETTINGS_FILE)),
        ("environment", _from_environment(environ)),
        ("command line", {key: value for key, value in (overrides or {}).items() if value is not None}),
    ):
        for name, raw in layer.items():
            value = _parsed(name, raw, where)
            # A language stated in one layer adds to those of the layers before it, but never to the default.
            merges = name in values and isinstance(value, dict)
            values[name] = {**values[name], **value} if merges else value
    for name, value in values.items():
        if isinstance(value, dict) and "en" not in value:
            raise UsageError(f"setting {name} needs an English text: {name} = {{en = ...}}", where=name)
    return Settings(home=folder, **values)


def _kinds() -> dict[str, Mapping[str, Any]]:
    return {entry.name: entry.metadata for entry in fields(Settings) if entry.metadata}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings file is not valid TOML: {error}", where=str(path)) from error
    except OSError as error:
        raise UsageError(f"the settings file cannot be read: {error.strerror}", where=str(path)) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    layer: dict[str, Any] = {}
    known = _kinds()
    for variable, raw in sorted(environ.items()):
        if not variable.startswith(ENVIRONMENT) or variable.startswith(RESERVED):
            continue
        name = variable.removeprefix(ENVIRONMENT).lower()
        if name == "home":
            continue
        text_name, _, tag = name.rpartition("_")
        if name not in known and text_name in known and known[text_name]["kind"].languages:
            layer[text_name] = {**layer.get(text_name, {}), tag: raw}
        else:
            layer[name] = raw
    return layer


def _parsed(name: str, raw: Any, where: str) -> Any:
    known = _kinds()
    if name == "home":
        raise UsageError("the home folder is given by --home or XAFSCAT_HOME, not as a setting", where=where)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "docs/settings.md lists all."
        raise UsageError(f"there is no setting {name!r}; {hint}", where=where)
    kind: kinds.Kind = known[name]["kind"]
    if raw == "" and kind.optional:
        return None
    try:
        return kind.parse(raw)
    except (ValueError, TypeError, KeyError, OSError) as error:
        shown = repr(raw) if len(repr(raw)) <= 80 else repr(raw)[:79] + "…"
        raise UsageError(f"setting {name} is {shown}; expected: {kind.text}", where=where) from error


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(text)}" for key, text in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)
