"""What a spectrogram and a word classifier may be asked for, and what they do unless told otherwise: stated here alone.

Lessons narrow these to what a page should offer. (No torch, no numpy.)
"""

from core.choices import Options, Range

N_FFT = Range(32, 4096, default=400, step=1)  # samples in a window, at 16 kHz
HOP = Range(16, 4096, default=160, step=1)  # samples from window to window
MELS = Range(4, 256, default=80, step=1)  # bands
EPOCHS = Range(1, 200, default=8, step=1)
SOUND = Options(("vowels", "glide", "chord", "claps"))  # made by a formula
SEED = Range(0, 2**53, default=0, step=1)
