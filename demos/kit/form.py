"""Inputs and outputs of a lesson by name: what the learner set (``Form``), what is shown (``Screen``), their place (``Desk``).

A handler is a module-level function. Gradio passes values by position; here they are passed by name: a parameter takes the
value of the control, state or view of its name; one called ``form`` takes the whole ``Form``. It answers
``SCREEN(plane=…, badge=…)``: the rest stays as it is, an unknown name raises. No handler counts positions, and no test does.

    FORM = kit.Form(rate=choices.RATE, data=choices.DATA, rows=people)
    SCREEN = kit.Screen("here", "plane", "badge")

    @kit.handler
    def on_run(lang: str, here: Here | None, form: kit.Values) -> Iterator[kit.Update]:
        for event in steps(form.read(Config), deadline=kit.RUN_SECONDS):
            yield SCREEN(here=…, plane=…)

    desk = kit.Desk(t, FORM, SCREEN)          # in build(lang)
    desk.put(rate=kit.slider(choices.RATE, label=t("rate")), plane=views.plane(), …)
    run = desk.on(desk.run.click, on_run, kit.RUN, api="lesson_run")

    list(on_run("ko", None, FORM.values(rate=nan)))     # in a test
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, closing
from typing import Any, TypeVar

import gradio as gr

from core.choices import Options, Range
from core.errors import CoreError
from demos.kit import text
from demos.kit.events import LIGHT, LINES, PRIVATE, RUN_SECONDS
from demos.kit.handling import Usher, told, whole
from demos.kit.lesson import Opening
from demos.kit.page import api as endpoint
from demos.kit.page import things
from demos.kit.prelude import Prelude
from demos.kit.waiting_line import Line, Waiting, Working, in_background

Config = TypeVar("Config")


class Update(dict[str, Any]):
    """What a handler answers: outputs by name. Made by a ``Screen``, which knows the names."""

    def __or__(self, other: Mapping[str, Any]) -> Update:  # type: ignore[override]
        return Update({**self, **other})


class Screen:
    """The outputs of a lesson, by name.

    >>> Screen("plane", "badge")(badge="3 s")
    {'badge': '3 s'}
    >>> Screen("plane", "badge")(bagde="3 s")
    Traceback (most recent call last):
    KeyError: "no output ['bagde']; this screen has plane, badge"
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, **values: Any) -> Update:
        if unknown := values.keys() - set(self.names):
            raise KeyError(f"no output {sorted(unknown)}; this screen has {', '.join(self.names)}")
        return Update(values)


class Values(Mapping[str, Any]):
    """What the learner set, by name; read-only.

    >>> Form(rate=0.1).values().rate
    0.1
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"no control {name!r}; this form has {', '.join(self.__dict__['_values'])}") from None

    def __reduce__(self) -> Any:
        return Values, (self._values,)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def changed(self, **values: Any) -> Values:
        """The same but for these."""
        if unknown := values.keys() - self._values.keys():
            raise KeyError(f"no control {sorted(unknown)}; this form has {', '.join(self._values)}")
        return Values(self._values | values)

    def read(self, config: type[Config], **given: Any) -> Config:
        """The lesson's frozen config: its fields from ``given``, else from the controls of the same name."""
        names = [field.name for field in dataclasses.fields(typing.cast(Any, config)) if field.init]
        if unknown := given.keys() - set(names):
            raise KeyError(f"{config.__name__} has no field {sorted(unknown)}")
        found = {name: whole(self._values[name]) for name in names if name in self._values}
        return config(**(found | given))


class Form:
    """The controls of a lesson that decide a result, by name, each with its default (a ``Range`` or ``Options`` has its own).

    >>> Form(rate=Range(0, 1, default=0.1), loss="mse").values(loss="mae")["loss"]
    'mae'
    """

    def __init__(self, **defaults: Any) -> None:
        self._defaults = defaults

    def __or__(self, other: Form) -> Form:
        """The controls of both: for what speaks of a whole page, as its code does."""
        return Form(**self._defaults, **other._defaults)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._defaults)

    def values(self, **changed: Any) -> Values:
        """Every control at its default, but for these. An unknown name raises."""
        return Values({name: _default(value) for name, value in self._defaults.items()}).changed(**changed)

    def default(self, name: str) -> Any:
        return _default(self._defaults[name])


def _default(value: Any) -> Any:
    if isinstance(value, Range | Options):
        return value.default
    return value() if callable(value) else value


class Desk:
    """One language's page of a lesson (or of a part of it): components by name, and events wired by name."""

    def __init__(
        self, t: text.Text, form: Form | None = None, screen: Screen | None = None, language: gr.State | None = None
    ) -> None:
        self.t, self.form, self.screen = t, form or Form(), screen or Screen()
        self.language = language or gr.State(t.lang)
        self._held: dict[str, Any] = {}

    def put(self, **components: Any) -> Any:
        """Give components their names; returns the (last) component."""
        if twice := components.keys() & self._held.keys():
            raise KeyError(f"{sorted(twice)} stand on this desk already")
        self._held |= components
        return next(reversed(components.values()))

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_held"][name]
        except KeyError:
            raise AttributeError(f"nothing called {name!r} on this desk; it has {', '.join(self._held)}") from None

    def __contains__(self, name: str) -> bool:
        return name in self._held

    @property
    def controls(self) -> dict[str, Any]:
        """The components of the form, as a share link restores them."""
        return {name: getattr(self, name) for name in self.form.names}

    def bound(
        self,
        fn: Callable[..., Any],
        to: str | Iterable[str] | None = None,
        line: Line | None = None,
        tells: bool = True,
        **fixed: Any,
    ) -> tuple[Callable[..., Any], list[Any], list[Any]]:
        """(function for Gradio, its inputs, its outputs) of a handler; ``fixed`` are arguments that no component holds.

        ``line``: where it waits for its turn; it is an async generator then, whatever the handler is. ``tells``: what it
        puts on the shelf is told to the browser.
        """
        names, event = self._asked(fn, fixed)
        outputs = [to] if isinstance(to, str) else list(self.screen.names if to is None else to)
        inputs = [self.language, *(getattr(self, name) for name in names)]
        blocks = [getattr(self, o) for o in outputs]
        shelved, told = things(outputs, blocks) if tells else ({}, None)
        tell = functools.partial(_kept, self.t.lesson, shelved) if told is not None else None
        call = _adapted(fn, names, event, self.form.names, outputs, fixed, line, tell)
        return call, inputs, [*blocks, told] if tell else blocks

    def on(
        self,
        listen: Callable[..., Any] | Iterable[Callable[..., Any]],
        fn: Callable[..., Any],
        settings: Mapping[str, Any] = LIGHT,
        *,
        to: str | Iterable[str] | None = None,
        api: str | None = None,
        cancels: Any = None,
        **fixed: Any,
    ) -> Any:
        """Let ``listen`` (``button.click``, or several) call a handler. ``to``: outputs it may change (default: all).

        ``api`` names the endpoint; only the first of several listeners gets it.
        """
        call, inputs, outputs = self.bound(fn, to, LINES.get(settings.get("concurrency_id", "")), **fixed)
        made: list[Any] = []
        for each in [listen] if callable(listen) else listen:
            public = endpoint(api) if api and not made else PRIVATE
            made.append(each(call, inputs, outputs, cancels=cancels, **settings, **public))
        return made[0] if callable(listen) else made

    def opening(self, fn: Callable[..., Any], to: str | Iterable[str] | None = None, **fixed: Any) -> Opening:
        """Fills the first screen. What it puts on the shelf was made by nobody."""
        return Opening(*self.bound(fn, to, tells=False, **fixed))

    def prelude(self, fn: Callable[..., Iterator[Update]], *views: str, back: bool = False) -> Prelude:
        """What some views of the first screen play by themselves: the updates of ``fn``, whatever else these hold."""

        @functools.wraps(fn)
        def moving(lang: str, *args: Any, **named: Any) -> Iterator[Update]:
            with closing(fn(lang, *args, **named)) as updates:  # type: ignore[type-var]
                for update in updates:
                    yield Update({name: value for name, value in update.items() if name in views})

        call, inputs, blocks = self.bound(moving, views, tells=False)
        return Prelude(call, inputs, blocks, back)

    def _asked(self, fn: Callable[..., Any], fixed: Mapping[str, Any]) -> tuple[list[str], str | None]:
        """(names of the inputs in order, parameter that takes the browser's event)."""
        hints, event, names = typing.get_type_hints(inspect.unwrap(fn)), None, list[str]()
        for name, parameter in list(inspect.signature(fn).parameters.items())[1:]:  # the first is the language
            if name in fixed:
                continue
            if hints.get(name) in (gr.EventData, gr.Request):
                event = name
            elif name == "form":
                names += [each for each in self.form.names if each not in names]
            elif name in self._held:
                names += [name] if name not in names else []
            elif parameter.default is inspect.Parameter.empty:
                raise KeyError(f"{fn.__name__} asks for {name!r}; this desk has {', '.join(self._held)}")
        return names, event


def _adapted(
    fn: Callable[..., Any],
    names: list[str],
    event: str | None,
    form: tuple[str, ...],
    outputs: list[str],
    fixed: Mapping[str, Any],
    line: Line | None,
    tell: Callable[[Mapping[str, Any]], Any] | None = None,
) -> Callable[..., Any]:
    """``fn`` as Gradio calls it: values by position in, values by position out. ``tell``: for one output more."""
    parameters = inspect.signature(fn).parameters
    hints = typing.get_type_hints(inspect.unwrap(fn))

    def arguments(values: tuple[Any, ...]) -> dict[str, Any]:
        given = dict(zip([*names, *([event] if event else [])], values, strict=True))
        called = {name: value for name, value in given.items() if name in parameters}
        if "form" in parameters:
            called["form"] = Values({name: given[name] for name in form})
        return called | dict(fixed)

    def placed(update: Any) -> Any:
        if not isinstance(update, Update):
            if len(outputs) > 1:
                raise TypeError(f"{fn.__name__} must answer SCREEN(…); it answered {type(update).__name__}")
            return [update, tell({outputs[0]: update})] if tell else update
        if beyond := update.keys() - set(outputs):
            raise KeyError(f"{fn.__name__} answers {sorted(beyond)}, which is not among its outputs {outputs}")
        values = [update.get(name, gr.skip()) for name in outputs]
        values += [tell(update)] if tell else []
        return values if len(values) != 1 else values[0]

    streams = inspect.isgeneratorfunction(inspect.unwrap(fn))
    places = len(outputs) + bool(tell)
    nothing = gr.skip() if places <= 1 else [gr.skip()] * places
    call: Callable[..., Any]
    if line is not None:

        async def call(lang: str, *values: Any) -> AsyncIterator[Any]:
            given, usher = arguments(values), Usher(lang)
            work = fn(lang, **given) if streams else in_background(lambda: fn(lang, **given), RUN_SECONDS)
            try:
                async with aclosing(line.shared(work)) as stream:  # type: ignore[type-var]
                    async for update in stream:
                        if isinstance(update, Waiting):
                            usher(update)
                        yield nothing if isinstance(update, Waiting | Working) else placed(update)
            except CoreError as error:  # the house is full
                raise told(lang, error) from error

    elif streams:

        def call(lang: str, *values: Any) -> Iterator[Any]:
            stream = fn(lang, **arguments(values))
            try:
                for update in stream:
                    yield placed(update)
            finally:
                stream.close()
    else:

        def call(lang: str, *values: Any) -> Any:
            return placed(fn(lang, **arguments(values)))

    functools.update_wrapper(call, inspect.unwrap(fn))
    del call.__wrapped__  # gradio looks for the browser's event among our own parameters
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    shown = [inspect.Parameter("lang", kind, annotation=str), *(inspect.Parameter(name, kind) for name in names)]
    if event:
        shown.append(inspect.Parameter(event, kind, annotation=hints[event]))
    call.__signature__ = inspect.Signature(shown)
    call.__annotations__ = {p.name: p.annotation for p in shown if p.annotation is not inspect.Parameter.empty}
    return call


def _kept(lesson: str, shelved: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    """What the browser is told of outputs with these values: the things of the shelf among them."""
    found = [thing for name, thing in shelved.items() if values.get(name) is not None]
    return {"lesson": lesson, "things": found} if found else gr.skip()


def slider(allowed: Range, **settings: Any) -> gr.Slider:
    return gr.Slider(allowed.low, allowed.high, allowed.default, step=allowed.step, **settings)


def number_box(allowed: Range, **settings: Any) -> gr.Number:
    """A box for a number whose bounds are told by core, in a sentence, not by the browser."""
    return gr.Number(allowed.default, step=allowed.step, **settings)


def radio(t: text.Text, key: str, allowed: Options, **settings: Any) -> gr.Radio:
    """Labels are the words ``key.<name>``."""
    return gr.Radio(t.choices(key, allowed), value=allowed.default, **settings)


def dropdown(t: text.Text, key: str, allowed: Options, **settings: Any) -> gr.Dropdown:
    """Labels are the words ``key.<name>``."""
    return gr.Dropdown(t.choices(key, allowed), value=allowed.default, **settings)
