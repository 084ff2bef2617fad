"""Lesson 9: own sentences fall apart into a bag of tokens; a classifier learns from the bag, every word's say shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.bag_of_words import choices
from demos import kit, views
from demos.bag_of_words import learn, order
from demos.bag_of_words.tasks import TASKS
from demos.kit import text
from demos.kit.first import first as first_screen
from demos.kit.lesson import Lesson, Room

FORM = kit.Form(sentences="", texts=choices.TEXTS, tokens=choices.TOKENS, stage=choices.STAGE)
STAGES = ("turn", "chips", "matrix", "said")  # what a change of the sentences changes
EXAMPLES = ("sentences", "first", "second", "review")
SCREEN = kit.Screen(*STAGES, *EXAMPLES, "tokens")
MOST_ROWS = 60  # tokens of a matrix on the screen


def _stages(sentences: Any, texts: str, tokens: str) -> tuple[Any, Any]:
    from core.errors import InvalidInput
    from core.language.bag_of_words import BagConfig
    from core.lessons.bag_of_words.stages import stages

    if not isinstance(sentences, str):
        raise InvalidInput("not_text", row=1, received=str(sentences))
    config = BagConfig(texts, tokens)
    return stages([line for line in sentences.splitlines() if line.strip()] or [sentences], config), config


@kit.handler
def on_sentences(lang: str, sentences: str, texts: str, tokens: str, stage: str) -> kit.Update:
    """Own sentences, one a line (at most 20) → tokens → counts, tf-idf or cosine similarity."""
    from core.errors import CoreError

    t = text.load("bag_of_words", lang)
    try:
        view, _ = _stages(sentences, texts, tokens)
    except CoreError as error:
        return SCREEN(said=kit.empty_box(lang, error))
    said = t("bagged", sentences=len(view.sentences), vocabulary=len(view.vocabulary))
    return SCREEN(turn=0, chips=_chips(t, view), matrix=_matrix(t, view, stage), said=said)


@kit.handler
def on_prelude(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """The first seconds: the tokens are counted, one by one."""
    view, _ = _stages(form.sentences, form.texts, form.tokens)
    whole = _matrix(text.load("bag_of_words", lang), view, "counts")
    counted = [[0] * len(view.sentences) for _ in whole["rows"]]
    for column, tokens in enumerate(view.tokens):
        for token in tokens:
            if token in whole["rows"]:
                counted[whole["rows"].index(token)][column] += 1
                yield SCREEN(matrix=whole | {"cells": [list(row) for row in counted]})


@kit.handler
def on_shuffle(lang: str, turn: Any, sentences: str, texts: str, tokens: str, stage: str) -> kit.Update:
    """Shuffle the tokens of each sentence and count again: does any number change?"""
    from core.lessons.bag_of_words.cases import shuffled

    turn = turn + 1 if isinstance(turn, int) else 1
    view, config = _stages(sentences, texts, tokens)
    again, change = shuffled(view, config, turn)
    t = text.load("bag_of_words", lang)
    said = t("shuffled", change=change)
    return SCREEN(turn=turn, chips=_chips(t, again), matrix=_matrix(t, again, stage), said=said)


@kit.handler
def on_pick(lang: str, sentences: str, texts: str, tokens: str, stage: str, spot: gr.EventData) -> kit.Update:
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
        said = t(key, first=row + 1, second=column + 1, parts=parts + more, value=same.value)
        return SCREEN(matrix=shown, said=said)
    found = cell(view, column, row)  # the matrix on the screen lies on its side: tokens are rows
    values = {"token": kit.quote(found.token), "sentence": column + 1, "count": found.count, "value": found.value}
    if stage == "counts":
        return SCREEN(matrix=shown, said=t("how.counts", **values))
    values |= {"sentences": found.sentences, "appears": found.appears_in, "idf": found.idf, "length": found.length}
    return SCREEN(matrix=shown, said=t("how.tfidf", **values))


def _chips(t: text.Text, view: Any) -> dict[str, Any]:
    ids, names = {token: i for i, token in enumerate(view.vocabulary)}, text.table("bag_of_words", t.lang)
    rows, tags = list[dict[str, Any]](), dict[str, str]()
    for i, tokens in enumerate(view.tokens, 1):
        chips = [{"text": token, "id": ids[token]} for token in tokens[:MOST_ROWS]]
        for chip in chips:
            tag = chip["text"].rpartition("/")[2]
            if f"/{tag}" in chip["text"] and (name := names.get(f"tag.{tag}")):
                chip["title"] = tags[tag] = name
        rows.append({"name": str(i), "tokens": chips})
    caption = t("chips_caption", vocabulary=len(view.vocabulary))
    if tags:
        caption += " " + t("tags", tags=", ".join(f"{tag} {name}" for tag, name in sorted(tags.items())))
    return {"rows": rows, "caption": caption}


def _matrix(t: text.Text, view: Any, stage: str) -> dict[str, Any]:
    from core.errors import checking

    with checking() as check:
        check.within("stage", stage, choices.STAGE)
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
def on_texts(lang: str, texts: str, tokens: str) -> kit.Update:
    """Another language of the texts: its example sentences, and a tokeniser that it has."""
    from core.errors import checking
    from core.language.tokens import TOKENS as known

    with checking() as check:
        check.within("texts", texts, choices.TEXTS)
    t = text.load("bag_of_words", texts)
    examples = {name: t(f"example.{name}") for name in EXAMPLES}
    return SCREEN(tokens=tokens if tokens in known[texts] else choices.TOKENS.default, **examples)


@kit.handler
def on_take(lang: str, prompt: Any, sentences: str) -> kit.Update:
    """A sentence written in another lesson, as one more line."""
    if not isinstance(prompt, str) or not prompt.strip():
        return SCREEN(said=text.load("bag_of_words", lang)("take_nothing"))
    return SCREEN(sentences=f"{sentences.rstrip()}\n{prompt.strip()[: choices.MOST_SENTENCE]}")


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
    language = kit.header(t)
    desk, first = kit.Desk(t, FORM, SCREEN, language), first_screen("bag_of_words", lang)
    desk.put(turn=gr.State(0), prompt=kit.shelf("prompt"))
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            example = t("example.sentences")
            desk.put(sentences=gr.Textbox(example, label=t("sentences"), info=t("sentences_info"), lines=4))
            desk.put(texts=gr.Radio(t.choices("texts_in", choices.TEXTS), value=lang, label=t("texts_label")))
            desk.put(tokens=kit.radio(t, "tokens_by", choices.TOKENS, label=t("tokens_label")))
            with gr.Row(elem_classes="taste-buttons"):
                shuffle = gr.Button(t("shuffle"), variant="primary", min_width=150)
                back = gr.Button(t("reset"), min_width=80)
            take = gr.Button(t("take"), size="md")
        with gr.Column(scale=3, min_width=300, elem_classes="taste-early"):
            desk.put(chips=views.tokens(first["chips"]))
            desk.put(stage=kit.radio(t, "stages", choices.STAGE, label=t("stage_label")))
            desk.put(matrix=views.matrix(first["matrix"], can=("pick",)))
            desk.put(said=kit.markdown(first["said"], min_height=52))
    ordering = order.build(t, language, desk.texts)
    learning = learn.build(t, language, desk.texts, desk.tokens)
    desk.put(first=ordering.first, second=ordering.second)
    desk.put(weighting=learning.weighting, seed=learning.seed, review=learning.review)
    desk.on(shuffle.click, on_shuffle, to=STAGES)
    typed = (desk.sentences.change, desk.tokens.change, desk.stage.change, back.click)
    desk.on(typed, on_sentences, to=STAGES, api="bag_of_words_stages")
    desk.on(desk.matrix.pick, on_pick, to=("matrix", "said"))
    desk.on(desk.texts.input, on_texts, to=("tokens", *EXAMPLES))
    desk.on(take.click, on_take, to=("sentences", "said"))
    controls = desk.controls | ordering.controls | learning.controls
    kit.tasks(t, TASKS)
    kit.code_panel(desk, "bag_of_words.py", on_code)
    kit.share(t, controls)
    kit.story(t)
    prelude = desk.prelude(on_prelude, "matrix")
    return Room(controls, desk.opening(on_sentences, STAGES), (ordering.opening(order.on_order),), prelude)


LESSON = Lesson("bag_of_words", build)
