"""One update of a 2-8-8-1 net: ours against TensorFlow Playground's own nn.ts under node, in turns.

Playground's circle data (500 points, no noise), tanh everywhere, squared error, plain SGD of 0.03, batch 10, one thread. The
two take turns, each in a process that stays; printed are medians of an update, and what it takes from an empty process
to the end of the first hundred epochs. nn.ts is not part of this repository: give the one of github.com/tensorflow/playground.
Needs node, and npx for esbuild, which takes the types off.
Usage: python -m benchmarks.playground_speed path/to/nn.ts [--rounds 15]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EPOCHS, BATCH, POINTS = 100, 10, 500

NODE = """
const nn = require(process.argv[2]), [epochs, batch] = [+process.argv[3], +process.argv[4]];
let net = null, points = null;
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (points === null) {
    points = JSON.parse(line);
    net = nn.buildNetwork([2, 8, 8, 1], nn.Activations.TANH, nn.Activations.TANH, null, ["x", "y"]);
  }
  const began = process.hrtime.bigint();
  for (let epoch = 0; epoch < epochs; epoch++)
    points.forEach((p, i) => {
      nn.forwardProp(net, [p[0], p[1]]);
      nn.backProp(net, p[2], nn.Errors.SQUARE);
      if ((i + 1) % batch === 0) nn.updateWeights(net, 0.03, 0);
    });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const loss = points.reduce((sum, p) => sum + (nn.forwardProp(net, [p[0], p[1]]) - p[2]) ** 2, 0) / points.length;
  console.log(JSON.stringify([seconds, loss]));
});
"""


def serve() -> None:
    """Ours, on the other side of the pipe: the points once, then a run for every line."""
    import numpy as np

    from core import Dense, Sequential

    points = np.array(json.loads(sys.stdin.readline()))
    x, y = points[:, :2], points[:, 2:]
    model = Sequential([Dense(8, activation="tanh"), Dense(8, activation="tanh"), Dense(1, activation="tanh")], seed=0)
    model.compile("sgd", "mean_squared_error", learning_rate=0.03)
    run = model.trainer(x, y, batch_size=BATCH)
    while True:
        began = time.perf_counter()
        list(run.steps(EPOCHS, every=None))
        seconds = time.perf_counter() - began
        print(json.dumps([seconds, model.evaluate(x, y)]), flush=True)
        if not sys.stdin.readline():
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nn", nargs="?", help="nn.ts of TensorFlow Playground")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    from core.data import toy

    data = toy.make(toy.ToyConfig("circle", POINTS, 0.0))
    rows = [*zip(data.x_train.tolist(), data.y_train), *zip(data.x_test.tolist(), data.y_test)]  # noqa: B905
    points = json.dumps([[*x, 2 * float(y) - 1] for x, y in rows])
    with tempfile.TemporaryDirectory() as folder:
        script, plain = Path(folder) / "run.cjs", Path(folder) / "nn.cjs"
        script.write_text(NODE)
        subprocess.run(
            ["npx", "--yes", "esbuild@0.25.0", str(given.nn), "--format=cjs", f"--outfile={plain}"],
            check=True,
            capture_output=True,
        )
        commands = {
            "nn.ts, node": ["node", str(script), str(plain), str(EPOCHS), str(BATCH)],
            "ours": [sys.executable, "-m", "benchmarks.playground_speed", "--serve"],
        }
        ones = os.environ | {"OMP_NUM_THREADS": "1"}
        running: dict[str, subprocess.Popen[str]] = {}
        first: dict[str, float] = {}
        for name, command in commands.items():
            began = time.perf_counter()
            running[name] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ones
            )
            _asked(running[name], points)
            first[name] = time.perf_counter() - began
        times: dict[str, list[float]] = {name: [] for name in commands}
        loss: dict[str, float] = {}
        for _ in range(given.rounds):
            for name, process in running.items():
                seconds, loss[name] = _asked(process, "go")
                times[name].append(seconds / (EPOCHS * POINTS / BATCH) * 1e6)
        for process in running.values():
            process.communicate()
    theirs = statistics.median(times["nn.ts, node"])
    for name, values in times.items():
        middle = statistics.median(values)
        print(
            f"{name:12} {middle:7.1f} µs an update ({min(values):.1f} to {max(values):.1f}), {middle / theirs:.2f} × theirs; "
            f"squared error {loss[name]:.5f}; from nothing to {EPOCHS} epochs {first[name]:.2f} s"
        )


def _asked(process: subprocess.Popen[str], line: str) -> tuple[float, float]:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    seconds, loss = json.loads(process.stdout.readline())
    return float(seconds), float(loss)


if __name__ == "__main__":
    main()
