"""Runs a program as a learner would who saved the code panel's text: in a process that has seen nothing of the page.

The process is forked from a server (multiprocessing's forkserver) which has imported outside libraries and nothing of the
gallery: importing torch, transformers and scikit-learn anew takes seven seconds, and a program starts without its heirs.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import types
import warnings
from pathlib import Path

from tests.places import ROOT

LONGEST = 300  # seconds
LIBRARIES = [
    "torch",
    "torchvision",
    "safetensors.torch",
    "sklearn.linear_model",
    "sklearn.tree",
    "tokenizers",
    "transformers.models.auto.modeling_auto",
    "transformers.models.clip.modeling_clip",
    "transformers.models.distilbert.modeling_distilbert",
    "transformers.models.llama.modeling_llama",
    "diffusers.models.autoencoders.autoencoder_kl",
    "diffusers.models.unets.unet_2d_condition",
]
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(LIBRARIES)


def run(program: str, folder: Path = ROOT, *, alone: bool = False, strict: bool = False) -> str:
    """What ``program`` prints when it runs in ``folder``; ``alone``: where nothing of this checkout can be imported;
    ``strict``: a warning is an error. A program that fails, or takes over 300 s, is an AssertionError with its words.
    """
    with tempfile.TemporaryDirectory() as told:
        out, err = Path(told, "out"), Path(told, "err")
        child = _server.Process(target=_begin, args=(program, str(folder), str(out), str(err), alone, strict))
        child.start()
        child.join(LONGEST)
        if child.is_alive():
            child.kill()
            child.join()
        said = err.read_text() if err.exists() else "it did not start"
        assert child.exitcode == 0, f"the program ended with {child.exitcode}:\n{said[-5000:]}"
        return out.read_text()


def _begin(program: str, folder: str, out: str, err: str, alone: bool, strict: bool) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    here = {str(ROOT), ""}
    sys.path[:] = [folder, *([] if alone else [str(ROOT)]), *(place for place in sys.path if place not in here)]
    gallery = [name for name in sys.modules if name.partition(".")[0] in ("core", "demos", "tests")]
    assert all(name.startswith("tests") for name in gallery), f"the server has imported {gallery}"
    for name in gallery:
        del sys.modules[name]
    if strict:
        warnings.simplefilter("error")
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    exec(compile(program, "program.py", "exec"), main.__dict__)  # noqa: S102
