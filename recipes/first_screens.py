"""Writes demos/<lesson>/first.json: what the openings of lessons show at their defaults, where that takes seconds.

    python -m recipes.first_screens

Run it again when the words of such a lesson change; its tests say so.
"""

from __future__ import annotations

import json
from typing import Any

from core.lessons.bag_of_words import choices as bag_choices
from demos.bag_of_words import order
from demos.bag_of_words import page as bag
from demos.kit import text
from demos.multimodal import space


def bag_of_words(lang: str) -> dict[str, Any]:
    t = text.load("bag_of_words", lang)
    seen = bag.on_sentences(lang, t("example.sentences"), lang, bag_choices.TOKENS.default, bag_choices.STAGE.default)
    ordered = order.on_order(lang, lang, t("example.first"), t("example.second"))
    return {name: seen[name] for name in ("chips", "matrix", "said")} | {"ordered": ordered["ordered"]}


def multimodal(lang: str) -> dict[str, Any]:
    t = text.load("multimodal", lang)
    seen = space.on_compare(lang, None, t("captions_default"), t("labels_default"))
    return {name: seen[name] for name in ("album", "matrix", "bars")}


SCREENS = {"bag_of_words": bag_of_words, "multimodal": multimodal}


def main() -> None:
    for lesson, screen in SCREENS.items():
        file = text.LESSONS / lesson / "first.json"
        kept = {lang: screen(lang) for lang in text.LANGUAGES}
        file.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
        print(f"{file} {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
