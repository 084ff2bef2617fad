"""Which levels the samplers visit: against table 2 of Lin et al. 2024 and ᾱ computed by hand."""

import numpy as np
import pytest

from core.errors import InvalidInput
from core.lessons.stable_diffusion.spacings import visited
from demos.kit import text
from demos.stable_diffusion.page import FORM
from demos.stable_diffusion.spacings import on_spacings

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_ten_steps_of_ddim_are_those_of_the_paper() -> None:
    found = {each.spacing: each.levels for each in visited(10) if each.sampler == "ddim"}
    assert found["leading"] == tuple(range(901, 0, -100))
    assert found["trailing"] == tuple(range(999, 0, -100))
    assert found["linspace"] == pytest.approx(np.linspace(999, 0, 10).round())


def test_how_much_of_a_picture_is_in_the_first_level() -> None:
    kept = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    for each in visited(7):
        assert each.signal == pytest.approx(kept[int(each.levels[0])] ** 0.5, rel=1e-4)
    (one,) = (each for each in visited(1) if (each.spacing, each.sampler) == ("leading", "ddim"))
    assert one.levels == (1.0,) and one.signal > 0.99, "noise taken for a picture that is almost done"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_shows_three_by_three(lang: str) -> None:
    table = on_spacings(lang, FORM.values(steps=20))
    assert table.count("→") == 9 and "999 → 50" in table and "951 → 1" in table
    assert text.load("stable_diffusion", lang)("spacing.title")
    with pytest.raises(InvalidInput):
        visited(0)
