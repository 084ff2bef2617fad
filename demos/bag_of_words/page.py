"""Lesson 9: own sentences fall apart into a bag of tokens; a classifier learns from the bag, every word's say shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from demos import kit, views
from demos.bag_of_words import learn, order
from demos.bag_of_words.tasks import TASKS
from demos.kit import text
from demos.kit.lesson import Lesson, Opening, Room

TOKENS = ("words", "morphemes", "content", "characters")
STAGES = ("counts", "tfidf", "cosine")
MOST_ROWS = 60  # tokens of a matrix on the screen


def _config(texts: str, tokens: str) -> Any:
    from core.language.bag_of_words import BagConfig

    return BagConfig(texts, tokens)


def _stages(sentences: Any, texts: str, tokens: str) -> tuple[Any, Any]:
    from core.errors import InvalidInput
    from core.lessons.bag_of_words.stages import stages

    if not isinstance(sentences, str):
        raise InvalidInput("not_text", row=1, received=str(sentences))
    config = _config(texts, tokens)
    return stages([line for line in sentences.splitlines() if line.strip()] or [sentences], config), config


@kit.handler
def on_open(lang: str, sentences: str, texts: str, tokens: str, stage: str, *pair: str) -> tuple[Any, ...]:
    """The first screen: three sentences, their tokens, their numbers; two sentences with the same words."""
    return *on_sentences(lang, sentences, texts, tokens, stage), order.on_order(lang, texts, *pair)


@kit.handler
def on_sentences(lang: str, sentences: str, texts: str, tokens: str, stage: str) -> tuple[Any, ...]:
    """Own sentences, one a line (at most 20) → tokens → counts, tf-idf or cosine similarity."""
    view, _ = _stages(sentences, texts, tokens)
    t = text.load("bag_of_words", lang)
    said = t("bagged", sentences=len(view.sentences), vocabulary=len(view.vocabulary))
    return 0, _chips(t, view), _matrix(t, view, stage), said


@kit.handler
def on_shuffle(lang: str, turn: Any, sentences: str, texts: str, tokens: str, stage: str) -> tuple[Any, ...]:
    """Shuffle the tokens of each sentence and count again: does any number change?"""
    from core.lessons.bag_of_words.cases import shuffled

    turn = turn + 1 if isinstance(turn, int) else 1
    view, config = _stages(sentences, texts, tokens)
    again, change = shuffled(view, config, turn)
    t = text.load("bag_of_words", lang)
    return turn, _chips(t, again), _matrix(t, again, stage), t("shuffled", change=change)


@kit.handler
def on_pick(lang: str, sentences: str, texts: str, tokens: str, stage: str, spot: gr.EventData) -> tuple[Any, str]:
    """Where one number of the matrix comes from."""
    from core.lessons.bag_of_words.cases import cell, cosine_cell

    t, (view, _) = text.load("bag_of_words", lang), _stages(sentences, texts, tokens)
    row, column = kit.whole(kit.number(spot.row, "row")), kit.whole(kit.number(spot.col, "column"))
    shown = _matrix(t, view, stage) | {"chosen": [row, column]}
    if stage == "cosine":
        same = cosine_cell(view, row, column)
        parts = " + ".join(f"{value:.3f} ({kit.quote(token)})" for token, value in same.terms[:12])
        key = "how.cosine" if same.terms else "how.nothing"
        more = " + …" if len(same.terms) > 12 else ""
        return shown, t(key, first=row + 1, second=column + 1, parts=parts + more, value=same.value)
    found = cell(view, column, row)  # the matrix on the screen lies on its side: tokens are rows
    values = {"token": kit.quote(found.token), "sentence": column + 1, "count": found.count, "value": found.value}
    if stage == "counts":
        return shown, t("how.counts", **values)
    values |= {"sentences": found.sentences, "appears": found.appears_in, "idf": found.idf, "length": found.length}
    return shown, t("how.tfidf", **values)


def _chips(t: text.Text, view: Any) -> dict[str, Any]:
    ids = {token: i for i, token in enumerate(view.vocabulary)}
    rows = [
        {"name": str(i), "tokens": [{"text": token, "id": ids[token]} for token in tokens[:MOST_ROWS]]}
        for i, tokens in enumerate(view.tokens, 1)
    ]
    return {"rows": rows, "caption": t("chips_caption", vocabulary=len(view.vocabulary))}


def _matrix(t: text.Text, view: Any, stage: str) -> dict[str, Any]:
    from core.errors import Check

    check = Check()
    check.one_of("stage", stage, STAGES)
    check.done()
    numbers = [str(i) for i in range(1, len(view.sentences) + 1)]
    value: dict[str, Any] = {"cols": numbers, "low": 0, "caption": t(f"caption.{stage}")}
    if stage == "cosine":
        cells = [[round(x, 3) for x in row] for row in view.cosine_tfidf.tolist()]
        return value | {"cells": cells, "rows": numbers, "high": 1, "corner": t("sentence")}
    table = view.counts if stage == "counts" else view.tfidf.round(3)
    if (hidden := len(view.vocabulary) - MOST_ROWS) > 0:
        value["caption"] += " " + t("more_tokens", count=hidden)
    rows = list(view.vocabulary[:MOST_ROWS])
    return value | {"cells": table.T[:MOST_ROWS].tolist(), "rows": rows, "corner": t("token")}


@kit.handler
def on_texts(lang: str, texts: str, tokens: str) -> tuple[Any, ...]:
    """Another language of the texts: its example sentences, and a tokeniser that it has."""
    from core.errors import Check
    from core.language.tokens import TOKENS as known

    check = Check()
    check.one_of("texts", texts, known)
    check.done()
    t = text.load("bag_of_words", texts)
    tokens = tokens if tokens in known[texts] else "words"
    example = {name: t(f"example.{name}") for name in ("sentences", "first", "second", "review")}
    return tokens, *example.values()


@kit.handler
def on_code(lang: str, sentences: str, texts: str, tokens: str, weighting: str, seed: float, review: str) -> str:
    """Both halves of the lesson as a script."""
    view, _ = _stages(sentences, texts, tokens)
    return CODE.format(
        texts=texts, tokens=tokens, weighting=weighting, seed=kit.whole(seed), review=review, sentences=view.sentences
    )


CODE = """from core.lessons.bag_of_words.cases import teach
from core.language.bag_of_words import BagConfig
from core.lessons.bag_of_words.stages import stages
from core.data import reviews
from core.events import drain

config = BagConfig({texts!r}, {tokens!r}, {weighting!r})
view = stages({sentences!r}, config)
print(view.vocabulary, view.counts, view.tfidf, view.cosine_tfidf, sep="\\n")

taught = drain(teach(reviews.load({texts!r}, hard=False), config, seed={seed!r}))
print(f"accuracy on {{taught.held_out}} reviews held out: {{taught.accuracy:.4f}}")

review = {review!r}
explanation = taught.bag.explanation(review)
for token, contribution in explanation.contributions:
    print(f"{{contribution:+.4f}}  {{token}}")
print(f"{{explanation.intercept:+.4f}}  (intercept)")
print(f"{{explanation.logit:+.4f}}  = logit, p({{explanation.target}}) = {{explanation.probability:.4f}}")
"""


def build(lang: str) -> Room:
    t = text.load("bag_of_words", lang)
    language, turn = kit.header(t), gr.State(0)
    example: Callable[[str], str] = lambda name: t(f"example.{name}")  # noqa: E731
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            sentences = gr.Textbox(example("sentences"), label=t("sentences"), info=t("sentences_info"), lines=4)
            texts = gr.Radio(t.choices("texts_in", ("ko", "en")), value=lang, label=t("texts_label"))
            tokens = gr.Radio(t.choices("tokens_by", TOKENS), value="words", label=t("tokens_label"))
            with gr.Row(elem_classes="taste-buttons"):
                shuffle = gr.Button(t("shuffle"), variant="primary", min_width=150)
                back = gr.Button(t("reset"), min_width=80)
            take = gr.Button(t("take"), size="md")
        with gr.Column(scale=3, min_width=300):
            chips = views.tokens()
            stage = gr.Radio(t.choices("stages", STAGES), value="counts", label=t("stage_label"))
            matrix = views.matrix(can=("pick",))
            said = kit.markdown("", min_height=52)
    first, second, ordered = order.build(t, example)
    learning = learn.build(t, language, texts, tokens, example)
    controls = {"sentences": sentences, "texts": texts, "tokens": tokens, "stage": stage}
    controls |= {"first": first, "second": second, **learning.controls}
    inputs, outputs = [language, sentences, texts, tokens, stage], [turn, chips, matrix, said]
    quiet = kit.LIGHT | kit.PRIVATE
    shuffle.click(on_shuffle, [language, turn, *inputs[1:]], outputs, **quiet)
    for listen in (sentences.change, tokens.change, stage.change):
        public = kit.api("bag_of_words_stages") if listen == sentences.change else kit.PRIVATE
        listen(on_sentences, inputs, outputs, **kit.LIGHT, **public)
    back.click(on_sentences, inputs, outputs, **quiet)
    matrix.pick(on_pick, inputs, [matrix, said], **quiet)
    texts.input(on_texts, [language, texts, tokens], [tokens, sentences, first, second, learning.review], **quiet)
    for box in (first, second):
        public = kit.api("bag_of_words_order") if box is second else kit.PRIVATE
        box.change(order.on_order, [language, texts, first, second], ordered, **kit.LIGHT, **public)
    take.click(on_take, [language, kit.shelf("prompt"), sentences], [sentences, said], **quiet)
    kit.tasks(t, TASKS)
    kit.code_panel(t, "bag_of_words.py", on_code, [*inputs[:4], learning.weighting, learning.seed, learning.review])
    kit.share(t, controls)
    kit.story(t)
    return Room(controls, Opening(on_open, [*inputs, first, second], [*outputs, ordered]))


@kit.handler
def on_take(lang: str, prompt: Any, sentences: str) -> tuple[Any, str]:
    """A sentence written in another lesson, as one more line."""
    if not isinstance(prompt, str) or not prompt.strip():
        return gr.skip(), text.load("bag_of_words", lang)("take_nothing")
    return f"{sentences.rstrip()}\n{prompt.strip()[:200]}", gr.skip()


LESSON = Lesson("bag_of_words", build)
