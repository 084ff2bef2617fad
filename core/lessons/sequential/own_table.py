"""A table that somebody brings, and hidden layers, as a run of lesson 8: which column is learnt, and what end fits it.

Words in the target column are classes; numbers are measurements, unless there are only whole ones of few kinds and the
caller says ``classify``. Left out: the page, which lets a learner choose each of these by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.errors import checking
from core.files import tables
from core.lessons.sequential.data import from_cells, load
from core.lessons.sequential.spec import LayerSpec, RunSpec, suited


def spec_for(
    base: RunSpec,
    hidden: Sequence[tuple[int, str]],
    dropout: float = 0.0,
    csv: bytes | None = None,
    target: str = "",
    classify: bool = False,
) -> RunSpec:
    """The run of ``base`` with these hidden layers and an end that fits its data.

    Args:
        hidden: (units, activation) of each. dropout: a Dropout of this rate behind each; 0 for none.
        csv: a table with a header, instead of the base's data. target: the column to predict; empty: the last one.
        classify: numbers in the target column are classes.

    Raises:
        InvalidInput: a cell, a column's name, or a size that cannot be.

    >>> spec = spec_for(RunSpec(), [(4, "relu")], csv=b"kg,kind,cm\\n60,a,160\\n70,b,170\\n80,a,180\\n", target="kind")
    >>> spec.names, spec.labels, spec.loss
    (('kg', 'cm', 'kind'), ('a', 'b'), 'binary_crossentropy')
    """
    if csv is not None:
        cells = tables.read_csv(csv)
        cells = cells.pick(*_last(cells.names, target))
        table, labels = from_cells(cells.rows, cells.names, cells.numbers)
        rows = tuple(tuple(row) for row in table.values.tolist())
        base = replace(
            base, data="table", table=rows, names=table.names, classify=classify or bool(labels), labels=labels
        )
    data = load(base)
    layers: list[LayerSpec] = []
    for units, activation in hidden:
        layers.append(LayerSpec(units=units, activation=activation))
        layers += [LayerSpec("dropout", rate=dropout)] if dropout else []
    end = LayerSpec()  # replaced by one that fits
    return suited(replace(base, layers=(*layers, end)), data.task, len(data.classes))


def _last(names: Sequence[str], target: str) -> list[str]:
    """The columns with the target at the end."""
    if not target:
        return list(names)
    with checking() as check:
        check.one_of("target", target, names)
    return [*(name for name in names if name != target), target]
