"""Curves over epochs as one SVG picture, drawn by hand: in a notebook, in a file, with nothing to install.

Left out: zooming, other axes than linear ones.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput, register
from core.files import places

register({"nothing_to_plot": "There is no epoch to plot yet. Train first."})

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 44  # margins
COLOURS = ("#1f6fb5", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#0f766e")
TICKS = 5


@dataclass(frozen=True, slots=True)
class Plot:
    """An SVG that a notebook shows and ``save`` writes."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write it as an .svg file. Raises InvalidInput ``wrong_ending``."""
        with places.written(path, (".svg", ".html")) as where:
            where.write_text(self.svg, "utf-8")
        return where


def curves(history: Mapping[str, Sequence[float]], title: str = "") -> Plot:
    """One line a name, epochs 1, 2, … to the right. Values that are not finite leave a gap.

    >>> plot = curves({"loss": [4.0, 1.0], "val_loss": [5.0, 2.0]})
    >>> plot.svg.count("<polyline"), "val_loss" in plot.svg
    (2, True)

    Raises:
        InvalidInput: ``nothing_to_plot``.
    """
    finite = [value for values in history.values() for value in values if math.isfinite(value)]
    if not finite:
        raise InvalidInput("nothing_to_plot")
    epochs = max(map(len, history.values()))
    low, high = min(0.0, *finite), max(finite)
    high = high if high > low else low + 1.0

    def at(epoch: float, value: float) -> tuple[float, float]:
        across = (epoch - 1) / max(epochs - 1, 1)
        up = (value - low) / (high - low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [*_frame(low, high, epochs, at), *_lines(history, at)]
    name = html.escape(title or ", ".join(history))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    style = 'role="img" font-family="system-ui, sans-serif" font-size="12"'
    paper = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    return Plot(f"{head} {style}><title>{name}</title>{paper}{''.join(parts)}</svg>\n")


def _frame(low: float, high: float, epochs: int, at: object) -> list[str]:
    assert callable(at)
    parts = []
    for i in range(TICKS):
        value = low + (high - low) * i / (TICKS - 1)
        x, y = at(1, value)
        parts.append(f'<line x1="{x}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="{x - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#475569">{value:.3g}</text>')
    for epoch in sorted({1, *(round(1 + (epochs - 1) * i / (TICKS - 1)) for i in range(TICKS))}):
        x, y = at(epoch, low)
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle" fill="#475569">{epoch}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle" fill="#475569">epoch</text>')
    return parts


def _lines(history: Mapping[str, Sequence[float]], at: object) -> list[str]:
    assert callable(at)
    parts = []
    for place, (name, values) in enumerate(history.items()):
        colour = COLOURS[place % len(COLOURS)]
        spots = [at(epoch, value) for epoch, value in enumerate(values, 1) if math.isfinite(value)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(spots) == 1:
            parts.append(f'<circle cx="{spots[0][0]:.1f}" cy="{spots[0][1]:.1f}" r="3" fill="{colour}"/>')
        x, y = WIDTH - RIGHT - 8, TOP + 16 + 16 * place
        parts.append(f'<text x="{x}" y="{y}" text-anchor="end" fill="{colour}">{html.escape(name)}</text>')
    return parts
