"""XDI, the XAS Data Interchange format, versions 1.0 and 1.1: one spectrum with its header in plain text.

The header is read strictly by the specification's grammar and its entries through an alias table; what it states
becomes the deposit form, what can only be inferred becomes suggestions, what nobody mapped stays private.
"""

from __future__ import annotations

from catalog.document import Form, Origin
from catalog.errors import CatalogError
from catalog.findings import Finding, define, finding
from catalog.quantity import parse_quantity
from catalog.readers import Reader, Reading, Source
from catalog.readers._xdi_columns import Axis, to_ev
from catalog.readers._xdi_form import fill_form
from catalog.readers._xdi_header import Header, read_header
from catalog.readers._xdi_suggest import compare_with_name, suggest
from catalog.readers._xdi_table import Table, curve_of, read_table
from catalog.readers._xdi_text import decode, is_xdi
from catalog.readers._xdi_values import energy_text
from catalog.wording import Sentence
from catalog.xray import HC_EV_ANGSTROM

define(
    "xdi-encoding",
    "info",
    "The text is not UTF-8; it was read as {value}. Save the file as UTF-8.",
    "文字コードが UTF-8 ではないため {value} として読みました。UTF-8 で保存してください。",
)
define(
    "xdi-not-xafs",
    "error",
    "The file is valid XDI but no absorption spectrum: its first column is {value!r}, and no energy or angle.",
    "正しい XDI ファイルですが、吸収スペクトルではありません。第1列は「{value}」で、エネルギーでも角度でもありません。",
)
define(
    "xdi-several-dimensions",
    "error",
    "The file is valid XDI but holds a scan over a second variable ({value}); deposit one spectrum per file.",
    "正しい XDI ファイルですが、第2の変数（{value}）による多次元の測定です。スペクトルごとに1ファイルにしてください。",
)

# Processed spectra may begin with the photoelectron wave number or the distance of its Fourier transform.
_PROCESSED = {"k", "r"}


def sniff(source: Source) -> int:
    """Certain when the file begins with an XDI version line, whatever the file is called."""
    return 100 if is_xdi(source.head) else 0


def read(source: Source) -> Reading:
    """The spectrum of an XDI file as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for what breaks the grammar of header or table.
    """
    text, encoding = decode(source.content(), source.name)
    header, rows = read_header(text, source.name)
    filled = fill_form(header, source.name)
    form = filled.form
    table = read_table(rows, header, source.name, form.get("/spectra/0/element"))
    reading = Reading(private=filled.private, findings=[*header.findings, *filled.findings])
    if encoding != "utf-8":
        reading.findings.insert(0, finding("xdi-encoding", file=source.name, value=encoding))
    if header.outer or not _is_xafs(table, form):
        reading.is_xafs = False
        reading.findings.append(_not_xafs(header, table, source.name))
        return reading
    energies = to_ev(table.axis, table.abscissa, _d_spacing(form))
    curve = None
    if isinstance(energies, Sentence):
        line = table.columns[0].line or None
        reading.findings.append(
            finding("xdi-energy-axis", path="/spectra/0/energy", file=source.name, line=line, value=energies)
        )
    else:
        _put_energy(form, table, energies, source.name)
        curve = curve_of(table, energies)
    if curve:
        reading.curves[0, "/spectra/0"] = curve
    reading.forms.append(form)
    reading.suggestions = suggest(header, form, table.columns, curve, source.name)
    reading.findings += compare_with_name(form, source.name)
    return reading


def _is_xafs(table: Table, form: Form) -> bool:
    first = table.columns[0]
    if table.axis.kind:
        return True
    states_edge = form.get("/spectra/0/element") is not None or form.get("/spectra/0/edge") is not None
    return states_edge and (first.label.casefold() in _PROCESSED or first.line == 0)


def _not_xafs(header: Header, table: Table, name: str) -> Finding:
    if header.outer:
        outer = header.outer
        return finding(
            "xdi-several-dimensions", file=name, line=outer.line, value=f"{outer.name}: {outer.value}"
        )
    first = table.columns[0]
    label = f"{first.label} {first.unit}".strip()
    return finding("xdi-not-xafs", file=name, line=first.line or None, value=label)


def _d_spacing(form: Form) -> float | None:
    stated = form.get("/spectra/0/monochromator/d_spacing")
    try:
        return float(parse_quantity(stated, "Å").value) if isinstance(stated, str) else None
    except CatalogError:
        return None


def _put_energy(form: Form, table: Table, energies: list[float], name: str) -> None:
    """First and last energy exactly as written where the table is in energy, else computed from the angle."""
    computed = table.axis.kind == "angle"
    for end, (line, token), energy in (
        ("first", table.first, energies[0]),
        ("last", table.last, energies[-1]),
    ):
        origin = Origin("inferred" if computed else "header", name, line, "Column.1", token)
        form.put(f"/spectra/0/energy/{end}", _energy(table.axis, token, energy), origin)
    origin = Origin("header", name, table.first[0], "Column.1", None)
    form.put("/spectra/0/energy/points", str(len(energies)), origin)
    if computed:
        hc = Origin("inferred", name, table.first[0], "Column.1", None)
        form.put("/spectra/0/calibration/hc", str(HC_EV_ANGSTROM), hc)


def _energy(axis: Axis, token: str, energy: float) -> str:
    if axis.kind == "angle":
        return f"{energy:.3f} eV"
    return energy_text(token, 1000 if axis.unit == "kev" else 1)


READER = Reader(
    name="xdi",
    title={"en": "XDI 1.0 and 1.1 (XAS Data Interchange)", "ja": "XDI 1.0・1.1（XAS Data Interchange）"},
    specification="https://github.com/XraySpectroscopy/XAS-Data-Interchange/blob/master/specification/xdi_spec.pdf",
    sniff=sniff,
    read=read,
    is_data=True,
)
