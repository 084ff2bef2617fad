"""scikit-learn's verbs of a Sequential: clone, cross_val_score, GridSearchCV and pipelines take it as it is.

A clone has the layers and what compile was told, and no weights; how long to train is said as theirs is said:
``cross_val_score(model, x, y, params={"epochs": 20})``. ``predict`` stays Keras': probabilities, not classes, so a
``scoring`` by name does not fit a classifier; ``score`` does. Source: scikit-learn 1.7, "Developing estimators".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from core.errors import checking
from core.mlp.layers import Dense, Dropout
from core.mlp.losses import LOSSES
from core.mlp.record import Compiled


class Estimator:
    """The part of Sequential that scikit-learn asks for; the attributes are its own."""

    layers: list[Dense | Dropout]
    classes: tuple[str, ...]
    device: Any
    seed: int
    dtype: str
    _compiled: Compiled | None
    _module: Any
    predict: Callable[..., Any]

    def score(self, x: ArrayLike, y: Any) -> float:
        """scikit-learn's: the share of right answers, or R² of a regression."""
        from core.mlp.inputs import encoded

        said, (truth, _) = self.predict(x), encoded(y, self.classes)
        true = np.asarray(truth, dtype=np.float64).reshape(len(said), -1)
        if self._compiled is not None and LOSSES[self._compiled.loss].needs:
            if said.shape[1] == 1:
                return float(((said > 0.5) == (true > 0.5)).mean())
            right = true.argmax(1) if true.shape[1] > 1 else true[:, 0]
            return float((said.argmax(1) == right).mean())
        missed, spread = ((true - said) ** 2).sum(0), ((true - true.mean(0)) ** 2).sum(0)
        return float(np.mean(1 - missed / spread))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """scikit-learn's: what it was made with."""
        return {"layers": list(self.layers), "seed": self.seed, "dtype": self.dtype}

    def set_params(self, **params: Any) -> Self:
        """scikit-learn's: other layers, seed or dtype; the weights are drawn afresh, compile's settings stay."""
        known = self.get_params()
        with checking() as check:
            for name in params:
                check.one_of("parameter", name, known)
        if params:
            compiled, device = self._compiled, str(self.device)
            self.__init__(**known | params, device=device)  # type: ignore[misc]
            self._compile_as(compiled)
        return self

    def _compile_as(self, compiled: Compiled | None) -> None:
        model: Any = self
        if compiled is not None:
            model.compile(**compiled.settings, engine=compiled.engine)

    def __sklearn_clone__(self) -> Self:
        made = type(self)(**self.get_params(), device=str(self.device))  # type: ignore[call-arg]
        made._compile_as(self._compiled)
        return made

    def __sklearn_is_fitted__(self) -> bool:
        return self._module is not None

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        classifies = self._compiled is not None and bool(LOSSES[self._compiled.loss].needs)
        return Tags(
            estimator_type="classifier" if classifies else "regressor",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if classifies else None,
            regressor_tags=None if classifies else RegressorTags(),
        )
