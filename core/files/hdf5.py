"""The arrays of an HDF5 file from a stranger: only what lies in the file itself, up to a bound.

HDF5 can point into other files (external links, external storage, virtual sets), go round in circles and claim sizes
it does not have; all of that is refused before anything is read. Needs h5py. Left out: writing, other types than numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable, register

register({"package_missing": "This needs the package {package}. Install it with: pip install {package}."})

MOST_BYTES, MOST_ENTRIES, DEEPEST = 2**31, 20_000, 16


def h5py() -> Any:
    try:
        import h5py as package
    except ImportError as error:
        raise Unavailable("package_missing", package="h5py") from error
    return package


def arrays(group: Any, most: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Everything below an open file or group: "layers/dense/vars/0" → array.

    Raises:
        ValueError: a link, a set stored elsewhere, more than ``most`` bytes or 20,000 entries. OSError: damaged.
    """
    package, found, left = h5py(), dict[str, NDArray[Any]](), [most, MOST_ENTRIES]

    def walk(here: Any, path: tuple[str, ...]) -> None:
        for name in here:
            left[1] -= 1
            if left[1] < 0 or len(path) > DEEPEST:
                raise ValueError("too many entries")
            if not isinstance(here.get(name, getlink=True), package.HardLink):
                raise ValueError(f"{name} is a link")
            item = here[name]
            if isinstance(item, package.Group):
                walk(item, (*path, name))
            elif isinstance(item, package.Dataset) and item.dtype.kind in "fiu":
                if item.external or item.is_virtual:
                    raise ValueError(f"{name} is stored in another file")
                left[0] -= item.size * item.dtype.itemsize
                if left[0] < 0:
                    raise ValueError(f"more than {most} bytes")
                found["/".join((*path, name))] = np.asarray(item)

    walk(group, ())
    return found
