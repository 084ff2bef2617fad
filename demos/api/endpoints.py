"""The functions as Gradio endpoints: ``/gradio_api/call/v2/<name>``, gradio_client, and the page "Use via API".

Called inside a Blocks. Gradio reads types from a signature; here it gets one made from the function's parameters, and their
ranges as JSON Schema. Nothing is kept of a call: no state goes in or comes out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gradio as gr
from gradio import processing_utils, utils
from gradio.context import get_blocks_context

from core.errors import CoreError
from demos.api import FUNCTIONS, Function
from demos.api.surface import REQUIRED, Answer, Picture, told


def add_all() -> None:
    """Every function as a public endpoint of the Blocks that is being built."""
    for function in FUNCTIONS:
        add(function)


def add(function: Function) -> None:
    """One function. Lines bound what is heavy (surface.py), so Gradio need not."""
    gr.api(handler(function), api_name=function.name, api_description=None, concurrency_limit=None)
    context = get_blocks_context()
    assert context is not None
    *_, event = context.fns.values()
    for block, parameter in zip(event.inputs, function.parameters, strict=True):
        block._api_info = parameter.schema | {"description": parameter.words, "additional_description": parameter.words}


def handler(function: Function) -> Callable[..., Any]:
    """What Gradio calls: positional values in, a dict out, or a dict and a file."""
    names = [parameter.name for parameter in function.parameters]

    def answers(sent: tuple[Any, ...]) -> Iterator[Any]:
        given = dict(zip(names, sent, strict=True))
        try:
            with closing(function.answers(given)) as events:  # type: ignore[type-var]
                for answer in events:
                    yield _output(function, answer)
        except CoreError as error:
            raise gr.Error(told(error, given.get("lang")), print_exception=False) from error

    def call(*sent: Any) -> Any:
        return next(answers(sent))

    def stream(*sent: Any) -> Iterator[Any]:
        yield from answers(sent)

    made: Callable[..., Any] = stream if function.streams else call
    made.__name__ = made.__qualname__ = function.name
    made.__doc__ = _docstring(function)
    listed = [
        inspect.Parameter(
            each.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=each.default, annotation=each.kind
        )
        for each in function.parameters
    ]
    gives: Any = tuple[dict[str, Any], gr.FileData] if function.draws else dict[str, Any]
    made.__signature__ = inspect.Signature(_required_first(listed), return_annotation=gives)
    made.__annotations__ = {each.name: each.kind for each in function.parameters}
    return made


def _required_first(listed: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Defaults as JSON holds them."""
    return [each.replace(default=list(each.default)) if isinstance(each.default, tuple) else each for each in listed]


def _output(function: Function, answer: Answer) -> Any:
    return (answer.values, _file(function, answer.picture)) if function.draws else answer.values


def _file(function: Function, png: bytes | None) -> dict[str, Any] | None:
    if png is None:
        return None
    path = processing_utils.save_bytes_to_cache(png, f"{function.name}.png", utils.get_upload_folder())
    return gr.FileData(path=path, orig_name=f"{function.name}.png", mime_type="image/png", size=len(png)).model_dump()


def _docstring(function: Function) -> str:
    lines = [function.summary, "", "Args:"]
    lines += [f"    {each.name}: {each.words}{_default(each.default, each.allowed)}" for each in function.parameters]
    return "\n".join([*lines, "Returns:", f"    {function.gives}"])


def _default(value: Any, allowed: Any) -> str:
    return "" if value is REQUIRED or isinstance(allowed, Picture) else f" (default: {value})"
