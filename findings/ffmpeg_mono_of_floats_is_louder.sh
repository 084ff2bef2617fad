#!/usr/bin/env bash
# Guess: ffmpeg's "-ac 1" averages two channels, so two equal ones come out as one of them.
# Seen with ffmpeg n9.0.2 (imageio-ffmpeg 0.8.1): so for 16-bit output. For floats it adds 0.707 of each: equal channels come out
# 1.414 times as loud, and above full scale if they were near it; only integers are scaled down so that they cannot overflow.
# Most codecs decode to floats, so a recording in stereo is 3 dB louder than the same in mono unless it is averaged by hand.
# Output seen:
#   two equal channels of 0.125: int16 0.125, float32 0.177
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "imageio-ffmpeg==0.8.1" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import subprocess, sys

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

call = [get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=1:sample_rate=16000"]
call += ["-af", "pan=stereo|c0=c0|c1=c0", "-ac", "1"]
whole = np.frombuffer(subprocess.run([*call, "-f", "s16le", "-"], capture_output=True, check=True).stdout, "<i2") / 32768
floats = np.frombuffer(subprocess.run([*call, "-f", "f32le", "-"], capture_output=True, check=True).stdout, "<f4")
first, second = abs(whole).max(), abs(floats).max()
print(f"two equal channels of 0.125: int16 {first:.3f}, float32 {second:.3f}")
sys.exit(0 if abs(first - 0.125) < 1e-3 and abs(second - 0.125 * 2**0.5) < 1e-3 else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
