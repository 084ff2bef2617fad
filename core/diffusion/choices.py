"""What the samplers of this package may be asked for, and what they do unless told otherwise: stated here alone.

Lessons narrow these to what a page should offer. (No torch, no numpy.)
"""

from core.choices import Options, Range

DENOISE_STEPS = Range(1, 150, default=20, step=1)  # of Stable Diffusion
GUIDANCE = Range(0, 30, default=4.0)  # up to 1: no guidance, one pass of the UNet a step
STRENGTH = Range(0.01, 1, default=1.0)  # of the noise laid over a start picture
WINDOWS = 4  # side by side on one canvas, at most: a drawing of so many takes so many times as long
POINT_STEPS = Range(1, 1000, default=50, step=1)  # of diffusion on points
POINT_UPDATES = Range(1, 100_000, default=2500, step=1)
POINT_METHOD = Options(("ddim", "ddpm"))
SEED = Range(0, 2**63 - 1, default=0, step=1)
