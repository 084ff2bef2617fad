"""A function that programs may call: typed parameters with their ranges, a result of values, perhaps a picture.

Written once as an annotated Python function; Gradio's endpoints, the MCP tools and the reference are made from it. What is
sent is checked here, so that every way in refuses the same things with the same sentence. Long work stands in a line,
yields often, and ends by itself: closing the stream (Stop, a client that left) ends it within a step.
"""

from __future__ import annotations

import html
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any

from core.choices import Options, Range
from core.errors import Check, CoreError, checking, register, shown
from demos import kit
from demos.kit import text
from demos.kit.waiting_line import Line, Waiting

register(
    {
        "unknown_setting": "{name} is no parameter of {function}. It has: {choices}.",
        "prompt_too_long": "{name} has {received} characters; at most {most} are read. Shorten it.",
        "broken_letters": "{name} holds signs that are no letters. Delete them and send it again.",
    }
)

MOST_SECONDS = 60  # of one call that computes; then it answers with what it has
TRAINING = Line(places=2, most=16)  # calls that keep a processor busy
REQUIRED = inspect.Parameter.empty
Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Letters:
    """A text of at most so many letters."""

    most: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list whose entries are each one of ``of``."""

    of: Range | Options | Letters | Items
    most: int
    least: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a program sends; see ``demos.api.files``."""


Allowed = Range | Options | Letters | Items | Picture | None
Lang = Annotated[str, Options(text.LANGUAGES, "en"), "language of names and of error sentences"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what it may be, and what it means."""

    name: str
    kind: type
    allowed: Allowed
    words: str
    default: Any = REQUIRED

    @property
    def schema(self) -> Value:
        """As JSON Schema."""
        return _schema(self.kind, self.allowed)

    def check(self, check: Check, value: Any) -> None:
        _check(check, self.name, value, self.kind, self.allowed)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives: values that JSON can hold, and the bytes of a PNG where there is a picture."""

    values: Value
    picture: bytes | None = None


@dataclass(frozen=True)
class Function:
    """A function with all that is said about it. ``answers`` is the one way to call it."""

    run: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    summary: str
    gives: str
    line: Line | None  # None: answered at once
    draws: bool  # whether a picture comes with the last answer

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def streams(self) -> bool:
        return self.line is not None

    def values(self, given: Mapping[str, Any]) -> Value:
        """All parameters, checked, defaults filled in. Raises InvalidInput with every fault."""
        known = {each.name: each for each in self.parameters}
        found = {name: given.get(name, each.default) for name, each in known.items()}
        with checking() as check:
            for name in given:
                if name not in known:
                    check.add("unknown_setting", name=shown(name), function=self.name, choices=", ".join(known))
            for name, value in found.items():
                if value is REQUIRED:
                    check.add("empty", name=name, least=1)
                elif name not in given and value is known[name].default:
                    continue
                else:
                    known[name].check(check, value)
        return {name: _settled(value, known[name].kind) for name, value in found.items()}

    def answers(self, given: Mapping[str, Any]) -> Iterator[Answer]:
        """The stream of answers, the last one whole. Every one but the last has ``done`` False."""
        values = self.values(given)
        if self.line is None:
            yield _answer(self.run(**values))
            return
        with closing(self.line.served(self.run(**values))) as events:  # type: ignore[type-var]
            for event in events:
                yield Answer({"done": False, "waiting": event.ahead}) if isinstance(event, Waiting) else _answer(event)


def public(gives: str, line: Line | None = None, draws: bool = False) -> Callable[[Callable[..., Any]], Function]:
    """Make a Function of an annotated one: ``Annotated[type, what it may be, what it means]`` for each parameter."""

    def made(run: Callable[..., Any]) -> Function:
        hints = typing.get_type_hints(run, include_extras=True)
        found = []
        for name, parameter in inspect.signature(run).parameters.items():
            kind, allowed, words = typing.get_args(hints[name])
            found.append(Parameter(name, typing.get_origin(kind) or kind, allowed, words, parameter.default))
        summary = " ".join((inspect.getdoc(run) or "").split())
        return Function(run, tuple(found), summary, gives, line, draws)

    return made


def readable(text: str) -> bool:
    """Whether it is text: half of a surrogate pair, which JSON can hold, is none."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def told(error: CoreError, lang: Any) -> str:
    """The error as one sentence for a program: in its language, as plain text."""
    spoken = lang if lang in text.LANGUAGES else "en"
    return html.unescape(text.load("common", spoken).error(error))


def kept_going(events: Iterator[Any], report: Callable[[Any], Value | None]) -> Iterator[Value]:
    """A core stream as answers under way: what ``report`` makes of each event, at most eight a second."""
    from core.events import Cadence

    beat = Cadence(seconds=kit.FRAME_SECONDS)
    with closing(events):  # type: ignore[type-var]
        for event in events:
            said = report(event)
            if said is not None and (said.get("done") or beat.due(0)):
                yield {"done": False} | said


def _answer(found: Any) -> Answer:
    return Answer(*found) if isinstance(found, tuple) else Answer(found)


def _settled(value: Any, kind: type) -> Any:
    """A whole number that came as 5.0, or a number that came as 5, as what it is."""
    if kind in (int, float) and isinstance(value, (int, float)) and not isinstance(value, bool):
        return kind(value)
    return value


def _schema(kind: type, allowed: Allowed) -> Value:
    match allowed:
        case Range(low=low, high=high):
            return {"type": "integer" if allowed.whole else "number", "minimum": low, "maximum": high}
        case Options(names=names):
            return {"type": "string", "enum": list(names)}
        case Letters(most=most):
            return {"type": "string", "maxLength": most}
        case Items(of=of, most=most, least=least):
            return {"type": "array", "items": _schema(str, of), "minItems": least, "maxItems": most}
        case Picture():
            return {"type": "string"}
    return {"type": "boolean"} if kind is bool else {}


def _check(check: Check, name: str, value: Any, kind: type, allowed: Allowed, form: str = "") -> None:
    """``form``: what the whole parameter looks like, when this is an entry of it."""
    if isinstance(allowed, Range | Options):
        check.within(name, value if isinstance(value, str | int | float) else shown(value), allowed)
    elif isinstance(allowed, Letters):
        if not isinstance(value, str):
            check.add("must_be_text", name=name, received=shown(value))
        elif not readable(value):
            check.add("broken_letters", name=name)
        elif len(value) > allowed.most:
            check.add("prompt_too_long", name=name, received=len(value), most=allowed.most)
    elif isinstance(allowed, Items):
        form = form or _form(allowed)
        if not isinstance(value, list | tuple) or (len(value) != allowed.most == allowed.least):
            check.add("wrong_shape", name=name, expected=form, received=shown(value))
        elif len(value) > allowed.most:
            check.add("too_many", name=name, most=allowed.most, received=len(value))
        elif len(value) < allowed.least:
            check.add("too_few", name=name, least=allowed.least, received=len(value))
        else:
            inside = Check()
            for each in value:
                _check(inside, name, each, str, allowed.of, form)
            check.problems.extend(inside.problems[:3])
    elif kind is bool and not isinstance(value, bool):
        check.add("not_one_of", name=name, choices="true, false", received=shown(value), hint="")


def _form(allowed: Allowed) -> str:
    """A value of this kind as it is written, in no language: ``[[0, 0, 0], …]``."""
    match allowed:
        case Items(of=of, most=most, least=least):
            return f"[{', '.join([_form(of)] * most)}]" if most == least else f"[{_form(of)}, …]"
        case Range():
            return "0"
        case Options(names=names):
            return f'"{names[0]}"'
    return '"…"'
