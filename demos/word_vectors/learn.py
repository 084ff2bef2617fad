"""Word vectors: the reviews of the bag of words, learnt from bags and from vectors, on the same folds, hard ones too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.word_vectors import choices
from demos import kit, views
from demos.kit import text

FORM = kit.Form(reviews=choices.TEXTS, folds=choices.FOLDS, seed=choices.SEED)
SCREEN = kit.Screen("scores", "kinds", "judged", "learn_badge")


@kit.handler
def on_contest(lang: str, form: kit.Values) -> Iterator[kit.Update]:
    """Fold by fold: accuracy on reviews that were held out, and on the hard ones."""
    from core import runtime
    from core.events import Done, Progress
    from core.lessons.word_vectors.reviews import ContestConfig, FoldJudged, contest

    t, seen = text.load("word_vectors", lang), list[Any]()
    config = form.read(ContestConfig, texts=form.reviews)
    for event in kit.paced(contest(config, deadline=kit.RUN_SECONDS), 0):
        match event:
            case Progress(done=done, total=total):
                yield SCREEN(learn_badge=t("learn.reading", done=done, total=total))
            case FoldJudged():
                seen.append(event)
                means = [[sum(each.easy[k] for each in seen) / len(seen) for k in (0, 1)]]
                means.append([sum(each.hard[k] for each in seen) / len(seen) for k in (0, 1)])
                yield SCREEN(scores=_scores(t, means, len(seen), event.folds))
            case Done(result=found, seconds=seconds, stopped=why):
                device = f"{runtime.describe('cpu')} · scikit-learn"
                badge = kit.badge_text(t, source="trained_now", seconds=seconds, device=device)
                gain = found.hard[1] - found.hard[0]
                key = "learn.better" if gain >= 0.1 else "learn.alike" if gain > -0.02 else "learn.worse"
                said = t(
                    key,
                    bag=found.hard[0],
                    vectors=found.hard[1],
                    gain=abs(gain) * 100,
                    words=found.features[0],
                    numbers=found.features[1],
                )
                if max(found.hard) < 0.5:
                    said += " " + t("learn.below_chance")
                yield SCREEN(kinds=_kinds(t, found), judged=said, learn_badge=badge + kit.why_stopped(t, why, 0))


def _scores(t: text.Text, means: list[list[float]], done: int, folds: int) -> dict[str, Any]:
    items = [
        {
            "name": f"{t(f'learn.{where}')} · {t(f'learn.{reader}')}",
            "value": round(means[row][k], 4),
            "text": f"{means[row][k]:.1%}",
            "colour": 3 if k == 0 else 1,
        }
        for row, where in enumerate(("easy", "hard"))
        for k, reader in enumerate(("bag", "vectors"))
    ]
    return {"items": items, "low": 0, "high": 1, "caption": t("learn.caption", done=done, folds=folds)}


def _kinds(t: text.Text, found: Any) -> dict[str, Any]:
    return {
        "cells": [[round(bag, 3), round(read, 3)] for _, _, bag, read in found.kinds],
        "text": [[f"{bag:.0%}", f"{read:.0%}"] for _, _, bag, read in found.kinds],
        "rows": [f"{t(f'hard.{kind}')} ({count})" for kind, count, _, _ in found.kinds],
        "cols": [t("learn.bag"), t("learn.vectors")],
        "low": 0,
        "high": 1,
        "caption": t("learn.kinds"),
    }


def build(t: text.Text, language: gr.State) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    kit.markdown(f"### {t('learn.title')}\n{t('learn.lead')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            desk.put(reviews=gr.Radio(t.choices("texts_in", choices.TEXTS), value=t.lang, label=t("learn.reviews")))
            with gr.Row():
                desk.put(folds=kit.slider(choices.FOLDS, label=t("learn.folds"), min_width=120))
                desk.put(seed=gr.Number(choices.SEED.default, label=t("seed"), info=t("seed_info"), min_width=120))
            buttons = kit.buttons(t, "learn.go")
            desk.put(learn_badge=kit.badge())
        with gr.Column(scale=3, min_width=300):
            desk.put(scores=views.bars(), judged=kit.markdown("", min_height=52), kinds=views.matrix())
    kit.hold(buttons.run)
    run = desk.on(buttons.run.click, on_contest, kit.RUN, api="word_vectors_reviews")
    kit.free(buttons.run, run)
    buttons.stop.click(None, cancels=[run], **kit.PRIVATE)
    desk.on(buttons.reset.click, on_reset, cancels=[run])
    return desk


@kit.handler
def on_reset(lang: str) -> kit.Update:
    return SCREEN(scores={}, kinds={}, judged="", learn_badge="")
