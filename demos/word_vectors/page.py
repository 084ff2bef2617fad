"""Word vectors: type any word, see its nearest in two languages; words on a map; sums of words; texts as bag and as vector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.word_vectors import choices
from demos import kit, views
from demos.kit import text
from demos.kit.lesson import Lesson, Room
from demos.word_vectors import learn, likeness, map, sums
from demos.word_vectors.tasks import TASKS

FORM = kit.Form(word="")
MOST_TYPED = 12  # letters, in the first seconds
SCREEN = kit.Screen("pieces", "ko", "en", "said", "badge")


@kit.handler
def on_word(lang: str, word: str) -> kit.Update:
    """The nearest words, Korean and English, to any word or sentence."""
    from core import runtime
    from core.errors import CoreError
    from core.events import Deadline
    from core.lessons.word_vectors import space

    clock, t = Deadline(), text.load("word_vectors", lang)
    try:
        wv, found = space.space(), space.neighbours(word)
    except CoreError as error:
        none: dict[str, Any] = {"items": []}  # what stood there was another word's
        return SCREEN(said=kit.empty_box(lang, error, t("write")), pieces={"tokens": []}, ko=none, en=none, badge="")
    chips = [{"text": piece.text, "id": piece.id} for piece in found.pieces]
    label = kit.badge_text(
        t,
        source="shipped",
        parameters=wv.parameters,
        seconds=clock.elapsed,
        device=runtime.describe("cpu"),
    )
    best = max(found.ko[0], found.en[0], key=lambda each: each.cosine)
    values = {"word": kit.quote(found.text), "nearest": best.text, "cosine": best.cosine, "numbers": wv.dimensions}
    return SCREEN(
        pieces={"tokens": chips, "caption": t("pieces_caption", pieces=len(chips), numbers=wv.dimensions)},
        ko=_bars(t, "ko", found.ko),
        en=_bars(t, "en", found.en),
        said=t("far" if found.far else "near", **values),
        badge=f"{label} · {t('made_of')}",
    )


def _bars(t: text.Text, language: str, found: Any) -> dict[str, Any]:
    items = [{"name": each.text, "value": round(each.cosine, 4), "text": f"{each.cosine:.2f}"} for each in found]
    return {"items": items, "low": 0, "high": 1, "caption": t(f"nearest.{language}")}


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the word as it is typed, letter by letter."""
    for end in range(1, min(len(form.word), MOST_TYPED) + 1):
        yield on_word(lang, form.word[:end])


@kit.handler
def on_take(lang: str, prompt: Any) -> kit.Update:
    """A text written in another lesson."""
    if not isinstance(prompt, str) or not prompt.strip():
        return SCREEN(said=text.load("word_vectors", lang)("take_nothing"))
    return on_word(lang, prompt.strip()[: choices.MOST_LETTERS])


@kit.handler
def on_code(lang: str, word: str, a: str, b: str, c: str, first: str, second: str, spoken: str) -> str:
    """Neighbours, the sum and the likeness as a script."""
    return CODE.format(word=word.strip(), a=a, b=b, c=c, first=first, second=second, spoken=spoken)


CODE = """from core.lessons.word_vectors import space

for language in ("ko", "en"):
    texts, table = space.listed(language)  # everyday words and their vectors, (N, 256)
    cosines = table @ space.vectors([{word!r}])[0]
    for row in [row for row in (-cosines).argsort() if texts[row] != {word!r}][:8]:
        print(f"{{cosines[row]:.4f}}  {{texts[row]}}")

one, two, three = space.vectors([{a!r}, {b!r}, {c!r}])  # {b} - {a} + {c}
print([near.text for near in space.arithmetic({a!r}, {b!r}, {c!r}, {spoken!r}).nearest])

first, second = space.vectors([{first!r}, {second!r}])
print(f"vectors: {{first @ second:.4f}}, bags: {{space.alike({first!r}, {second!r}, {spoken!r}).bag:.4f}}")
"""


def build(lang: str) -> Room:
    t = text.load("word_vectors", lang)
    language = kit.header(t)
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(prompt=kit.shelf("prompt"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            word = t("example.word")
            desk.put(word=gr.Textbox(word, label=t("word_label"), info=t("word_info"), max_length=choices.MOST_LETTERS))
            with gr.Row(elem_classes="taste-buttons"):
                find = gr.Button(t("find"), min_width=120)
                take = gr.Button(t("take"), size="md", min_width=150)
            gr.Examples([[each] for each in t("examples").split("|")], desk.word, label=t("examples_label"))
            desk.put(pieces=views.tokens(), said=kit.markdown("", min_height=52), badge=kit.badge())
        with gr.Column(scale=3, min_width=300), gr.Row(equal_height=False):
            desk.put(ko=views.bars(min_height=200), en=views.bars(min_height=200))
    mapped = map.build(t, language, desk.word)
    summed = sums.build(t, language)
    compared = likeness.build(t, language)
    judged = learn.build(t, language)
    desk.put(a=summed.a, b=summed.b, c=summed.c, first=compared.first, second=compared.second, spoken=gr.State(lang))
    desk.on((find.click, desk.word.submit), on_word, api="word_vectors_near")
    desk.on(desk.word.change, on_word)
    desk.on(take.click, on_take)
    parts = (mapped, summed, compared, judged)
    controls = desk.controls | {name: control for part in parts for name, control in part.controls.items()}
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "word_vectors.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    more = (mapped.opening(map.on_map), summed.opening(sums.on_sum), compared.opening(likeness.on_compare))
    return Room(controls, desk.opening(on_word), more, desk.prelude(on_prelude, "pieces", "ko", "en"))


LESSON = Lesson("word_vectors", build)
