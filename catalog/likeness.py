"""Whether a spectrum is there already: the same curve with other digits or another grid, or one more of its kind.

A curve's fingerprint is its mean in bins of 4 eV around the tabulated edge, between the level before the edge (0) and
the level after it (1). Rounding and another grid hardly change it; another sample does.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import pairwise

from catalog.findings import Finding, define, finding
from catalog.mapping import RecordDocument
from catalog.readers import Curve
from catalog.registry_rows import Attachment, Likeness
from catalog.vocabulary import vocabulary

define(
    "same-spectrum",
    "warning",
    "The curve is that of record {value} within {percent} % of the edge step: the same spectrum with other digits or "
    "on another grid, or one more scan of the same sample. Withdraw one of them if they are the same.",
    "曲線がレコード {value} とエッジジャンプの {percent} % 以内で一致します。桁数や刻みだけが違う同じスペクトルか、"
    "同じ試料の繰り返し測定です。同じものなら一方を取り下げてください。",
)
define(
    "same-file",
    "warning",
    "The file {name!r} is also one of record {value}, byte by byte. Withdraw one of them if they are the same.",
    "ファイル「{name}」はレコード {value} のファイルとまったく同じです。同じものなら一方を取り下げてください。",
)
define(
    "one-more",
    "info",
    "The catalog has {count} of this kind already ({element} {edge}, {formula}, same facility), for example "
    "record {value}.",
    "同じ種類（{element} {edge}、{formula}、同じ施設）のスペクトルがすでに {count} 件あります"
    "（例: レコード {value}）。",
)

BELOW, ABOVE, STEP = -20, 60, 4
_BEFORE, _AFTER = 2, 4
# Of the edge step. In 399 XDI files of public libraries, other digits and another grid change nine curves of ten by
# less, and no two samples are as near.
NEAR = 0.01
SCALE = 10_000
_LARGEST = 1_000_000


def likenesses(document: RecordDocument, curves: Mapping[str, Curve]) -> list[Likeness]:
    """What can be compared of each spectrum with a stated edge; ``curves`` by the pointer of the spectrum."""
    facility = document.get("facility")
    found = []
    for index, spectrum in enumerate(document.get("spectra", [])):
        element, edge = spectrum.get("element"), spectrum.get("edge")
        if not element or not edge:
            continue
        shells = edge if isinstance(edge, list) else [edge]
        curve = curves.get(f"/spectra/{index}")
        found.append(
            Likeness(
                spectrum["id"].partition("#")[2],
                element,
                ",".join(shells),
                spectrum.get("formula_reduced", ""),
                facility if isinstance(facility, str) else "",
                fingerprint(curve, element, shells[0]) if curve else (),
            )
        )
    return found


def fingerprint(curve: Curve, element: str, edge: str) -> tuple[int, ...]:
    """The means of the curve around its edge, in parts of 10,000 of the edge step; empty where it does not reach."""
    energy = vocabulary().edge_energy(element, edge)
    if energy is None:
        return ()
    points = sorted(set(zip(curve.energy_ev, curve.signal, strict=True)))
    low, high = float(energy) + BELOW, float(energy) + ABOVE
    if len(points) < 2 or points[0][0] > low or points[-1][0] < high:
        return ()
    means = _means(points, low)
    before, after = _mean(means[:_BEFORE]), _mean(means[-_AFTER:])
    # A curve without a step, such as a raw intensity, has no scale of its own.
    if abs(after - before) < 0.05 * (max(means) - min(means)) or after == before:
        return ()
    scaled = [round(SCALE * (each - before) / (after - before)) for each in means]
    return tuple(scaled) if all(abs(each) < _LARGEST for each in scaled) else ()


def distance(first: Sequence[int], second: Sequence[int]) -> float:
    """The largest difference between two fingerprints, as a part of the edge step."""
    return max(abs(one - other) for one, other in zip(first, second, strict=True)) / SCALE


def compare(
    own: Iterable[Likeness], others: Mapping[tuple[str, str], Sequence[tuple[str, Likeness]]]
) -> list[Finding]:
    """Findings for the spectra ``own`` of a deposit; ``others`` are (record, spectrum) by element and edge."""
    found = []
    for each in own:
        there = others.get((each.element, each.edge), ())
        near = [
            (distance(each.curve, other.curve), record)
            for record, other in there
            if each.curve and len(other.curve) == len(each.curve)
        ]
        if near and (best := min(near))[0] <= NEAR:
            found.append(
                finding("same-spectrum", path="/spectra", value=best[1], percent=f"{100 * best[0]:.2g}")
            )
        kind = [record for record, other in there if each.formula and other.kind == each.kind]
        if kind:
            found.append(
                finding(
                    "one-more", path="/spectra", value=kind[0], count=len(kind),
                    element=each.element, edge=each.edge, formula=each.formula,
                )
            )  # fmt: skip
    return found


def same_files(
    own: Iterable[Attachment], holders: Mapping[str, str], siblings: Container[str]
) -> list[Finding]:
    """Findings for the data files of a deposit that ``holders``, records by SHA-256, have too, but for ``siblings``."""
    # A curve is the catalog's own: of the same spectrum, not the same file.
    files = {
        each.sha256: each.name
        for each in own
        if each.role == "data" and each.sha256 in holders and holders[each.sha256] not in siblings
    }
    return [finding("same-file", value=holders[sha], name=name) for sha, name in files.items()]


def _means(points: Sequence[tuple[float, float]], low: float) -> list[float]:
    """The mean of the line through ``points`` in each bin from ``low`` on."""
    count = (ABOVE - BELOW) // STEP
    areas = [0.0] * count
    for (x0, y0), (x1, y1) in pairwise(points):
        if x1 <= low or x1 == x0:
            continue
        first = max(int((x0 - low) // STEP), 0)
        last = min(int((x1 - low) // STEP), count - 1)
        for place in range(first, last + 1):
            left, right = max(x0, low + STEP * place), min(x1, low + STEP * (place + 1))
            if right > left:
                middle = (left + right) / 2
                areas[place] += (right - left) * (y0 + (y1 - y0) * (middle - x0) / (x1 - x0))
    return [area / STEP for area in areas]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
