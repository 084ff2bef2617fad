"""Trains the text encoder of `words`: multilingual-e5-small, distilled to two layers that read Korean and English only.

    nice -n 19 python -m recipes.words --folder DATA      # after words_corpus and words_embed; see LOG.md for costs

The student's token table begins as the teacher's answers to each piece read alone, and its two layers as nearly nothing:
at first a text is the mean of its pieces, and what is learnt is how pieces change each other. Its answer is the mean of
the last states of the pieces, made a unit vector. Targets are the teacher's vectors less their mean: e5 packs all texts
into a cone (cosines 0.7 … 1.0), less the mean they spread, and unlike things come near 0. Loss: 1 − cosine, plus how
a text lies to 4,096 others, drawn anew each time (Kullback–Leibler over softmax of cosines to the teacher's vectors of
them), as only the order of neighbours matters in the end.
Sources: Hinton et al. 2015 (arXiv:1503.02531); Reimers & Gurevych 2020 (arXiv:2004.09813).
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from core.language.word_vectors import TABLE
from recipes import words_pieces
from recipes.emoji_run import WEIGHTS, Run, arguments
from recipes.words_embed import stored
from recipes.words_teacher import FILE, Teacher, batches, read, unit

LAYERS, HEADS, INNER = 2, 12, 1024
BATCH, LEARNING_RATE, STEPS = 256, 1e-3, 2600
OTHERS, SHARP, NEAR = 4096, 20.0, 0.4  # texts to be near or far from, of the softmax over them; weight of that loss
POSITIONS = 64
GROWN = 8.0  # 8-bit floats are exact between 2⁻⁶ and 448 only, and the table's numbers are about 0.05
PARTS = {
    "attention.self.query": "attention.q_lin", "attention.self.key": "attention.k_lin", "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin", "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1", "output.dense": "ffn.lin2", "output.LayerNorm": "output_layer_norm",
}  # fmt: skip
SHARE = {
    "name": 3.0,
    "later": 2.0,
    "colour": 1.0,
    "verb": 1.0,
    "sentence": 1.0,
    "story": 1.0,
    "mixed": 0.5,
    "used": 1.0,
}


def pieces(folder: Path, teacher: Teacher) -> tuple[Tokenizer, np.ndarray]:
    import wordfreq

    texts = json.loads((folder / "texts.json").read_text("utf-8"))
    more = wordfreq.top_n_list("en", 60_000, "best")
    return words_pieces.ours(teacher, words_pieces.chosen(teacher, texts, more))


def student(alone: np.ndarray) -> BertModel:
    """Begins as the mean of its tokens' vectors, each the teacher's answer to that piece alone, less the mean answer."""
    known = np.abs(alone).sum(-1) > 0
    words = np.where(known[:, None], unit(alone - alone[known].mean(0)), 0)
    width = words.shape[1]
    config = BertConfig(
        vocab_size=len(words), hidden_size=width, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=INNER, layer_norm_eps=1e-6, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        max_position_embeddings=POSITIONS, type_vocab_size=1,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    torch.manual_seed(0)
    model = BertModel(config, add_pooling_layer=False)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight.copy_(torch.from_numpy(words))
        model.embeddings.position_embeddings.weight.mul_(0.1)
        model.embeddings.token_type_embeddings.weight.zero_()
        for layer in model.encoder.layer:
            torch.nn.init.eye_(layer.attention.self.value.weight)
            torch.nn.init.eye_(layer.attention.output.dense.weight).mul_(0.3)
            layer.output.dense.weight.mul_(0.1)
    return model


def pooled(model: BertModel, ids: Tensor) -> Tensor:
    """The mean of the last states over a text's pieces, the marks of start and end left out, (B, 384)."""
    states = model(input_ids=ids, attention_mask=(ids != 1).long()).last_hidden_state
    mask = (ids > 2).long()
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp_min(1)


def short(tokens: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token numbers, at most LONGEST of a text, its end mark kept."""
    most = words_pieces.LONGEST
    cuts = (cut.ids for cut in tokens.encode_batch(texts))
    return [cut if len(cut) <= most else [*cut[: most - 1], 2] for cut in cuts]


def table(ids: list[list[int]]) -> Tensor:
    longest = max(map(len, ids))
    return torch.tensor([row + [1] * (longest - len(row)) for row in ids])


@torch.no_grad()
def encode(model: BertModel, ids: list[list[int]]) -> np.ndarray:
    out = np.zeros((len(ids), model.config.hidden_size), np.float32)
    for rows in batches(np.array([len(row) for row in ids])):
        out[rows] = F.normalize(pooled(model, table([ids[row] for row in rows])), dim=-1).numpy()
    return out


def loss(vectors: Tensor, truth: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """``truth``: the teacher's unit vectors of the batch; ``others``: its vectors of any other texts."""
    vectors = F.normalize(vectors, dim=-1)
    cosine = (vectors * truth).sum(-1).mean()
    wanted, got = (F.log_softmax(SHARP * x @ others.T, dim=-1) for x in (truth, vectors))
    return (1 - cosine) + NEAR * F.kl_div(got, wanted, log_target=True, reduction="batchmean"), cosine


def targets(folder: Path) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """Texts, their centred unit vectors, the mean that was taken off, and of what kind each is."""
    kinds, vectors = json.loads((folder / "texts.json").read_text("utf-8")), stored(folder)
    texts = [text for text in kinds if text in vectors]
    raw = np.stack([vectors[text] for text in texts])
    mean = raw.mean(0)
    return texts, unit(raw - mean), mean, [kinds[text].split()[1] for text in texts]


def train(folder: Path, options: Namespace) -> BertModel:
    tokens, rows = pieces(folder, read(folder / FILE))
    model = student(np.load(folder / "pieces.npy"))
    model.set_attn_implementation("eager")  # the backward of torch's flash attention is slow on CPUs
    texts, truth, mean, kinds = targets(folder)
    ids = short(tokens, texts)
    print(f"{len(texts)} texts, {len(rows)} pieces, {sum(p.numel() for p in model.parameters())} numbers", flush=True)
    held = np.random.default_rng(1).choice(len(texts), 2000, replace=False)
    held = np.array([place for place in held if kinds[place] not in ("name", "colour")])[:1000]
    free = np.setdiff1d(np.arange(len(texts)), held)
    share = np.array([SHARE[kinds[place]] for place in free])
    share /= share.sum()
    save(folder, tokens, model, mean)
    inner = lambda name: "layer" in name and "LayerNorm" not in name  # noqa: E731
    run = Run("words", model, options, LEARNING_RATE, weight_decay=0.0, average=0.98, warmup=20, matrices=inner)
    random, torch_truth = np.random.default_rng(run.step), torch.from_numpy(truth)
    queue: list[np.ndarray] = []
    for _ in run:
        if not queue:  # sixteen batches at once, sorted by length, so that little is padded
            drawn = random.choice(free, 16 * BATCH, p=share)
            drawn = drawn[np.argsort([len(ids[k]) + random.random() * 2 for k in drawn], kind="stable")]
            queue = list(random.permutation(drawn.reshape(16, BATCH)))
        chosen = queue.pop()
        others = torch_truth[random.choice(free, OTHERS, p=share)]
        value, cosine = loss(pooled(model, table([ids[k] for k in chosen])), torch_truth[chosen], others)
        run.update(value, cosine=float(cosine))
    found = encode(run.averaged, [ids[k] for k in held])
    near = float((found * truth[held]).sum(-1).mean())
    print(f"cosine to the teacher {near:.4f} on {len(held)} texts left out of training", flush=True)
    return run.averaged


def save(folder: Path, tokens: Tokenizer, model: BertModel, mean: np.ndarray) -> None:
    words_pieces.save(tokens, folder / "tokenizer")
    model.config.save_pretrained(folder / "words_bert")
    save_file({"mean": torch.from_numpy(mean)}, folder / "teacher_mean.safetensors")


def trained(folder: Path) -> BertModel:
    """The averaged weights of the checkpoint."""
    model = BertModel(BertConfig.from_pretrained(folder / "words_bert"), add_pooling_layer=False)
    model.load_state_dict(load_file(folder / "checkpoint_words" / "averaged.safetensors"))
    return model.eval()


def packed(model: BertModel) -> DistilBertModel:
    """The same function as DistilBERT: no token types, no pooler. The table grows eightfold, which its LayerNorm undoes."""
    old, config = model.state_dict(), model.config
    place = old["embeddings.position_embeddings.weight"] + old["embeddings.token_type_embeddings.weight"][0]
    state = {
        TABLE: GROWN * old[TABLE],
        "embeddings.position_embeddings.weight": GROWN * place,
        **{name: old[name] for name in ("embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias")},
    }
    for name, value in old.items():
        if name.startswith("encoder.layer."):
            _, _, layer, part, kind = *name.split(".", 3)[:3], *name.split(".", 3)[3].rsplit(".", 1)
            state[f"transformer.layer.{layer}.{PARTS[part]}.{kind}"] = value
    new = DistilBertModel(
        DistilBertConfig(
            vocab_size=config.vocab_size, max_position_embeddings=config.max_position_embeddings, dim=config.hidden_size,
            n_layers=config.num_hidden_layers, n_heads=config.num_attention_heads, hidden_dim=config.intermediate_size,
            dropout=0.0, attention_dropout=0.0, pad_token_id=1, bos_token_id=0, eos_token_id=2,
            use_attention_mask=True,  # diffusers' pipelines look here whether to pass one
        )
    )  # fmt: skip
    new.load_state_dict(state)
    return new.eval()


def write(model: DistilBertModel, folder: Path, with_table: bool) -> None:
    """Half precision; the token table in 8 bits (e4m3), in a file of its own, or left out where another folder has it."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("model*"):
        file.unlink()
    state = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    table = model.state_dict()[TABLE].to(torch.float8_e4m3fn)
    state.pop(TABLE)
    model.config.dtype = "float16"
    model.config.architectures = ["DistilBertModel"]
    model.config.save_pretrained(folder)
    note = {"format": "pt"}
    if not with_table:
        save_file(state, folder / "model.safetensors", metadata=note)
        return
    files = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    save_file({TABLE: table}, folder / files[0], metadata=note)
    save_file(state, folder / files[1], metadata=note)
    total = sum(value.nbytes for value in (table, *state.values()))
    places = {TABLE: files[0], **dict.fromkeys(sorted(state), files[1])}
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def main() -> None:
    options = arguments(__doc__, STEPS)
    if options.export:
        write(packed(trained(options.folder)), WEIGHTS.parent / "words", with_table=False)
    else:
        train(options.folder, options)


if __name__ == "__main__":
    main()
