"""Part of lesson 11: what is shown of a head: its tokens, the matrix of a stage, one number's arithmetic in words."""

from __future__ import annotations

import math
from typing import Any

from demos import kit
from demos.kit import text

SHARES = ("weights",)
PAIRS = ("scores", "scaled", "masked", "weights")  # token × token; the others are token × dimension
MOST_TERMS = 12


def visible(token: str) -> str:
    """A token in a label: its spaces and line ends made visible."""
    return "␣" if token == " " else token.replace("\n", "↵")


def _short(x: float) -> str:
    if not math.isfinite(x):
        return "−∞"
    return "0" if x == 0 else f"{x:.2f}".replace("-", "−")


def _signed(x: float) -> str:
    return f"{x:.3f}" if x >= 0 else f"({x:.3f})"


def _equals(printed: float, value: float) -> str:
    """What stands before a result: "=", or "≈" where the printed (rounded) numbers give another last digit."""
    return "=" if f"{printed:.3f}" == f"{value:.3f}" else "≈"


def place(head: Any, stage: str, spot: Any) -> tuple[int, int]:
    """The chosen cell of this stage's matrix; without a choice, the first of the last row. Refuses any other."""
    from core.lessons.attention.head import derive

    row, column = (len(head.tokens) - 1, 0) if spot is None else (kit.whole(spot[0]), kit.whole(spot[1]))
    found = derive(head, stage, row, column)
    return found.row, found.column


def chips(t: text.Text, head: Any, row: int) -> dict[str, Any]:
    shares = head.trace.weights[row].tolist()
    tokens = [
        {"text": token, "id": number, "p": share, "title": t("chip_title", share=share)}
        for token, number, share in zip(head.tokens, head.ids, shares, strict=True)
    ]
    caption = t("chips_caption", token=visible(head.tokens[row]))
    return {"tokens": tokens, "chosen": [0, row], "caption": caption}


def matrix(t: text.Text, head: Any, stage: str, row: int, column: int) -> dict[str, Any]:
    from core.lessons.attention import head as attention_steps

    table = attention_steps.matrix(head, stage).tolist()
    cells = [[round(x, 3) if math.isfinite(x) else None for x in line] for line in table]
    words = [[_short(x) for x in line] for line in table]
    labels = [visible(token) for token in head.tokens]
    value: dict[str, Any] = {"cells": cells, "text": words, "rows": labels, "chosen": [row, column]}
    value["cols"] = labels if stage in PAIRS else [str(i) for i in range(1, len(table[0]) + 1)]
    value["corner"] = t("corner.pairs" if stage in PAIRS else "corner.numbers")
    return value | {"caption": t(f"caption.{stage}"), **({"low": 0, "high": 1} if stage in SHARES else {})}


def derived(t: text.Text, head: Any, stage: str, row: int, column: int) -> str:
    """The arithmetic behind one number, written out."""
    from core.lessons.attention.head import derive

    found = derive(head, stage, row, column)
    asks = kit.quote(visible(head.tokens[row]), 30)
    looked = kit.quote(visible(head.tokens[column]), 30) if stage in PAIRS else str(column + 1)
    name = t(f"name.{stage}", asks=asks, looked=looked, number=column + 1)
    match found.kind:
        case "added":
            left, right, _ = found.terms[0]
            how, printed = t("how.added", left=left, right=right), round(left, 3) + round(right, 3)
        case "scale":
            left, right, _ = found.terms[0]
            how, printed = t("how.scale", left=left, right=right, width=head.trace.q.shape[1]), round(left, 3) / right
        case "kept" | "forbidden":
            return f"{name} = " + t(f"how.{found.kind}", value=found.terms[0][0]).replace("-", "−")
        case "learnt":
            return t("how.learnt", name=name, value=found.value).replace("-", "−")
        case "softmax":
            if found.terms[column][1] == 0:
                return f"{name} = " + t("how.masked_out")
            powers = [power for _, power, _ in found.terms if power]
            listed, more = " + ".join(f"{power:.3f}" for power in powers[:MOST_TERMS]), len(powers) > MOST_TERMS
            own = found.terms[column][1]
            how = t("how.softmax", own=own, powers=listed + " + …" * more)
            printed = found.value if more else round(own, 3) / sum(round(power, 3) for power in powers)
        case _:
            parts, more = [f"{_signed(a)} × {_signed(b)}" for a, b, _ in found.terms], len(found.terms) > MOST_TERMS
            how = " + ".join(parts[:MOST_TERMS]) + " + …" * more
            printed = found.value if more else sum(round(a, 3) * round(b, 3) for a, b, _ in found.terms)
    return f"{name} = {how} {_equals(printed, found.value)} **{found.value:.3f}**".replace("-", "−")


def compared(t: text.Text, head: Any, seconds: float) -> str:
    """The badge: computed now, and how far torch's own function is."""
    label = kit.badge_text(t, source="computed_now", seconds=seconds, device="CPU · numpy")
    return f"{label} · " + t("difference", value=head.trace.difference)


def maps(t: text.Text, layers: Any, names: list[str], chosen: int | None = None) -> dict[str, Any]:
    """Maps (H, T, T) of each layer as thumbnails, one row per layer."""
    import base64

    groups = [
        {
            "name": name,
            "text": t("maps.heads", heads=len(heads)),
            "tiles": [base64.b64encode(head.tobytes()).decode() for head in heads],
            "ids": list(range(1, len(heads) + 1)),
            "w": heads.shape[2],
            "h": heads.shape[1],
            "reach": 1,
        }
        for name, heads in zip(names, layers, strict=True)
    ]
    words = {"map": t("maps.head"), "at": t("maps.at"), "open": t("maps.open")}
    value = {"groups": groups, "size": 76, "words": words, "caption": t("maps.caption")}
    return value if chosen is None else value | {"chosen": chosen}


def shares(t: text.Text, table: list[list[float]], names: list[str], layer: int, head: int) -> dict[str, Any]:
    """One map with its numbers."""
    return {
        "cells": [[round(x, 3) for x in line] for line in table],
        "text": [[f"{x:.2f}" if x >= 0.005 else "" for x in line] for line in table],
        "rows": names,
        "cols": names,
        "low": 0,
        "high": 1,
        "corner": t("corner.pairs"),
        "caption": t("maps.one", layer=layer, head=head),
    }
