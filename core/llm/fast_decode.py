"""A lean decode step for Llama, Qwen2 and Qwen3 on a CPU: the same weights in 4 or 8 bits, one token at a time.

A token is decoded by reading every weight once, so bytes read are time spent. With AVX-512, weights are packed for
torch's group-wise kernel (``_weight_int4pack_mm_for_cpu``), 32 weights sharing a scale: a checkpoint that came from
4-bit GGUF lies on such a grid already and loses nothing; any other is kept in 8 bits, as two 4-bit halves. On other
CPUs unpacking 4 bits costs more than reading 8, so there it is ``_weight_int8pack_mm``, one scale a row. The prompt is
read by transformers itself, whose keys and values are copied. Left out: batches, sliding windows, other architectures.
Shapes: D width, H query heads, G key/value heads, E head size, S tokens so far.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core import runtime

GROUP = 32
ROWS = 512  # packed at a time, to need little memory
SAMPLED = 256  # rows that tell whether a matrix lies on a 4-bit grid
ON_GRID = 0.004  # relative error below which 4 bits are lossless: bfloat16 itself rounds by up to 0.004
ARCHITECTURES = ("llama", "qwen2", "qwen3")


def supports(model: Any) -> bool:
    """Whether this model can be decoded here: its architecture, its place and its sizes."""
    config, kernel = model.config, hasattr(torch.ops.aten, "_weight_int4pack_mm_for_cpu")
    sizes = (
        config.hidden_size,
        getattr(config, "intermediate_size", 1),
        config.num_attention_heads * head_size(config),
    )
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    sliding = getattr(config, "use_sliding_window", False)
    plain = config.model_type in ARCHITECTURES and rope in ("default", "linear", "llama3") and not sliding
    return kernel and plain and model.device.type == "cpu" and all(size % 64 == 0 for size in sizes)


def cache_argument(model: Any) -> str:
    """What ``forward`` calls its keys and values of the past: "cache" from transformers 5.24 on; "" if it has none."""
    names = inspect.signature(model.forward).parameters
    return next((name for name in ("cache", "past_key_values") if name in names), "")


def head_size(config: Any) -> int:
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


class Packed:
    """y = x Wᵀ + b with W (out, in) in 4 bits (one pass), or in 8 bits (two passes of 4-bit halves)."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.rows, self.bias = len(weight), None if bias is None else bias.float()
        self.bits = 4 if on_grid(weight[:SAMPLED]) else 8
        code, rows, width = (four_bits if self.bits == 4 else eight_bits), -(-len(weight) // 64) * 64, weight.shape[1]
        self.passes = [
            (
                torch.empty(rows, width // 2, dtype=torch.uint8),
                torch.empty(width // GROUP, rows, 2, dtype=torch.bfloat16),
            )
            for _ in range(self.bits // 4)
        ]  # each: packed codes, and scales with zeros
        for start in range(0, rows, ROWS):
            for (codes, scales), (new, grid) in zip(self.passes, code(weight[start : start + ROWS]), strict=True):
                codes[start : start + ROWS], scales[:, start : start + ROWS] = new, grid

    def __call__(self, x: Tensor) -> Tensor:
        """x (1, in) bfloat16 → (1, out) float32."""
        high, *low = [
            torch.ops.aten._weight_int4pack_mm_for_cpu(x, codes, GROUP, scales).float() for codes, scales in self.passes
        ]
        out = (high.add_(*low) if low else high)[:, : self.rows]
        return out if self.bias is None else out + self.bias


class Bytes:
    """y = x Wᵀ + b with W (out, in) in 8 bits, one scale a row."""

    bits = 8

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.bias = None if bias is None else bias.float()
        self.codes, scales = torch.empty(weight.shape, dtype=torch.int8), []
        for block, codes in zip(weight.split(ROWS), self.codes.split(ROWS), strict=True):
            full = block.float()
            step = (full.abs().amax(1, keepdim=True).clamp_min(1e-12) / 127).bfloat16()
            codes.copy_((full / step.float()).round_().clamp_(-127, 127))
            scales.append(step[:, 0])
        self.scales = torch.cat(scales)

    def __call__(self, x: Tensor) -> Tensor:
        """x (1, in) bfloat16 → (1, out) float32."""
        out = torch._weight_int8pack_mm(x, self.codes, self.scales).float()
        return out if self.bias is None else out + self.bias


def kernel() -> type[Packed] | type[Bytes]:
    """What this CPU decodes fastest with."""
    return Packed if torch.backends.cpu.get_cpu_capability().startswith("AVX512") else Bytes


def grid(block: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weights (rows, in) → nearest codes 0 … 15 (rows, in/32, 32), the step and the lowest value of each group."""
    groups = block.float().unflatten(1, (-1, GROUP))
    high = low = groups
    for half in (16, 8, 4, 2, 1):  # several times faster than aminmax over so short an axis
        high = torch.maximum(high[..., :half], high[..., half:])
        low = torch.minimum(low[..., :half], low[..., half:])
    step = ((high - low) / 15).clamp_min(1e-12)
    return ((groups - low) / step).round_(), step, low


def on_grid(block: Tensor) -> bool:
    codes, step, low = grid(block)
    lost = torch.linalg.vector_norm(torch.addcmul(low, codes, step).flatten(1) - block)
    return bool(lost <= ON_GRID * torch.linalg.vector_norm(block.float()))


def four_bits(block: Tensor) -> list[tuple[Tensor, Tensor]]:
    codes, step, low = grid(block)
    return [pack(codes, step, low + 8 * step)]


def eight_bits(block: Tensor) -> list[tuple[Tensor, Tensor]]:
    groups = block.float().unflatten(1, (-1, GROUP))
    step = groups.abs().amax(2, keepdim=True).clamp_min(1e-12) / 127
    codes = (groups / step).round_().to(torch.int32)
    return [pack((codes >> 4) + 8, 16 * step, torch.zeros_like(step)), pack(codes & 15, step, 8 * step)]


def pack(codes: Tensor, scale: Tensor, zero: Tensor) -> tuple[Tensor, Tensor]:
    """The kernel's layout of weight = (code − 8) · scale + zero; it wants whole blocks of 64 rows."""
    spare = (0, 0, 0, 0, 0, -len(codes) % 64)
    packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(F.pad(codes, spare).flatten(1).to(torch.int32), 1)
    return packed, F.pad(torch.cat([scale, zero], 2), spare).transpose(0, 1).contiguous().bfloat16()


def joined(*layers: nn.Linear) -> Packed | Bytes:
    """Several linear layers of the same input as one."""
    biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
    weights = [layer.weight.detach() for layer in layers]
    return kernel()(torch.cat(weights) if len(weights) > 1 else weights[0], torch.cat(biases) if biases else None)


class Block:
    """One decoder layer's packed weights and its own modules' norms."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.qkv = joined(attention.q_proj, attention.k_proj, attention.v_proj)
        self.out, self.up, self.down = (
            joined(attention.o_proj),
            joined(mlp.gate_proj, mlp.up_proj),
            joined(mlp.down_proj),
        )
        self.norms = [norm(layer.input_layernorm), norm(layer.post_attention_layernorm)]
        self.head_norms = [norm(attention.q_norm), norm(attention.k_norm)] if hasattr(attention, "q_norm") else []


def packed(make: Callable[..., Any], *layers: Any) -> Any:
    """What ``make`` packs, without what it needed on the way."""
    made = make(*layers)
    runtime.give_back()
    return made


def norm(module: Any) -> tuple[Tensor, float]:
    return module.weight.detach().float(), float(module.variance_epsilon)


def halt(stop: threading.Event, thread: threading.Thread) -> None:
    """Let a packing thread end after the layer it is at."""
    stop.set()
    if thread is not threading.current_thread():
        thread.join()


class FastDecoder:
    """Packs a transformers model once; ``begin`` opens a sequence. The model itself is not changed.

    Packing goes on in a thread of its own: only who wants to ``step`` waits for it. A prompt can be read meanwhile. A
    program that ends before does not wait for the rest, but must not end while torch computes: it would be aborted.
    """

    def __init__(self, model: Any) -> None:
        self.model, config = model, model.config
        self.words, self.layers = model.model.embed_tokens.weight.detach(), len(model.model.layers)
        self.heads, self.groups, self.size = config.num_attention_heads, config.num_key_value_heads, head_size(config)
        self._packing: Future[tuple[list[Block], Packed | Bytes, tuple[Tensor, float]]] = Future()
        self._stop = threading.Event()
        thread = threading.Thread(target=self._pack, name="pack", daemon=True)
        thread.start()
        weakref.finalize(self, halt, self._stop, thread)  # also at the end of the program

    def _pack(self) -> None:
        try:
            with torch.inference_mode():
                blocks = list[Block]()
                for layer in self.model.model.layers:
                    if self._stop.is_set():
                        raise RuntimeError("the program ends")
                    blocks.append(packed(Block, layer))
                self._packing.set_result((blocks, packed(joined, self.model.lm_head), norm(self.model.model.norm)))
        except Exception as error:  # told to whoever waits
            self._packing.set_exception(error)

    @property
    def blocks(self) -> list[Block]:
        return self._packing.result()[0]

    @property
    def head(self) -> Packed | Bytes:
        return self._packing.result()[1]

    @property
    def norm(self) -> tuple[Tensor, float]:
        return self._packing.result()[2]

    @property
    def bits(self) -> int:
        return max(block.up.bits for block in self.blocks)

    @torch.inference_mode()
    def rotations(self, length: int) -> tuple[Tensor, Tensor]:
        """cos and sin of the model's own rotary embedding, each (length, E); sin carries the sign of the rotation."""
        cos, sin = self.model.model.rotary_emb(self.words[:1].float(), torch.arange(length)[None])
        half = self.size // 2
        return cos[0], torch.cat([-sin[0, :, :half], sin[0, :, half:]], 1)

    def begin(self, capacity: int) -> FastSession:
        return FastSession(self, capacity)


class FastSession:
    """One growing sequence with room for ``capacity`` tokens."""

    def __init__(self, decoder: FastDecoder, capacity: int) -> None:
        from transformers import DynamicCache

        self.decoder, self.length, self._read = decoder, 0, DynamicCache(config=decoder.model.config)
        shape = (2, decoder.layers, decoder.groups, capacity, decoder.size)
        self._cache = torch.empty(shape, dtype=torch.bfloat16)  # keys and values (2, layers, G, capacity, E)
        self._cos, self._sin = decoder.rotations(capacity)

    @torch.inference_mode()
    def read(self, ids: Sequence[int]) -> Tensor:
        """Take in the next part of the prompt; logits (V,) float32 after its last token."""
        model = self.decoder.model
        past = {cache_argument(model): self._read}
        answer = model(torch.tensor([ids]), use_cache=True, logits_to_keep=1, **past)
        layers: list[Any] = self._read.layers
        for number, layer in enumerate(layers):
            for kind, new in enumerate((layer.keys, layer.values)):
                self._cache[kind, number, :, self.length : self.length + len(ids)] = new[0, :, self.length :]
        self.length += len(ids)
        return answer.logits[0, -1].float()

    @torch.inference_mode()
    def step(self, token: int) -> Tensor:
        """Take in one token; logits (V,) float32 for the next."""
        d, at, end = self.decoder, self.length, self.length + 1
        both = d.heads + d.groups
        cos, sin = self._cos[at], self._sin[at]
        keys, values = self._cache[0, :, :, at:end], self._cache[1, :, :, at:end]
        past = self._cache[:, :, None, :, :end]  # (2, layers, 1, G, S, E)
        x = d.words[token : token + 1].float()  # (1, D)
        for number, block in enumerate(d.blocks):
            heads = block.qkv(rms(x, *block.norms[0])).view(both + d.groups, d.size)  # (H + 2G, E)
            turning = heads[:both]
            if block.head_norms:
                split = zip(turning.split([d.heads, d.groups]), block.head_norms, strict=True)
                turning = torch.cat([F.rms_norm(part, (d.size,), *scale) for part, scale in split])
            turned = torch.addcmul(turning * cos, turning.roll(d.size // 2, 1), sin)  # rotary position
            keys[number, :, 0], values[number, :, 0] = turned[d.heads :], heads[both:]
            queries = turned[None, : d.heads, None].to(torch.bfloat16)  # (1, H, 1, E)
            seen = F.scaled_dot_product_attention(queries, past[0, number], past[1, number], enable_gqa=True)
            x = x + block.out(seen.view(1, -1))
            gate, up = block.up(rms(x, *block.norms[1])).chunk(2, 1)
            x = x + block.down((F.silu(gate) * up).to(torch.bfloat16))
        self.length = end
        return d.head(rms(x, *d.norm))[0]


def rms(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return F.rms_norm(x, weight.shape, weight, epsilon).to(torch.bfloat16)
