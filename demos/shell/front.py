"""The front door and the bar above every lesson: plain HTML that stands before Gradio's scripts have begun to load.

The page's middleware (locale.py) puts ``head`` and ``body`` into what Gradio serves. front/front.js moves between front
door and lessons without loading a page, and keeps the address, the settings and the learner's progress.
"""

from __future__ import annotations

import functools
import html
import json
from pathlib import Path

import gradio as gr

from demos import Chapter, views
from demos.kit import text
from demos.shell import thread

HERE = Path(__file__).with_name("front")
PICTURES = {".webp": "image/webp", ".png": "image/png"}
NAMES = {"ko": "한국어", "en": "English"}  # each in its own language
MARK = (
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="15" fill="var(--t-high)"/>'
    '<path d="M1 16a15 15 0 0 0 30 0c-4 6-9 6-13.5 0S6 8 1 16Z" fill="var(--t-low)"/></svg>'
)
TRAY = (
    '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M2 11h5a3 3 0 0 0 6 0h5v6H2ZM10 2v7M6.5 6 10 9.5 13.5 6" '
    'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"/></svg>'
)


def lessons(chapters: tuple[Chapter, ...]) -> list[str]:
    return [slug for chapter in chapters for slug in chapter.lessons]


def picture(name: str) -> tuple[bytes, str] | None:
    """(bytes, kind) of a picture of the front door; None for any other name."""
    path = HERE / Path(name).name
    kind = PICTURES.get(path.suffix)
    return (path.read_bytes(), kind) if kind and path.is_file() else None


@functools.cache
def head(chapters: tuple[Chapter, ...], lang: str) -> str:
    """What must be there before the first paint: colours, the look of bar and front door, the script."""
    styles = (path.read_text("utf-8") for path in (views.HERE / "taste" / "colours.css", HERE / "front.css"))
    names = ("dom.js", "teacher.js", "thread.js", "front.js")
    scripts = (f"<script>{(HERE / name).read_text('utf-8')}</script>" for name in names)
    t = text.load("common", lang)  # Gradio heads every message in English, whatever title it is given
    heads = f':root {{ --f-error: "{t("check_this")}"; --f-info: "{t("queue")}"; }}'
    return f"<style>{''.join(styles)}{heads}</style>{''.join(scripts)}"


@functools.cache
def body(chapters: tuple[Chapter, ...], lang: str) -> str:
    """Bar and front door of a page, and the facts the script needs."""
    t, names = text.load("shell", lang), lessons(chapters)
    front = _front(t, chapters) if len(names) > 1 else ""
    facts = {
        "lang": lang,
        "lessons": names,
        "titles": {slug: text.load(slug, lang).title for slug in names},
        "name": t("name"),
        "words": {
            key: t(key)
            for key in ("opened", "done", "part", "continue", "start", "living", "pause", "play", "forgotten")
            + (
                "no_storage",
                "file_large",
                "wrong_kind",
                "kind_image",
                "unknown",
                "lost",
                "no_answer",
                "busy",
                "previous",
                "next",
                "the_end",
            )
            + tuple(key for key in text.table("shell", lang) if key.startswith(("class_", "sheet_", "mine")))
        },
        "takes": {
            thing: {slug: tab for slug, tab in places.items() if slug in names}
            for thing, places in thread.TAKES.items()
        },
        "living": json.loads((HERE / "living.json").read_text("utf-8")) if front else None,
    }
    packed = json.dumps(facts, ensure_ascii=False).replace("</", "<\\/")
    return f"{_bar(t, chapters)}{front}<script>gallery.begin({packed})</script>"


def onward(lang: str, slug: str) -> None:
    """At the foot of a lesson: the next one, and what a teacher makes of this one."""
    t, words = text.load("shell", lang), ""
    if slug:
        title = f"<small>{_e(t('onward'))}</small>{_e(text.load(slug, lang).title)} ›"
        words = f'<a class="onward" href="{_link(t, slug)}" data-lesson="{slug}">{title}</a>'
    teach = f'<button type="button" class="teach">{_e(t("teach"))}</button>'
    thread_line = '<section class="thread" hidden></section>'
    gr.HTML(
        f'{thread_line}<div class="lesson-foot">{words}{teach}</div>',
        js_on_load="thread.paint();",
        apply_default_css=False,
    )


def _link(t: text.Text, slug: str = "") -> str:
    """From a page's ``<base>``, the folder of both languages' pages."""
    page = "en" if t.lang == "en" else ""
    return f"./{page}?lesson={slug}" if slug else f"./{page}"


def _bar(t: text.Text, chapters: tuple[Chapter, ...]) -> str:
    other = "en" if t.lang == "ko" else "ko"
    many = len(lessons(chapters)) > 1
    listed, number = list[str](), 0
    for chapter in chapters:
        listed.append(f"<li class=chapter>{_e(t(f'chapter.{chapter.slug}'))}<ol>")
        for slug in chapter.lessons:
            number += 1
            title = _e(text.load(slug, t.lang).title)
            listed.append(
                f'<li><a href="{_link(t, slug)}" data-lesson="{slug}"><b>{number}</b><span>{title}</span><i></i></a></li>'
            )
        listed.append("</ol></li>")
    moves = (
        f'<nav class="bar-moves" aria-label="{_e(t("menu"))}">'
        f'<a class="bar-step" data-step="-1" href="{_link(t)}" aria-label="{_e(t("previous"))}">‹</a>'
        f'<details class="bar-menu"><summary><b></b><span></span></summary><ol>{"".join(listed)}</ol></details>'
        f'<a class="bar-step" data-step="1" href="{_link(t)}" aria-label="{_e(t("next"))}">›</a></nav>'
    )
    name, mine = _e(t("name")), _mine(t) if many else ""
    home = f'<a class="bar-home" href="{_link(t)}" data-lesson="" aria-label="{name}">{MARK}<span>{name}</span></a>'
    return (
        f'<a class="skip" href="#lesson">{_e(t("skip"))}</a><header class="bar">{home}{moves if many else ""}'
        f'{mine}<a class="bar-lang" lang="{other}" hreflang="{other}" href="./{"en" if other == "en" else ""}">'
        f"{NAMES[other]}</a></header>"
    )


def _mine(t: text.Text) -> str:
    """What the learner made and can take along; empty and unseen at first (front/thread.js)."""
    words = f"{TRAY}<span>{_e(t('mine'))}</span><b></b>"
    return f'<details class="bar-mine" hidden><summary>{words}</summary><ul></ul></details>'


def _front(t: text.Text, chapters: tuple[Chapter, ...]) -> str:
    about = json.loads((HERE / "living.json").read_text("utf-8"))
    names = lessons(chapters)
    told = t("living_caption", parameters=about["parameters"], frames=len(about["epochs"]))
    whom = "".join(
        f"<li><b>{_e(t(f'whom.{who}_title'))}</b>{_e(t(f'whom.{who}'))}</li>" for who in ("learner", "teacher", "maker")
    )
    shelves, number = list[str](), 1
    for place, chapter in enumerate((c for c in chapters if c.lessons), 1):
        cards = "".join(_card(t, slug, number + k) for k, slug in enumerate(chapter.lessons))
        number += len(chapter.lessons)
        shelves.append(f"<h3><b>{place}</b>{_e(t(f'chapter.{chapter.slug}'))}</h3><ul class=cards>{cards}</ul>")
    first = f"<span>{_e(t('start'))}</span><small>{_e(text.load(names[0], t.lang).title)}</small>"
    jump = "hidden_layers" if "hidden_layers" in names else names[-1]
    return f"""<main class="front" id="front"><p class="front-note" role="status" hidden></p>
<section class="hero"><div class="hero-words"><h1>{_e(t("name"))}</h1><p class="line">{_e(t("line"))}</p>
<p class="lead">{_e(t("lead"))}</p>
<p class="hero-go"><a class="go" href="{_link(t, names[0])}" data-lesson="{names[0]}">{first}</a>
<a class="go second" href="{_link(t, jump)}" data-lesson="{jump}">{_e(t("playground"))}</a></p></div>
<figure class="living"><canvas role="img" aria-label="{_e(t("living_alt"))}" data-strip="./front/living.png"></canvas>
<div class="living-bar"><button type="button" class="living-play"></button><output></output></div>
<figcaption>{_e(told)}</figcaption></figure></section>
<section class="thread" hidden></section>
<section class="whom"><h2>{_e(t("whom_title"))}</h2><ul>{whom}</ul></section>
<section class="shelves"><h2>{_e(t("lessons_title", count=len(names)))}</h2>{"".join(shelves)}</section>
<footer class="front-foot"><span>{_e(t("storage"))}</span><button type="button" class="forget">{_e(t("forget"))}</button>
<a href="./endpoints#api">{_e(t("api"))}</a></footer></main>"""


def _card(t: text.Text, slug: str, number: int) -> str:
    about, words = text.load(slug, t.lang), text.table("shell", t.lang)
    said = words.get(f"card.{slug}") or about.lead.split(". ")[0]
    shown = (HERE / f"{slug}.webp").is_file()
    photo = (
        f'<img src="./front/{slug}.webp" alt="" loading="lazy" width="560" height="350">' if shown else "<span></span>"
    )
    minutes = t("minutes", minutes=words.get(f"minutes_of.{slug}", "15"))
    return (
        f'<li><a class="card" href="{_link(t, slug)}" data-lesson="{slug}"><span class="photo">{photo}</span>'
        f'<span class="card-words"><b>{number}. {_e(about.title)}</b><span>{_e(said)}</span>'
        f'<small><span>{_e(minutes)}</span><i class="state"></i></small></span></a></li>'
    )


def _e(words: str) -> str:
    return html.escape(words)
