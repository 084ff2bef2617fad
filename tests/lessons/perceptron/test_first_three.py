"""Lesson 2 without a browser: links, the best line, files."""

from __future__ import annotations

import csv
import io
import re

import pytest

from demos import kit
from demos.kit import text
from demos.perceptron import gates
from demos.perceptron import page as perceptron


def rows(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


def test_a_link_restores_the_line_and_the_gate() -> None:
    opened = perceptron.on_open("en", perceptron.FORM.values(w=0.9, b=100.0))
    assert (opened["here"].w, opened["here"].b, opened["w"], opened["b"]) == (0.9, 100.0, 0.9, 100.0)
    assert opened["plane"]["line"] == {"w": 0.9, "b": 100.0}
    gate = gates.on_open("en", "xor")["plane"]
    assert [point[2] for point in gate["points"]] == [-1, 1, 1, -1]


def test_the_best_line_is_drawn_once_the_learner_has_had_a_try() -> None:
    from core.data import people
    from core.lessons.perceptron.line import closed_form

    table, best = perceptron.on_people(), closed_form(people.WEIGHTS_KG, people.HEIGHTS_CM)
    opened = perceptron.on_open("ko", perceptron.FORM.values())
    assert "lines" not in opened["plane"]
    learnt = kit.settled(perceptron.on_steps("ko", opened["here"], table, 0.1, True, count=1))
    drawn = learnt["plane"]["lines"][0]
    assert (drawn["w"], drawn["b"]) == (best.w, best.b)
    assert "초" in learnt["badge"]
    moved = perceptron.on_numbers("ko", learnt["here"], table, 0.7, 110)
    assert moved["here"].revealed and moved["plane"]["lines"] and not moved["here"].losses
    assert perceptron.on_best("ko", table)["plane"]["lines"]


def test_the_steps_as_a_file() -> None:
    table = perceptron.on_people()
    here = kit.settled(perceptron.on_steps("ko", None, table, 0.1, True, count=25))["here"]
    here = kit.settled(perceptron.on_steps("ko", here, table, 0.1, True, count=1))["here"]
    steps = rows(perceptron.on_csv("ko", here))
    assert [int(row["step"]) for row in steps] == list(range(1, 27))
    assert float(steps[-1]["w"]) == here.w and float(steps[-1]["mse"]) == here.losses[-1]
    assert rows(perceptron.on_csv("ko", None)) == []


def test_after_a_divergence_the_last_good_line_is_on_the_screen() -> None:
    table, start = perceptron.on_people(), perceptron.FORM.values(w=0.5, b=130)
    opened = perceptron.on_open("ko", start)
    shown = opened | kit.settled(perceptron.on_steps("ko", opened["here"], table, 0.1, False, count=100))
    assert text.table("common", "ko")["why.diverged"].partition("{")[0] in shown["badge"]
    assert (shown["w"], shown["b"]) == (0.5, 130) and shown["plane"]["line"] == {"w": 0.5, "b": 130}
    assert shown["here"].losses[-1] > 1e30, "the curve tells what happened"
    grown = kit.settled(perceptron.on_steps("ko", shown["here"], table, 0.0001, False, count=1))["here"].losses
    assert grown[-1] < 84.8 < grown[-2], "the next press goes on from the good line"


def test_what_the_table_says_of_raw_numbers_can_be_done_by_hand() -> None:
    table = perceptron.on_people()
    said = perceptron.on_bowl("en", table, 0.1).splitlines()[-1]
    found = re.fullmatch(r"From w = 0, b = 0, raw, at the safe learning rate (\S+) .* MSE at ([\d.]+): .*", said)
    assert found, said
    here = perceptron.on_numbers("en", None, table, 0, 0)["here"]
    walked = kit.settled(perceptron.on_steps("en", here, table, float(found[1]), False, count=100))
    assert f"{walked['here'].losses[-1]:.1f}" == found[2]


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_the_words_of_a_step_end_in_the_units_of_the_boxes(lang: str) -> None:
    table = perceptron.on_people()
    for standardise, rate in ((True, 0.1), (False, 1e-4)):
        shown = kit.settled(perceptron.on_steps(lang, None, table, rate, standardise, count=25))
        words = shown["curve"]["caption"]
        assert f"{shown['w']:.4f}" in words and f"{shown['b']:,.3f}"[:6] in words
        assert ("kg" in words) == standardise, "told only where the numbers before are in other units"
        assert len(re.findall(r"α × \(-?[\d.,e+-]+\) →", words)) == 2, "no two signs side by side"
