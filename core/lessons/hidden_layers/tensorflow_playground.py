"""A link of TensorFlow Playground as the settings of ours, and our settings as such a link.

What the other side does not have is named in notes, never dropped in silence. The points and first weights are drawn by
other dice there: the same settings, not the same run. Left out: cos x as a feature (ours has none), discretised output.
Source: tensorflow/playground, src/state.ts (the keys after the #, and their defaults).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from core.errors import InvalidInput, checking, register, shown
from core.lessons.hidden_layers import choices
from core.lessons.hidden_layers.config import PlaygroundConfig

register(
    {
        "no_playground_link": "This is no link of TensorFlow Playground: {received}. "
        "Copy the whole address from its page, with all that follows the #.",
    }
)

ADDRESS = "https://playground.tensorflow.org/"
LONGEST = 2000  # letters
FEATURES = {
    "x": "x1", "y": "x2", "xSquared": "x1²", "ySquared": "x2²", "xTimesY": "x1·x2", "sinX": "sin x1", "sinY": "sin x2",
}  # fmt: skip
DATA = {"circle": "circle", "xor": "xor", "gauss": "gauss", "spiral": "spiral"}
FIELDS = {"reg-plane": "plane", "reg-gauss": "gauss_field"}
ACTIVATIONS = ("relu", "tanh", "sigmoid", "linear")
SAMPLES = 500  # as many as there
NOTES = (  # codes, for the page to translate
    "cos_features",  # the link has cos x; ours has not
    "zero_weights",  # the link begins with weights of 0; ours draws them
    "discretised",  # the link shows two colours only
    "optimizer",  # there is plain SGD only
    "activations",  # there all hidden layers have the first one's
    "activation",  # there is none such: tanh goes along
    "dropout",
    "cross_entropy",  # there squared errors are made small
    "both_penalties",  # there is l1 or l2, not both
    "own_points",  # there are drawn data only
    "data",  # there is no such set: circle goes along
    "samples",
)


@dataclass(frozen=True, slots=True)
class Translated:
    """The other side's words for the same, and what could not be said in them."""

    config: PlaygroundConfig
    link: str
    notes: tuple[str, ...]


def read(link: str) -> Translated:
    """A link → our settings. Keys that are missing are Playground's defaults.

    Raises:
        InvalidInput: ``no_playground_link``, or a value out of its range.

    >>> read(ADDRESS + "#dataset=xor&networkShape=3&learningRate=0.1&sinX=true").config.hidden
    ((3, 'tanh'),)
    """
    if not isinstance(link, str) or len(link) > LONGEST or "#" not in link:
        raise InvalidInput("no_playground_link", received=shown(link))
    sent = dict(parse_qsl(link.partition("#")[2], keep_blank_values=True))
    if not sent.keys() & {"networkShape", "dataset", "activation", "learningRate", "problem"}:
        raise InvalidInput("no_playground_link", received=shown(link))
    regression = sent.get("problem", "classification") == "regression"
    on = {"x": "true", "y": "true"} | sent
    features = tuple(ours for theirs, ours in FEATURES.items() if on.get(theirs) == "true")
    rate, kind = _number(sent, "regularizationRate", 0.0), sent.get("regularization")
    activation = sent.get("activation", "tanh")
    units = [part for part in sent.get("networkShape", "4,2").split(",") if part.strip()]
    with checking() as check:
        check.one_of("activation", activation, ACTIVATIONS)
        check.one_of("data", sent.get("dataset", "circle"), DATA)
        check.one_of("data", sent.get("regDataset", "reg-plane"), FIELDS)
        for part in units:
            if not part.strip().isdecimal():
                check.add("not_a_number", name="units", received=shown(part))
    config = PlaygroundConfig(
        data=FIELDS[sent.get("regDataset", "reg-plane")] if regression else DATA[sent.get("dataset", "circle")],
        task="regression" if regression else "classification",
        samples=SAMPLES,
        noise=_number(sent, "noise", 0.0),
        train_ratio=_number(sent, "percTrainData", 50.0),
        features=features,
        hidden=tuple((int(part), activation) for part in units),
        l1=rate if kind == "L1" else 0.0,
        l2=rate / 2 if kind == "L2" else 0.0,
        batch_size=int(_number(sent, "batchSize", 10.0)),
        learning_rate=_number(sent, "learningRate", 0.03),
        optimizer="sgd",
        loss="mse",
        seed=_seed(sent.get("seed", "")),
    )
    asked = {
        "cos_features": "true" in (sent.get("cosX"), sent.get("cosY")),
        "zero_weights": sent.get("initZero") == "true",
        "discretised": sent.get("discretize") == "true",
    }
    return Translated(config, link, tuple(note for note, there in asked.items() if there))


def write(config: PlaygroundConfig) -> Translated:
    """Our settings → a link, and notes on what it leaves out."""
    regression = config.task == "regression"
    names = [name for _, name in config.hidden]
    first = names[0] if names else choices.ACTIVATION.default
    data = next((theirs for theirs, ours in (DATA | FIELDS).items() if ours == config.data), "")
    lost = {
        "optimizer": config.optimizer != "sgd",
        "activations": len(set(names)) > 1,
        "activation": first not in ACTIVATIONS,
        "dropout": config.dropout > 0,
        "cross_entropy": not regression and config.loss != "mse",
        "both_penalties": bool(config.l1 and config.l2),
        "own_points": bool(config.points),
        "data": not config.points and not data,
        "samples": not config.points and config.samples != SAMPLES,
    }
    penalty = {"regularization": "L1", "regularizationRate": config.l1} if config.l1 else {}
    if config.l2 and not config.l1:
        penalty = {"regularization": "L2", "regularizationRate": 2 * config.l2}
    said = {
        "activation": first if first in ACTIVATIONS else "tanh",
        "batchSize": config.batch_size,
        "dataset": data if data in DATA else "circle",
        "regDataset": data if data in FIELDS else "reg-plane",
        "learningRate": config.learning_rate,
        "noise": config.noise,
        "networkShape": ",".join(str(int(units)) for units, _ in config.hidden),
        "seed": f"0.{config.seed:05d}",
        "percTrainData": config.train_ratio,
        "problem": "regression" if regression else "classification",
        **penalty,
        **{theirs: str(ours in config.features).lower() for theirs, ours in FEATURES.items()},
    }
    plain = {key: f"{value:g}" if isinstance(value, float) else value for key, value in said.items()}
    return Translated(
        config, f"{ADDRESS}#{urlencode(plain, safe=',')}", tuple(note for note, is_so in lost.items() if is_so)
    )


def _number(sent: dict[str, str], key: str, default: float) -> float:
    try:
        return float(sent.get(key, default))
    except ValueError as error:
        raise InvalidInput("not_a_number", name=key, received=shown(sent[key])) from error


def _seed(text: str) -> int:
    """Playground's seed is a fraction of five digits, such as 0.59857."""
    digits = text.partition(".")[2][:9]
    return int(digits) if digits.isdecimal() else 0
