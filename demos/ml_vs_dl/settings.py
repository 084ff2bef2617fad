"""The settings of a match, from the controls of the page: both halves of the lesson read them."""

from __future__ import annotations

from typing import Any

from core.lessons.ml_vs_dl import choices
from demos import kit

CONTROLS: dict[str, Any] = {
    "data": choices.DATA,
    "samples": choices.SAMPLES,
    "noise": choices.NOISE,
    "features": lambda: list(choices.CHOSEN),
    "net": choices.NET,
    "epochs": choices.EPOCHS,
    "seed": choices.SEED,
}


def read(form: kit.Values) -> Any:
    """The ``VersusConfig`` of the controls; what no control allows is told in a sentence."""
    from core.data.toy import ToyConfig
    from core.errors import checking
    from core.lessons.ml_vs_dl.match import Net, VersusConfig

    with checking() as check:
        check.within("layers", form.net, choices.NET)
    seed = kit.whole(form.seed)
    points = ToyConfig(form.data, kit.whole(form.samples), form.noise, seed=seed)
    return form.read(
        VersusConfig, data=points, features=tuple(form.features), net=Net(choices.NETS[form.net], seed=seed)
    )
