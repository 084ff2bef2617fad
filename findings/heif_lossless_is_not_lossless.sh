#!/usr/bin/env bash
# Guess: quality=-1, which pillow-heif calls lossless, gives every pixel back; so does AVIF at quality=100; and 16-bit grey stays.
# Seen with pillow-heif 1.8.1 and Pillow 13.0.0, Python 3.11, on random pixels: HEIF at quality -1 is wrong by up to 200 of 255,
# because colour is still halved (4:2:0); with chroma=444 by 1; only with matrix_coefficients=0 as well by 0. AVIF at 100 is
# wrong by about as much, by 3 with subsampling="4:4:4". A 16-bit grey picture is saved as AVIF without a word, as 8 bits cut to white.
# Output seen:
#   HEIF lossless, 4:4:4, and without colour conversion, largest error: [209, 1, 0]
#   AVIF 100, 4:4:4: [216, 3]
#   16-bit grey 4000 of 65535 in AVIF: 255 of 255
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "pillow==13.0.0" "pillow-heif==1.8.1" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import io, sys

import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def back(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return np.asarray(Image.open(io.BytesIO(file.getvalue()))).astype(int)


def wrong(kind, **options):
    return int(abs(back(Image.fromarray(pixels), kind, **options) - pixels).max())


heif = [wrong("HEIF", quality=-1, **more) for more in ({}, {"chroma": 444}, {"chroma": 444, "matrix_coefficients": 0})]
avif = [wrong("AVIF", quality=100, **more) for more in ({}, {"subsampling": "4:4:4"})]
grey = back(Image.fromarray(np.full((8, 8), 4000, np.uint16)), "AVIF")
print("HEIF lossless, 4:4:4, and without colour conversion, largest error:", heif)
print("AVIF 100, 4:4:4:", avif)
print("16-bit grey 4000 of 65535 in AVIF:", int(grey.max()), "of 255")
sys.exit(0 if heif[0] > 100 and heif[1:] == [1, 0] and avif[0] > 100 and 0 < avif[1] < 9 and grey.max() > 250 else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
