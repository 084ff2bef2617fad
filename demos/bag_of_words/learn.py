"""Part of lesson 9: a classifier learns reviews, tells why it answers as it does, fails honestly, meets its rivals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from core.lessons.bag_of_words import choices
from demos import kit, views
from demos.kit import downloads, text

FORM = kit.Form(texts=choices.TEXTS, tokens=choices.TOKENS, weighting=choices.WEIGHTING, seed=choices.SEED, review="")
LEARNT = ("bag", "curve", "weights", "badge", "chips", "bars", "said")
WHY = ("bag", "chips", "bars", "said")  # why a review gets its label
RACE = ("compared", "scores")
SCREEN = kit.Screen(*LEARNT, *RACE, "hard", "own", "file_said")
SECONDS = 0.15  # a snapshot of the descent stays on the screen
MISSED = 3  # reviews shown of each hard kind


def _reviews(own: Any, texts: str, hard: bool = False) -> Any:
    from core.data import reviews

    return own if own is not None and not hard else reviews.load(texts, hard=hard)


def _teaching(own: Any, form: kit.Values) -> Iterator[Any]:
    from core.language.bag_of_words import BagConfig
    from core.lessons.bag_of_words.cases import teach

    config = form.read(BagConfig, language=form.texts)
    return teach(_reviews(own, form.texts), config, kit.whole(form.seed), kit.RUN_SECONDS)


@kit.handler
def on_learn(lang: str, own: Any, form: kit.Values) -> Iterator[kit.Update]:
    """Learn four fifths of the reviews while the largest weights are watched; judge the rest; explain one review."""
    from core.events import Done, Progress
    from core.language.bag_of_words import LearnStep, Vectorised

    t, steps = text.load("bag_of_words", lang), list[Any]()
    for event in kit.paced(_teaching(own, form), 0):
        match event:
            case Progress(stage=stage, done=done, total=total):
                yield SCREEN(badge=t(f"progress.{stage}", done=done, total=total))
            case Vectorised(texts=rows, vocabulary=size):
                yield SCREEN(badge=t("progress.vectors", rows=rows, size=size))
            case LearnStep():
                steps.append(event)
                yield SCREEN(curve=_curve(t, steps), weights=_weights(t, event))
                time.sleep(SECONDS)  # the descent itself takes milliseconds
            case Done(result=taught, seconds=seconds, stopped=why):
                size = taught.bag.weights_.size + taught.bag.intercept_.size
                label = kit.badge_text(
                    t, source="trained_now", parameters=size, seconds=seconds, device="CPU · scikit-learn"
                )
                key = "judged" if taught.held_out else "judged_none"
                label += " · " + t(key, learnt=taught.learnt, held=taught.held_out, accuracy=taught.accuracy)
                badge = label + kit.why_stopped(t, why, 0)
                yield SCREEN(bag=taught.bag, badge=badge) | _explained(t, taught.bag, form.review)


def _curve(t: text.Text, steps: list[Any]) -> dict[str, Any]:
    x = [step.iteration for step in steps]
    series = [
        {"name": t("learn.loss"), "x": x, "y": [step.loss for step in steps], "colour": 2, "dots": True},
        {"name": t("learn.accuracy"), "x": x, "y": [step.accuracy for step in steps], "colour": 1, "dots": True},
    ]
    caption = t("learn.caption", iteration=x[-1], loss=steps[-1].loss, accuracy=steps[-1].accuracy)
    return {"series": series, "logx": True, "xlabel": t("learn.x"), "ylim": [0, 1.05], "caption": caption}


def _weights(t: text.Text, step: Any) -> dict[str, Any]:
    return {
        "items": [{"name": token, "value": round(weight, 3)} for token, weight in step.words],
        "caption": t("learn.weights"),
    }


@kit.handler
def on_explain(lang: str, bag: Any, own: Any, form: kit.Values) -> kit.Update:
    """Why a review gets its label: each token's contribution, and their sum. Learns first if nothing is learnt yet."""
    from core.events import drain

    bag = drain(_teaching(own, form)).bag if bag is None else bag
    return SCREEN(bag=bag) | _explained(text.load("bag_of_words", lang), bag, form.review)


def _label(t: text.Text, label: Any) -> str:
    return t(f"label.{label}") if label in ("positive", "negative") else kit.quote(label, 40)


def _explained(t: text.Text, bag: Any, review: str) -> kit.Update:
    from core.lessons.bag_of_words.cases import ledger

    told = bag.explanation(review)
    sums = ledger(told)
    reach = max([abs(piece.contribution) for piece in told.pieces], default=0) or 1
    pieces = told.pieces[:200]
    chips = {
        "tokens": [
            {
                "text": p.token,
                "p": p.contribution / reach,
                "dim": not p.known,
                "title": f"{p.contribution:+.3f}" if p.known else t("why.unknown"),
            }
            for p in pieces
        ],
        "caption": t("why.chips", target=_label(t, told.target)) if pieces else t("why.no_token"),
    }
    items = [{"name": token, "value": value, "text": f"{value:+.3f}"} for token, value in sums.largest]
    if sums.others:
        items.append({"name": t("why.rest", count=sums.others), "value": sums.rest, "text": f"{sums.rest:+.3f}"})
    items.append({"name": t("why.intercept"), "value": sums.intercept, "text": f"{sums.intercept:+.3f}"})
    items.append({"name": t("why.logit"), "value": sums.logit, "text": f"{sums.logit:+.3f}"})
    bars = {"items": items, "chosen": len(items) - 1, "caption": t("why.sum", logit=sums.logit)}
    said = t("why.answer", target=_label(t, told.target), logit=told.logit, probability=told.probability)
    unknown = ", ".join(kit.quote(token, 30) for token in told.unknown[:12])
    said += " " + t("why.strangers", tokens=unknown) if unknown else ""
    return SCREEN(chips=chips, bars=bars, said=said)


@kit.handler
def on_hard(lang: str, form: kit.Values) -> Iterator[str]:
    """Judge negation, irony and mixed reviews with a model that learnt the plain ones; show what it gets wrong."""
    from core.events import drain
    from core.lessons.bag_of_words.cases import hard_cases

    t = text.load("bag_of_words", lang)
    yield t("hard.running")
    taught = drain(_teaching(None, form))
    kinds = hard_cases(taught.bag, _reviews(None, form.texts, hard=True))
    lines = [t("hard.head"), "|---|---|---|", t("hard.plain", accuracy=taught.accuracy, held=taught.held_out)]
    lines += [t("hard.row", kind=t(f"hard.kind.{k.kind}"), right=k.right, total=k.total) for k in kinds]
    parts = ["\n".join(lines)]
    for kind in kinds:
        cases = [
            "- " + t("hard.case", text=kit.quote(words), label=_label(t, label), given=given)
            for words, label, given in kind.missed[:MISSED]
        ]
        parts.append(f"**{t(f'hard.kind.{kind.kind}')}** — {t(f'hard.why.{kind.kind}')}\n" + "\n".join(cases))
    yield "\n\n".join(parts)


def scores(texts: str) -> Any:
    """Cross-validated accuracy of every tokeniser on the shipped reviews."""
    from core.events import drain
    from core.lessons.bag_of_words.stages import CompareConfig, compare

    plain, hard = _reviews(None, texts), _reviews(None, texts, hard=True)
    return drain(compare(plain.texts, plain.labels, CompareConfig(texts), (hard.texts, hard.labels)))


@kit.handler
def on_compare(lang: str, texts: str, weighting: str, seed: float) -> Iterator[kit.Update]:
    """Every tokeniser on the same five folds of the shipped reviews, and on the hard ones that none has learnt."""
    from core.events import Done, Progress
    from core.lessons.bag_of_words.stages import CompareConfig, FoldResult, compare

    t, plain, hard = text.load("bag_of_words", lang), _reviews(None, texts), _reviews(None, texts, hard=True)
    latest: dict[str, Any] = {}
    config = CompareConfig(texts, weighting=weighting, seed=kit.whole(seed))
    events = compare(plain.texts, plain.labels, config, (hard.texts, hard.labels), deadline=kit.RUN_SECONDS)
    for event in kit.paced(events, 0):
        match event:
            case Progress(detail=name):
                yield SCREEN(scores=t("compare.running", name=t(f"tokens_by.{name}")))
            case FoldResult():
                latest[event.tokens] = event
                yield SCREEN(compared=_compared(t, latest))
            case Done(result=found, seconds=seconds):
                rows = [t("compare.head"), "|---|---|---|---|---|"]
                rows += [
                    t(
                        "compare.row",
                        name=t(f"tokens_by.{s.tokens}"),
                        accuracy=s.accuracy,
                        spread=s.spread,
                        hard=s.extra_accuracy,
                        vocabulary=s.vocabulary,
                        seconds=s.train_seconds,
                    )
                    for s in found
                ]
                yield SCREEN(scores="\n".join(rows) + "\n\n" + t("compare.done", seconds=seconds))


def _compared(t: text.Text, latest: dict[str, Any]) -> dict[str, Any]:
    items = []
    for name, event in latest.items():
        for kind, value, colour in (("plain", event.mean, 1), ("hard", event.extra_mean, 2)):
            words = t(f"compare.{kind}", name=t(f"tokens_by.{name}"))
            items.append({"name": words, "value": value, "text": f"{value:.1%}", "colour": colour})
    last = next(reversed(latest.values()))
    return {"items": items, "low": 0, "high": 1, "caption": t("compare.caption", fold=last.fold, folds=last.folds)}


@kit.handler
def on_file(lang: str, path: str | None) -> kit.Update:
    """The learner's own reviews: a CSV with a column of texts and one of labels. Read, never kept."""
    from core.data import reviews
    from core.files import tables

    t = text.load("bag_of_words", lang)
    if not path:
        return SCREEN(own=None, bag=None, file_said="")
    with open(path, "rb") as file:
        own = reviews.from_csv(file.read(tables.MOST_BYTES + 1))
    labels = ", ".join(kit.quote(label, 30) for label in sorted(set(own.labels))[:8])
    return SCREEN(own=own, bag=None, file_said=t("file_said", rows=len(own), labels=labels))


@kit.handler
def on_csv(lang: str, bag: Any) -> str:
    """The vocabulary with its weights."""
    from core.errors import NotReady
    from core.lessons.bag_of_words.cases import weights_csv

    if bag is None:
        raise NotReady("not_fitted")
    return weights_csv(bag)


@kit.handler
def on_reset(lang: str) -> kit.Update:
    """Nothing learnt."""
    return SCREEN(**dict.fromkeys(LEARNT)) | SCREEN(badge="", said="")


def build(t: text.Text, language: gr.State, texts: gr.Radio, tokens: gr.Radio) -> kit.Desk:
    desk = kit.Desk(t, FORM, SCREEN, language)
    desk.put(texts=texts, tokens=tokens, bag=gr.State(None), own=gr.State(None))
    kit.markdown(f"### {t('learn.title')}\n{t('learn.hint')}")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            buttons = kit.buttons(t, "learn.run")
            desk.put(badge=kit.badge(), curve=views.curve(height=200), weights=views.bars())
            with gr.Accordion(t("more"), open=False):
                desk.put(weighting=kit.radio(t, "weightings", choices.WEIGHTING, label=t("weighting_label")))
                desk.put(seed=kit.number_box(choices.SEED, label=t("seed"), info=t("seed_info")))
                desk.put(path=gr.File(label=t("file_label"), file_types=[".csv", ".tsv", ".txt"], height=110))
                desk.put(file_said=kit.markdown(""))
                save = downloads.button(t)
        with gr.Column(scale=3, min_width=300):
            example, most = t("example.review"), choices.MOST_REVIEW
            desk.put(review=gr.Textbox(example, label=t("why.label"), info=t("why.info"), max_length=most, lines=2))
            with gr.Row(elem_classes="taste-buttons"):
                ask = gr.Button(t("why.ask"), min_width=110)
                keep = gr.Button(t("why.keep"), min_width=110)
            desk.put(chips=views.tokens(), bars=views.bars(), said=kit.markdown("", elem_classes="taste-answer"))
    with gr.Accordion(t("hard.title"), open=False):
        kit.markdown(t("hard.hint"))
        judge = gr.Button(t("hard.run"), size="md")
        desk.put(hard=kit.markdown(""))
    with gr.Accordion(t("compare.title"), open=False):
        kit.markdown(t("compare.hint"))
        race = gr.Button(t("compare.run"), size="md")
        desk.put(compared=views.bars(), scores=kit.markdown(""))
    run = desk.on(buttons.run.click, on_learn, kit.RUN, to=LEARNT, api="bag_of_words_learn")
    racing = desk.on(race.click, on_compare, kit.RUN, to=RACE, api="bag_of_words_compare")
    buttons.stop.click(None, cancels=[run, racing], **kit.PRIVATE)
    desk.on(buttons.reset.click, on_reset, to=LEARNT, cancels=[run])
    desk.on((ask.click, desk.review.submit), on_explain, to=WHY, api="bag_of_words_explain")
    for control in (desk.texts, desk.tokens, desk.weighting, desk.seed):
        control.change(lambda: None, None, desk.bag, **kit.LIGHT, **kit.PRIVATE)  # what was learnt no longer fits
    desk.on(judge.click, on_hard, kit.RUN, to="hard")
    desk.on((desk.path.upload, desk.path.clear), on_file, to=("own", "bag", "file_said"))
    downloads.save(desk, save, "bag_of_words.csv", on_csv)
    kit.keep(desk, keep, desk.review)
    return desk
