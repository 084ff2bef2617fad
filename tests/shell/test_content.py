"""Content is linted like code: both languages, same keys and placeholders, every key used, every error translated."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
from pathlib import Path

import pytest

import core
from core import errors
from demos import CHAPTERS, views
from demos.kit import text
from tests.places import ROOT

DEMOS = ROOT / "demos"
LESSONS = [slug for chapter in CHAPTERS for slug in chapter.lessons]
TABLES = ["common", "errors", "shell", *LESSONS]
HANGUL = re.compile("[가-힣]")


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


@pytest.mark.parametrize("name", TABLES)
def test_both_languages_have_the_same_keys_and_placeholders(name: str) -> None:
    ko, en = text.table(name, "ko"), text.table(name, "en")
    assert ko.keys() == en.keys()
    for key in ko:
        assert fields(ko[key]) == fields(en[key]), key
        assert ko[key].strip() and en[key].strip(), f"{key} is empty"


@pytest.mark.parametrize("name", TABLES)
def test_no_hangul_in_english(name: str) -> None:
    allowed = re.compile(
        "[\"'“‘(「][^\"'”’)」]*[가-힣][^\"'”’)」]*[\"'”’)」]"
    )  # quoted Korean is a subject, not a leftover
    for key, words in text.table(name, "en").items():
        assert not HANGUL.search(allowed.sub("", words)), f"{key}: {words}"


@pytest.mark.parametrize("slug", LESSONS)
@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_prose_has_title_lead_and_story(slug: str, lang: str) -> None:
    words = text.load(slug, lang)
    assert words.title and words.lead and words.story
    assert bool(HANGUL.search(words.story)) == (lang == "ko") or lang == "en"
    assert len(words.story) > 400, "a story, not a stub"


def test_prose_comes_in_pairs() -> None:
    files = {str(p.relative_to(DEMOS)) for end in ("md", "toml") for p in DEMOS.rglob(f"*.{end}") if p != text.COLOURS}
    assert len(files) == 2 * len(LESSONS) * 2 + 6
    assert {name.replace(".ko.", ".en.") for name in files} == {name for name in files if ".en." in name}


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_a_lesson_is_called_by_its_name(lang: str) -> None:
    """A number would be another lesson's when one is added between."""
    told = {f"{name}: {key}": words for name in TABLES for key, words in text.table(name, lang).items()}
    told |= {slug: text.load(slug, lang).lead + text.load(slug, lang).story for slug in LESSONS}
    assert not [place for place, words in told.items() if re.search(r"[Ll]essons? \d|\d+번 수업", words)]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_bold_words_are_read_as_bold(lang: str) -> None:
    """ "**어텐션(attention)**이" stays as it stands: a particle right behind a bracket ends no emphasis in Markdown."""
    parse = pytest.importorskip("markdown_it").MarkdownIt().parse
    told = {slug: (DEMOS / slug / f"story.{lang}.md").read_text("utf-8") for slug in LESSONS}
    told |= {f"{name}: {key}": words for name in TABLES for key, words in text.table(name, lang).items()}
    for place, words in told.items():
        prose = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "x", words, flags=re.DOTALL)
        pieces = [piece for token in parse(prose) for piece in token.children or ()]
        assert not [piece.content for piece in pieces if piece.type == "text" and "**" in piece.content], place


def literal_keys(path: Path) -> set[str]:
    """Keys a lesson asks for: literal first arguments of ``t(…)``, ``say(…)``; f-strings become patterns."""
    keys: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            keys.add(re.escape(node.value))
        elif isinstance(node, ast.JoinedStr):
            keys.add("".join(re.escape(v.value) if isinstance(v, ast.Constant) else ".+" for v in node.values))
    return keys


@pytest.mark.parametrize("slug", LESSONS)
def test_every_literal_key_exists(slug: str) -> None:
    known = text.table(slug, "ko").keys() | text.table("common", "ko").keys()
    asked = {
        node.args[0].value
        for path in (DEMOS / slug).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "t"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert asked <= known, asked - known


@pytest.mark.parametrize("slug", LESSONS)
def test_no_key_is_left_over(slug: str) -> None:
    sources = [*(DEMOS / slug).glob("*.py"), *(DEMOS / "kit").glob("*.py")]
    asked = set().union(*(literal_keys(path) for path in sources))
    # choices("task", names) makes "task.<name>"
    patterns = [re.compile(f"{key}(\\..+)?") for key in asked if key and key != ".+"]
    unused = [key for key in text.table(slug, "ko") if not any(p.fullmatch(key) for p in patterns)]
    assert not unused


def test_every_error_code_is_told_in_both_languages() -> None:
    for module in pkgutil.walk_packages(core.__path__, "core."):
        importlib.import_module(module.name)  # registers its codes
    for lang in text.LANGUAGES:
        told = text.table("errors", lang)
        assert not set(errors.MESSAGES) - set(told), f"untranslated in {lang}"
        for code, english in errors.MESSAGES.items():
            assert fields(told[code]) <= fields(english), code


def test_kinds_of_files_are_named_in_korean() -> None:
    """ "이 파일을 a recording으로": what could not be read is told in the page's language, too."""
    names, sources = text.table("errors", "ko"), "\n".join(p.read_text("utf-8") for p in (ROOT / "core").rglob("*.py"))
    kinds = set(re.findall(r'"bad_file", kind="([^"]+)"', sources))
    assert "a recording" in kinds and not [kind for kind in kinds if kind[0].islower() and f"names.{kind}" not in names]


def test_korean_particles_follow_the_last_sound() -> None:
    t = text.load("common", "ko")
    assert [text.particle(w, "은는") for w in ("학습률", "에폭 수", "w", "10", "5", "손실(loss)")] == [
        "은",
        "는",
        "는",
        "은",
        "는",
        "는",
    ]
    formatted = text._FORMAT.format("{a:.2f|이에요} {a:~2|은는} {b:~2} {c:~4}", a=86.33, b=7e32, c=1e-9)
    assert formatted == "86.33이에요 86.33은 7.00e+32 1.00e-09"
    assert [text.particle(w, "으로") for w in ("서울", "집", "학교")] == ["로", "으로", "로"]
    error = errors.InvalidInput("out_of_range", name="learning_rate", low=0, high=1, received="<b>9</b>")
    assert "학습률은 0부터 1까지" in t.error(error) and "<b>" not in t.error(error)


def test_english_counts_take_the_noun_that_fits() -> None:
    said = text._FORMAT.format(
        "{one:#epoch/epochs}, {none:#step/steps}, {some:,#weight is/weights are}", one=1, none=0, some=4353
    )
    assert said == "1 epoch, 0 steps, 4,353 weights are"
    assert text._FORMAT.format("{n:#layer/layers} {x:.1f#px/px} {y:.0f#second/seconds}", n="1", x=1.0, y=1.0) == (
        "1 layer 1.0 px 1 second"
    )
    with pytest.raises(ValueError, match="unpack"):
        text._FORMAT.format("{n:#epochs}", n=1)


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_colours_of_signs_are_named_in_one_place(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changes the colour of what is negative in colours.css changes its name beside it, and every sentence follows."""
    words = [*text.table("sequential", lang).values(), text.load("hidden_layers", lang).story]
    said = " ".join(words)
    assert all(name.lower() in said.lower() for name in text._colours(lang).values()) and "@low" not in said
    monkeypatch.setattr(text, "_colours", lambda lang: {"@low": "mauve", "@high": "teal"})
    assert "mauve" in text._coloured((DEMOS / "sequential" / f"words.{lang}.toml").read_text("utf-8"), lang)


def test_each_layer_of_a_background_says_whether_it_repeats() -> None:
    """Gradio writes rules anew as the browser tells them: a background-repeat after several layers reaches the first only."""
    lost = re.compile(r"background:(?:[^;]*gradient\(){2}[^;]*;\s*background-repeat")
    assert not [path.name for path in views.HERE.rglob("*.css") if lost.search(path.read_text("utf-8"))]
