"""Three things to predict in this lesson, and what core computes for each."""

from __future__ import annotations

from typing import Any

from demos import kit


def _answer_read() -> tuple[str, dict[str, Any]]:
    """An apple with "dog" written on it: which label wins, and which with the strip alone?"""
    from core.lessons.multimodal import attack
    from core.lessons.multimodal import space as multimodal

    labels = ["red apple", "dog face", "rocket"]
    found = attack.attack(multimodal.picture_named("red apple"), labels, word="dog")
    assert found.control is not None
    names = ("apple", "dog", "rocket")
    after = names[found.after.argmax()]
    return after, {"share": found.after.max(), "blank": found.control[found.after.argmax()]}


def _answer_gap() -> tuple[str, dict[str, Any]]:
    """Of every picture's vector: is the nearest other vector a picture or a name?"""
    from core.lessons.multimodal import space as multimodal

    share = multimodal.nearest_is_name("en")
    return ("name" if share > 0.5 else "picture"), {"share": share}


def _answer_order() -> tuple[str, dict[str, Any]]:
    """Who chases whom, or two words for one animal: which pair is more alike to the model?"""
    from core.lessons.multimodal import space as multimodal

    cosines = {probe.kind: probe.cosine for probe in multimodal.weak("en")}
    return max(("order", "synonym"), key=cosines.__getitem__), {
        "order": cosines["order"],
        "synonym": cosines["synonym"],
    }


TASKS = (
    kit.Task("read", ("apple", "dog", "rocket"), _answer_read),
    kit.Task("gap", ("picture", "name"), _answer_gap),
    kit.Task("order", ("order", "synonym"), _answer_order),
)
