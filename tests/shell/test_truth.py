"""What a changed setting turns grey, read off the events of real lessons: what its runs computed, and nothing else."""

from __future__ import annotations

import gradio as gr
import pytest

from demos import kit
from demos.shell import building, truth


@pytest.mark.parametrize(
    ("slug", "control", "grey", "never"),
    [
        ("perceptron", "rate", 5, ("weight", "w", "b")),  # plane, neuron, curve, film, badge; the bowl is written anew
        ("perceptron", "gate", 0, ()),  # its change shows the gate untaught
        ("epochs", "rate", 0, ("pace",)),  # a change starts over
        ("gradient_descent", "steps", 7, ()),  # plane, line, curve, film, sentence, badge, table of gradients
    ],
)
def test_a_setting_leaves_the_results_of_its_runs_behind(
    slug: str, control: str, grey: int, never: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRICT", "1")
    with gr.Blocks() as demo, kit.building(kit.Page(kit.new_shelf())):
        room = building.safe_build(slug, "en")
        left = truth.watch(dict(demo.fns), room.controls)
    assert len(left.get(control, ())) == grey
    assert not set(never) & set(left)
    blocks = [demo.blocks[number] for number in left.get(control, ())]
    assert all(f"taste-b{block._id}" in block.elem_classes for block in blocks)
    assert not [block for block in blocks if block in room.controls.values()]
