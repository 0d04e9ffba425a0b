"""A spectrum as a small drawing made on the server: what is seen before, or without, the interactive plot."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from markupsafe import Markup

# Enough for the width of a page; a longer scan is thinned by keeping the extremes of each step.
MAX_POINTS = 600


def overlay(curves: Sequence[bytes], *, width: int = 600, height: int = 240) -> Markup:
    """An SVG of several curves over one energy axis, each scaled to its own range; empty where none can be drawn."""
    drawn = [kept for curve in curves if len(kept := _points(curve)) > 1]
    if not drawn:
        return Markup("")
    left, right = min(kept[0][0] for kept in drawn), max(kept[-1][0] for kept in drawn)
    across = (right - left) or 1.0
    paths = []
    for kept in drawn:
        own = [x for x, _ in kept]
        # Each curve fills the height by itself, and the part of the width that it was measured over.
        first, share = (min(own) - left) / across * width, (max(own) - min(own)) / across
        scaled = _scaled(_thinned(kept, MAX_POINTS // 2), width, height)
        path = "M" + "L".join(f"{round(first + x * share, 1)} {y}" for x, y in scaled)
        paths.append(f'<path d="{path}"/>')
    # Only numbers made here stand in the drawing.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f"{''.join(paths)}</svg>"
    )


def drawing(curve: bytes, *, width: int = 600, height: int = 240, points: int = MAX_POINTS) -> Markup:
    """An SVG of a curve (as the release gives it, JSON bytes), stretched to the box it stands in.

    Empty when the curve holds fewer than two finite points.
    """
    kept = _points(curve)
    if len(kept) < 2:
        return Markup("")
    path = "M" + "L".join(f"{x} {y}" for x, y in _scaled(_thinned(kept, points), width, height))
    # Only numbers made here stand in the drawing.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<path d="{path}"/></svg>'
    )


def _points(curve: bytes) -> list[tuple[float, float]]:
    content = json.loads(curve)
    return [
        (float(x), float(y))
        for x, y in zip(content["energy_ev"], content["signal"], strict=False)
        if x is not None and y is not None and math.isfinite(x) and math.isfinite(y)
    ]


def _thinned(points: Sequence[tuple[float, float]], limit: int) -> list[tuple[float, float]]:
    if len(points) <= limit:
        return list(points)
    step = math.ceil(2 * len(points) / limit)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), step):
        part = points[start : start + step]
        lowest, highest = min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])
        kept += sorted({lowest, highest})
    return kept


def _scaled(points: Sequence[tuple[float, float]], width: int, height: int) -> list[tuple[float, float]]:
    xs, ys = zip(*points, strict=True)
    left, low, margin = min(xs), min(ys), height * 0.04
    across, up = (max(xs) - left) or 1.0, (max(ys) - low) or 1.0
    return [
        (
            round((x - left) / across * width, 1),
            round(height - margin - (y - low) / up * (height - 2 * margin), 1),
        )
        for x, y in points
    ]
