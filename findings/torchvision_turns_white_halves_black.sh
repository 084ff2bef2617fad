#!/usr/bin/env bash
# Guess: v2.ToDtype(torch.uint8, scale=True) takes 0..1 to 0..255 in every floating type, 1.0 to 255.
# Seen with torchvision 0.29.1 on torch 2.14.1, Python 3.11: it multiplies by 255.999 (256 less a little) in the type of the
# picture; float16 and bfloat16 round that to 256, which does not fit a byte and becomes 0: white areas of a picture computed
# in half precision are black, without a warning. float32 gives 255; to_pil_image, which multiplies by 255, is right in all.
# Output seen:
#   float32 [0, 127, 255]
#   float16 [0, 128, 0]
#   bfloat16 [0, 128, 0]
#   to_pil_image of float16 [0, 127, 255]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "torch==2.14.1" "torchvision==0.29.1" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import sys

import numpy as np
import torch
from torchvision.transforms import v2

found = {}
for kind in (torch.float32, torch.float16, torch.bfloat16):
    name = str(kind).removeprefix("torch.")
    found[name] = v2.ToDtype(torch.uint8, scale=True)(torch.tensor([0.0, 0.5, 1.0], dtype=kind)).tolist()
    print(name, found[name])
picture = v2.functional.to_pil_image(torch.tensor([[[0.0, 0.5, 1.0]]], dtype=torch.float16))
print("to_pil_image of float16", np.asarray(picture)[0].tolist())
right = np.asarray(picture)[0].tolist() == [0, 127, 255] == found["float32"]
sys.exit(0 if right and found["float16"] == found["bfloat16"] == [0, 128, 0] else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
