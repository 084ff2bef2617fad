"""Files as the programs people use really write them, each opened by the part of the gallery that should take it.

Every file is made here, now, by the program itself from data of our own (a small table with Korean names, a ramp of colours,
a tone); nothing is shipped. For each: program and version, the file, and whether the gallery read values equal to the
program's own, or refused it in one sentence of its own. A program that is not installed is left out and said so; R,
LibreOffice, sox, ffmpeg and Chromium are Debian packages, llama.cpp's converter lies in its source (a checkout at LLAMA_CPP),
the others come by pip.
Usage: python -m benchmarks.real_files [--only csv]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np

from core.errors import CoreError

NAMES, ROWS = ("몸무게", "키"), ((60.5, 165.0), (72.25, 174.5), (81.0, 180.0))
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
RAMP = np.stack(
    [np.tile(np.arange(64) * 4, (64, 1)), np.tile(np.arange(64)[:, None] * 4, (1, 64)), np.full((64, 64), 128)], -1
)


class Case(NamedTuple):
    name: str
    program: str  # "pip:pandas" or a command
    write: Callable[[Path], None]
    check: Callable[[Path], bool]  # whether what the gallery reads is equal; a CoreError is a refusal


def ran(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr[-200:]}")
    return done.stdout


def version(program: str) -> str | None:
    """What wrote the file, or None if it is not here."""
    kind, _, name = program.partition(":")
    if kind == "pip":
        module = {"pillow": "PIL", "scikit-learn": "sklearn", "pillow-heif": "pillow_heif"}.get(name, name)
        found = importlib.util.find_spec(module) is not None
        return f"{name} {importlib.metadata.version(name)}" if found else None
    if (path := command(program)) is None:
        return None
    if path.endswith(".py"):
        return f"{program}, gguf {importlib.metadata.version('gguf')}"
    asked = subprocess.run([path, "-version" if "ffmpeg" in program else "--version"], capture_output=True, text=True)
    return (asked.stdout or asked.stderr).strip().splitlines()[0][:60]


def command(program: str) -> str | None:
    if program == "ffmpeg" and importlib.util.find_spec("imageio_ffmpeg"):
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    if program.endswith(".py"):
        script = Path(os.environ.get("LLAMA_CPP", "")) / program
        return str(script) if script.is_file() else None
    return shutil.which(program)


def table(path: Path) -> bool:
    from core.files import tables

    cells = tables.read_csv(path.read_bytes())
    found = tables.from_grid(cells.rows, cells.names)
    return tuple(found.names) == NAMES and np.array_equal(found.values, ROWS)


def pandas(path: Path, **how: Any) -> None:
    import pandas as pd

    pd.DataFrame(ROWS, columns=NAMES).to_csv(path, index=False, **how)


def r(path: Path, call: str) -> None:
    columns = ", ".join(f"`{name}`=c({', '.join(str(row[i]) for row in ROWS)})" for i, name in enumerate(NAMES))
    ran("Rscript", "-e", f'Sys.setlocale("LC_ALL", "C.UTF-8"); d <- data.frame({columns}, check.names=FALSE); {call}')


def office(path: Path, filter: str) -> None:
    """Through LibreOffice: a table of its own, and that saved as the wanted kind."""
    start = path.with_suffix(".fods.csv")
    pandas(start)
    ran("soffice", f"-env:UserInstallation=file://{path.parent}/profile", "--headless", "--convert-to", filter,
        "--infilter=CSV:44,34,76,1", "--outdir", str(path.parent / "out"), str(start))  # fmt: skip
    (made,) = (path.parent / "out").iterdir()
    made.rename(path)


def picture(path: Path, most: float) -> bool:
    from core.files import images

    found = images.read(path).pixels.astype(int)
    return found.shape == RAMP.shape and bool(np.abs(found - RAMP).max() <= most)


def pillow(path: Path, **how: Any) -> None:
    from PIL import Image

    if how.get("format") == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.fromarray(RAMP.astype(np.uint8)).save(path, **how)


def grey16(path: Path) -> None:
    from PIL import Image

    Image.fromarray((RAMP[..., 0] * 257).astype(np.uint16)).save(path)


def read_grey16(path: Path) -> bool:
    from core.files import images

    return bool(np.abs(images.read(path).pixels[..., 0].astype(int) - RAMP[..., 0]).max() <= 1)


def magick(path: Path) -> None:
    ran("convert", "-size", "4x4", "xc:gray50", str(path))


def half_grey(path: Path) -> bool:
    """ImageMagick writes one channel, often of 16 bits."""
    from core.files import images

    return bool(np.isin(images.read(path).pixels, (127, 128)).all())


def infotext(path: Path) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    told.add_text(
        "parameters",
        "red apple\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1",
    )
    Image.fromarray(RAMP.astype(np.uint8)).save(path, pnginfo=told)


def comfy(path: Path) -> None:
    """As ComfyUI's node SaveImage does: the graph as JSON under "prompt", the canvas under "workflow"."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    graph = {"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "red apple", "clip": ["4", 1]}}}
    told.add_text("prompt", json.dumps(graph))
    told.add_text("workflow", json.dumps({"nodes": [{"id": 6, "type": "CLIPTextEncode"}], "version": 0.4}))
    Image.fromarray(RAMP.astype(np.uint8)).save(path, pnginfo=told, compress_level=4)


def settings(path: Path) -> bool:
    from core.diffusion.settings import settings_from_png

    return settings_from_png(path.read_bytes()).prompt == "red apple"


def wave(path: Path, **how: Any) -> None:
    import soundfile

    soundfile.write(path, TONE, 16_000, **how)


def ffmpeg(path: Path, *how: str) -> None:
    start = path.with_suffix(".start.wav")
    wave(start)
    ran(str(command("ffmpeg")), "-y", "-loglevel", "error", "-i", str(start), *how, str(path))


def sox(path: Path, *how: str) -> None:
    ran("sox", "-n", "-r", "16000", *how, str(path), "synth", "1", "sine", "440", "gain", "-6")


RECORDER = """async () => {
  const audio = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
  const recorder = new MediaRecorder(await navigator.mediaDevices.getUserMedia({audio}));
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stopped = new Promise((done) => (recorder.onstop = done));
  recorder.start();
  setTimeout(() => recorder.stop(), 1020);
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const heard = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(bytes.buffer.slice(0));
  const middle = heard.getChannelData(0).slice(2000, -2000);
  return [recorder.mimeType, Array.from(bytes), Math.sqrt(middle.reduce((sum, x) => sum + x * x, 0) / middle.length)];
}"""


def chromium(path: Path) -> None:
    """A page's MediaRecorder, with a microphone that plays the tone; how loud Chromium itself finds it is kept beside it."""
    from playwright.sync_api import sync_playwright

    start = path.with_suffix(".start.wav")
    wave(start)
    flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={start}",
    ]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=command("chromium"), args=["--no-sandbox", *flags])
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<title>recorder</title>", content_type="text/html"))
        page.goto("http://localhost/")
        kind, parts, loud = page.evaluate(RECORDER)
        browser.close()
    assert kind == "audio/webm;codecs=opus", kind
    path.write_bytes(bytes(parts))
    path.with_suffix(".loud").write_text(str(loud))


def heard(path: Path) -> tuple[float, float, int]:
    """Hz, loudness of the middle, number of samples."""
    from core.files import sounds

    samples = sounds.read(path).samples.astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    pitch, level = spectrum.argmax() * 16_000 / len(samples), np.sqrt((samples[2000:-2000] ** 2).mean())
    return float(pitch), float(level), len(samples)


def sound(path: Path) -> bool:
    """One second of 440 Hz at the right loudness, whatever the codec's delay."""
    pitch, level, length = heard(path)
    return abs(pitch - 440) < 2 and abs(level - 0.5 / 2**0.5) < 0.02 and abs(length - 16_000) < 1_700


def recorded(path: Path) -> bool:
    """The tone, as loud as the recorder hears it (its pretended microphone is 3 dB louder than the file it plays)."""
    pitch, level, length = heard(path)
    loud = float(path.with_suffix(".loud").read_text())
    return abs(pitch - 440) < 2 and abs(level / loud - 1) < 0.01 and length > 14_000


def keras_model(path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.MeanSquaredError())
    if path.suffix == ".onnx":
        model(np.ones((1, 2), "float32"))
        model.export(str(path), format="onnx", verbose=False)
    else:
        model.save(path)


def sklearn_onnx(path: Path) -> None:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LinearRegression

    x = np.array(ROWS, np.float32)
    path.write_bytes(to_onnx(LinearRegression().fit(x[:, :1], x[:, 1]), x[:1, :1]).SerializeToString())


def jax_weights(path: Path) -> None:
    import jax.numpy as jnp
    from safetensors.flax import save_file

    save_file({"kernel": jnp.ones((2, 3)), "bias": jnp.zeros(3, jnp.bfloat16)}, path)


def gguf_file(path: Path) -> None:
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_tensor("token_embd.weight", np.ones((4, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def sequential(path: Path) -> bool:
    """Keras' own file becomes a model that answers alike; another stranger's file must not become one."""
    from core import Sequential

    ours = Sequential.load(path)
    if path.suffix != ".keras":
        return False
    import keras

    x = np.array(ROWS)
    return bool(np.allclose(ours.predict(x), keras.models.load_model(path).predict(x, verbose=0), rtol=1e-4))


def classifier(path: Path) -> bool:
    from core import ImageClassifier

    ImageClassifier.load(path)
    return False


def llama_cpp(path: Path, kind: str) -> None:
    """A tiny random Llama with a vocabulary by SentencePiece, put into GGUF by llama.cpp's own converter."""
    import torch
    from sentencepiece import SentencePieceTrainer
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tiny_llama(path)
    folder.mkdir()
    lines = [f"{word} {other} {number}" for word in NAMES for other in ("apple", "사과", "red") for number in range(40)]
    (folder / "text.txt").write_text("\n".join(lines), "utf-8")
    SentencePieceTrainer.train(
        input=str(folder / "text.txt"), model_prefix=str(folder / "tokenizer"), vocab_size=320, model_type="bpe",
        byte_fallback=True, minloglevel=2, pad_id=-1,
    )  # fmt: skip
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=320, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=False, initializer_range=0.2,
        bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "LlamaTokenizer", "add_bos_token": True})
    )
    ran(sys.executable, str(command(CONVERTER)), str(folder), "--outfile", str(path), "--outtype", kind)


def tiny_llama(path: Path) -> Path:
    return path.with_suffix(".folder")


def same_llm(path: Path, close: float) -> bool:
    """The file answers as the folder it came from: the same pieces of the prompt, the same probabilities of the next."""
    import torch
    from sentencepiece import SentencePieceProcessor
    from transformers import LlamaForCausalLM

    from core import LanguageModel

    ours, prompt = LanguageModel.load(str(path)), "red 사과 12 키"
    pieces = [1, *SentencePieceProcessor(model_file=str(tiny_llama(path) / "tokenizer.model")).encode(prompt)]
    theirs = LlamaForCausalLM.from_pretrained(tiny_llama(path), dtype=torch.float32)
    with torch.inference_mode():
        truth = theirs(torch.tensor([pieces])).logits[0, -1].softmax(-1)
    found = {token.id: token.probability for token in ours.next_token(prompt, top=20)}
    return all(abs(truth[id].item() - probability) < close for id, probability in found.items())


def llm(path: Path) -> bool:
    from core import LanguageModel

    LanguageModel.load(str(path))
    return False


def notebook(path: Path) -> None:
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    nbformat.write(new_notebook(cells=[new_code_cell("import pandas as pd\npd.read_csv('키.csv')")]), path)


def handed_over(path: Path) -> bool:
    """What the refusal of a Keras file tells the learner to do, done: the answers are equal."""
    import keras

    from core import Dense, Sequential

    theirs = keras.models.load_model(path)
    ours = Sequential([Dense(3, activation="relu", input_shape=(2,)), Dense(1)])
    ours.set_weights(theirs.get_weights())
    x = np.array(ROWS)
    return bool(np.allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-5))


CONVERTER = "convert_hf_to_gguf.py"
CASES = (
    Case("csv utf-8", "pip:pandas", pandas, table),
    Case("csv utf-8 with mark", "pip:pandas", lambda p: pandas(p, encoding="utf-8-sig"), table),
    Case("csv Korean Windows", "pip:pandas", lambda p: pandas(p, encoding="cp949"), table),
    Case("csv semicolons, decimal commas", "pip:pandas", lambda p: pandas(p, sep=";", decimal=","), table),
    Case("csv tabs", "pip:pandas", lambda p: pandas(p, sep="\t"), table),
    Case("csv quoted, with \\r\\n", "pip:pandas", lambda p: pandas(p, quoting=1, lineterminator="\r\n"), table),
    Case("csv write.csv", "Rscript", lambda p: r(p, f'write.csv(d, "{p}", row.names=FALSE, fileEncoding="UTF-8")'), table),
    Case("csv write.csv2", "Rscript", lambda p: r(p, f'write.csv2(d, "{p}", row.names=FALSE, fileEncoding="CP949")'), table),
    Case("csv from Calc", "soffice", lambda p: office(p, "csv:Text - txt - csv (StarCalc):44,34,76"), table),
    Case("csv from Calc, semicolons", "soffice", lambda p: office(p, "csv:Text - txt - csv (StarCalc):59,34,76"), table),
    Case("xlsx.csv from Calc", "soffice", lambda p: office(p, "xlsx"), table),
    Case("picture.png", "pip:pillow", lambda p: pillow(p, format="PNG"), lambda p: picture(p, 0)),
    Case("picture.webp lossless", "pip:pillow", lambda p: pillow(p, format="WEBP", lossless=True), lambda p: picture(p, 0)),
    Case("picture.jpg", "pip:pillow", lambda p: pillow(p, format="JPEG", quality=95), lambda p: picture(p, 8)),
    Case("picture.avif", "pip:pillow", lambda p: pillow(p, format="AVIF", quality=95), lambda p: picture(p, 12)),
    Case("picture.heic", "pip:pillow-heif", lambda p: pillow(p, format="HEIF", quality=95), lambda p: picture(p, 12)),
    Case("picture.png of 16 bits", "pip:pillow", grey16, read_grey16),
    Case("picture.png by ImageMagick", "convert", magick, half_grey),
    Case("picture.png of another program's settings", "pip:pillow", infotext, settings),
    Case("picture.png with ComfyUI's workflow", "pip:pillow", comfy, settings),
    Case("sound.wav 16 bit", "pip:soundfile", wave, sound),
    Case("sound.wav float", "pip:soundfile", lambda p: wave(p, subtype="DOUBLE"), sound),
    Case("sound.flac", "ffmpeg", lambda p: ffmpeg(p), sound),
    Case("sound.ogg Vorbis", "ffmpeg", lambda p: ffmpeg(p, "-c:a", "libvorbis"), sound),
    Case("sound.webm Opus", "ffmpeg", lambda p: ffmpeg(p, "-c:a", "libopus"), sound),
    Case("sound.m4a AAC", "ffmpeg", lambda p: ffmpeg(p, "-c:a", "aac"), sound),
    Case("sound.mp3", "ffmpeg", lambda p: ffmpeg(p, "-c:a", "libmp3lame"), sound),
    Case("sound.wav 24 bit", "sox", lambda p: sox(p, "-b", "24"), sound),
    Case("sound.wav µ-law", "sox", lambda p: sox(p, "-e", "mu-law"), sound),
    Case("sound.wav A-law", "sox", lambda p: sox(p, "-e", "a-law"), sound),
    Case("sound.wav ADPCM", "sox", lambda p: sox(p, "-e", "ima-adpcm"), sound),
    Case("sound.webm by a page's recorder", "chromium", chromium, recorded),
    Case("sound.aiff", "sox", lambda p: sox(p), sound),
    Case("model.keras", "pip:keras", keras_model, sequential),
    Case("model.h5", "pip:keras", keras_model, sequential),
    Case("weights.keras by hand", "pip:keras", keras_model, handed_over),
    Case("labels.h5 as a classifier", "pip:keras", keras_model, classifier),
    Case("net.onnx from Keras", "pip:keras", keras_model, classifier),
    Case("line.onnx from scikit-learn", "pip:skl2onnx", sklearn_onnx, sequential),
    Case("weights.safetensors from JAX", "pip:jax", jax_weights, sequential),
    Case("weights.safetensors as a classifier", "pip:jax", jax_weights, classifier),
    Case("model.gguf without most of it", "pip:gguf", gguf_file, llm),
    Case("model.gguf bf16", CONVERTER, lambda p: llama_cpp(p, "bf16"), lambda p: same_llm(p, 2e-3)),
    Case("model.gguf q8_0", CONVERTER, lambda p: llama_cpp(p, "q8_0"), lambda p: same_llm(p, 2e-2)),
    Case("notebook.ipynb as a table", "pip:nbformat", notebook, table),
    Case("notebook.ipynb as a picture", "pip:nbformat", notebook, lambda p: picture(p, 0)),
    Case("notebook.ipynb as a network", "pip:nbformat", notebook, sequential),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a part of the names")
    options = parser.parse_args()
    counts = dict.fromkeys(("equal", "refused", "WRONG", "not here"), 0)
    for case in CASES:
        if options.only not in case.name:
            continue
        wrote, outcome, said = version(case.program), "not here", ""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / case.name.split(" ")[0].replace(
                "csv", "table.csv" if case.name.startswith("csv") else "csv"
            )
            if wrote is not None:
                try:
                    case.write(path)
                    outcome = "equal" if case.check(path) else "WRONG"
                except CoreError as error:
                    outcome, said = "refused", str(error).splitlines()[0]
                except Exception as error:
                    outcome, said = "WRONG", f"{type(error).__name__}: {str(error)[:160]}"
        counts[outcome] += 1
        print(f"{outcome:<9}{case.name:<42}{wrote or case.program:<34}{said}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    sys.exit(counts["WRONG"] > 0)


if __name__ == "__main__":
    main()
