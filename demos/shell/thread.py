"""What travels between lessons, to be seen: what the learner made in one, and where else it can be taken.

What stands on the shelf (``kit.shelf``) is on the server. A handler that puts something there tells the browser
(``kit.Desk``); front/thread.js shows it in the bar, on the front door and at a lesson's foot, and presses the button that
takes it, which it finds by its class.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

# Where each thing is taken, in the order of the lessons, and the tab that holds the button ("0.2": front.js).
TAKES: dict[str, dict[str, str]] = {
    "model": {"backpropagation": ""},
    "prompt": {
        "bag_of_words": "",
        "word_vectors": "",
        "attention": "",
        "language_model": "",
        "stable_diffusion": "",
        "multimodal": "0.2",
    },
    "picture": {
        "pixels": "",
        "convolution": "",
        "image_classifier": "",
        "diffusion": "",
        "stable_diffusion": "1.2",
        "multimodal": "",
    },
}


def listener() -> gr.HTML:
    """Hears what was put on the shelf."""
    return gr.HTML(
        html_template="<span></span>",
        js_on_load="thread.listen(props, watch);",
        apply_default_css=False,
        elem_classes="taste-door",
    )


def mark(events: dict[int, Any], blocks: dict[int, Any], shelf: dict[str, gr.State]) -> set[str]:
    """Give the buttons of a lesson that take something a class; returns what they take."""
    named, takes = {state._id: thing for thing, state in shelf.items()}, set[str]()
    for event in events.values():
        pressed = [blocks.get(number) for number, name in event.targets if name == "click"]
        for thing in {named[block._id] for block in event.inputs if block._id in named}:
            for button in pressed:
                if isinstance(button, gr.Button):
                    takes.add(thing)
                    button.elem_classes = [*(button.elem_classes or []), f"taste-takes-{thing}"]
    return takes
