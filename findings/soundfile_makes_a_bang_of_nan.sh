#!/usr/bin/env bash
# Guess: NaN in a sound is written as silence, or refused; and whole numbers keep their size whatever they are stored in.
# Seen with soundfile 0.14.0, Python 3.11: in 16-bit PCM one NaN is full scale negative, the loudest click there is, and infinity
# full scale positive, without a word. int16 values put in an int32 array (as NumPy's arithmetic leaves them) are written as
# zeros: soundfile takes the upper 16 bits. And a sound within -1 ... 1 comes back from Ogg Vorbis above 1.2, to be clipped later.
# Output seen:
#   0, nan, 0, inf -> [0.0, -1.0, 0.0, 1.0]
#   int32 100, 32767 -> [0.0, 0.0]
#   a square wave of 1 through Vorbis peaks above 1.1: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "soundfile==0.14.0" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import io, sys

import numpy as np
import soundfile


def back(samples, kind="WAV", subtype="PCM_16"):
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format=kind, subtype=subtype)
    file.seek(0)
    return soundfile.read(file)[0]


nan = back(np.array([0.0, np.nan, 0.0, np.inf]))
print("0, nan, 0, inf ->", nan.round(3).tolist())
small = back(np.array([100, 32767], np.int32))
print("int32 100, 32767 ->", small.tolist())
square = np.sign(np.sin(np.arange(8000) * 0.3))
loud = float(abs(back(square, "OGG", "VORBIS")).max())
print("a square wave of 1 through Vorbis peaks above 1.1:", loud > 1.1)
sys.exit(0 if nan.round(3).tolist() == [0.0, -1.0, 0.0, 1.0] and not small.any() and loud > 1.1 else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
