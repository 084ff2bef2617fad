"""What can be set in lesson 14, stated once: core checks against it, the page makes its controls from it."""

from core.choices import Options, Range

SIDE = Options(("16", "32", "48", "96"), "48")  # longer side of the picture whose numbers can be pointed at
WHOLE = 256  # longer side of the picture below it
MODE = Options(("grey", "sum", "apart"))
PRESET = Options(  # kernels of core.vision.convolution
    (
        "vertical_edges",
        "horizontal_edges",
        "outline",
        "laplacian",
        "blur",
        "gaussian",
        "sharpen",
        "emboss",
        "identity",
        "shift_right",
    )
)
SIZE = Range(1, 7, default=3, step=1)  # rows and columns of a kernel that can still be read on a screen
STRIDE = Range(1, 8192, default=1, step=1)
PADDING = Range(0, 64, default=0, step=1)
DILATION = Range(1, 64, default=1, step=1)
BIAS = Range(-1e6, 1e6, default=0)
POOL = Options(("2", "3", "4"))
