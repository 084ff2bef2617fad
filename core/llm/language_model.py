"""A causal language model of transformers behind a decode loop of our own, one token at a time.

    read the prompt → logits → re-weigh → draw one token → show it → read it → logits → …

What is drawn, and how, stands in ``decoding``; what the prompt becomes in ``prompts``; how a step is computed in
``engines``; what can be seen inside in ``inside``; a model behind a server is in ``remote``. Left out: batches,
beams, tools. Proven against ``generate`` and transformers' processors in the tests.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core import runtime
from core.errors import InvalidInput, checking, register, shown
from core.events import Deadline, Done, Progress, drain
from core.llm import inside, llama_cpp, prompts, remote
from core.llm.decoding import Generation, Sampling, StopStrings, Token, Truncated, choose, most_probable, skip
from core.llm.detokenizer import Piece, Speech, label, pieces
from core.llm.engines import Engines
from core.llm.fast_decode import ARCHITECTURES, cache_argument
from core.llm.inside import Inspection, NextToken
from core.llm.llama_cpp_stream import relay
from core.llm.prompts import Messages, Prompt
from core.llm.verbs import BaseLanguageModel, Event
from core.llm.widening import widen
from core.pretrained import convert_gguf, resolve, whole
from core.pretrained.catalog import DEFAULT

register({"not_causal": "{name} is not a language model that continues text ({received}). Choose a causal LM."})

CHUNK = 64  # prompt tokens read at once: a fraction of a second, so that Stop is felt
MOST_NEW = 8192
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.json", "vocab.txt", "tekken.json")
WIDENED = (*ARCHITECTURES, "gemma3_text")  # whose weights may stay narrow where bfloat16 is slow (``widening``)
Prefix = Sequence[int]

_shared: dict[tuple[str, int | None], LanguageModel] = {}
_loading = threading.Lock()


class LanguageModel(BaseLanguageModel):
    """A model and its tokenizer. Nothing is kept between calls, so threads may share one.

    lm = LanguageModel.load("smollm2-135m-instruct")
    for token in lm.stream([{"role": "user", "content": "Hi"}]): ...
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        name: str = "model",
        *,
        origin: str = "folder",
        context: int | None = None,
        gguf: Path | None = None,
    ) -> None:
        """``context`` bounds prompt and answer together, in tokens; None: what the model was made for."""
        self.model, self.tokenizer, self.name, self.origin = model.eval(), tokenizer, name, origin
        self.engines = Engines(model, name, gguf)
        config = model.config.get_text_config()
        most = int(getattr(config, "max_position_embeddings", None) or 2048)
        with checking() as check:
            check.whole("context", context or most, 2, most)
        self.context, self.parameters = int(context or most), self.engines.parameters
        self.chats = bool(tokenizer.chat_template)  # False: a base model, which only continues a text
        self.layers, self.heads = int(config.num_hidden_layers), int(config.num_attention_heads)
        ends = model.generation_config.eos_token_id
        self.ends = frozenset([ends] if isinstance(ends, int) else ends or [])
        if tokenizer.eos_token_id is not None:
            self.ends |= {tokenizer.eos_token_id}

    @classmethod
    def load(cls, name: str = DEFAULT, context: int | None = None) -> BaseLanguageModel:
        """The model of a catalogue name, Hub id, folder, .gguf file, or address of an OpenAI-compatible server.

        Fetched if need be; the latest one stays in memory and is shared. Raises InvalidInput, Unavailable.
        """
        opened: BaseLanguageModel = drain(cls.load_steps(name, context))
        return opened

    @classmethod
    def local(cls, name: str = DEFAULT, context: int | None = None) -> LanguageModel:
        """``load`` for a model on this machine: one that can be looked into. Raises InvalidInput for a server."""
        opened = cls.load(name, context)
        if not isinstance(opened, LanguageModel):
            raise InvalidInput("server_blind", name=opened.name)
        return opened

    @classmethod
    def load_steps(
        cls, name: str = DEFAULT, context: int | None = None
    ) -> Iterator[Progress | Done[BaseLanguageModel]]:
        """The same as a stream: Progress while fetching ("download", "convert", …), then "load", then Done."""
        clock = Deadline()
        if not isinstance(name, str):
            raise InvalidInput("not_one_of", name="model", choices=DEFAULT, received=shown(name), hint="")
        if remote.is_address(name):
            yield Done(remote.RemoteLanguageModel(name), clock.elapsed)
            return
        if (name, context) in _shared:
            yield Done(_shared[name, context], clock.elapsed)
            return
        found = yield from resolve.located(name)
        yield Progress("load", 0, 0, found.name)
        with _loading:
            if (name, context) not in _shared:
                _shared.clear()  # first: two at once may be too much for the memory
                made = _open(found, context)
                made.engines.warm()
                _shared[name, context] = made
            made = _shared[name, context]
        yield Done(made, clock.elapsed)

    def steps(
        self,
        prompt: str | Messages,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
        repetition_penalty: float = 1.0,
        seed: int = 0,
        stop: Sequence[str] | str = (),
        *,
        prefix: Prefix = (),
        alternatives: int = 5,
        engine: str = "auto",
        deadline: float | None = None,
    ) -> Iterator[Event]:
        """Continue a text, or answer a conversation of {"role", "content"}.

        Args:
            max_new_tokens: 1 … 8192. temperature, top_k, top_p, min_p, repetition_penalty, seed: see ``Sampling``.
            stop: up to 8 strings that end the answer; they are not part of it.
            prefix: token ids the answer begins with, as chosen before: a branch goes on from there, with the same chance.
            alternatives: how many candidates each Token carries, 0 … 50.
            engine: "auto", "torch" (exactly transformers' numbers), "fast" (see ``fast_decode``), "llamacpp" (other dice),
                or "fastest": what this machine has.
            deadline: seconds.

        Yields Truncated if the prompt was too long, Progress("read", tokens, total) while it is read, a Token each, and
        Done(Generation); ``stopped`` is "length" after max_new_tokens, "context" when the model's memory is full,
        "deadline", or None when the model ended by itself or at a stop string. Wrong values raise InvalidInput at once.
        """
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty, seed)
        with checking() as check:
            check.whole("max_new_tokens", max_new_tokens, 1, MOST_NEW)
            check.whole("alternatives", alternatives, 0, 50)
        stops = StopStrings([stop] if isinstance(stop, str) and stop else stop)
        chosen = self.engines.choose(engine)
        fitted = self._fit(prompt, prefix, int(max_new_tokens))
        most = min(int(max_new_tokens), self.context - len(fitted.ids) - len(prefix))
        full = "length" if most == max_new_tokens else "context"
        if chosen == "llamacpp" and len(fitted.ids) + len(prefix) + most > llama_cpp.CONTEXT:
            chosen = self.engines.choose("auto")
        if chosen == "llamacpp":
            return relay(self, fitted, tuple(prefix), most, full, sampling, stops, int(alternatives), deadline)
        return self._decode(fitted, tuple(prefix), most, full, sampling, stops, int(alternatives), chosen, deadline)

    def next_token(self, prompt: str | Messages, top: int = 20, *, prefix: Prefix = ()) -> NextToken:
        """The ``top`` most probable next tokens; their logits are kept for re-weighting without the model."""
        fitted = self._fit(prompt, prefix, 1)
        ids = [*fitted.ids, *prefix]
        session, logits = self.engines.begin("torch", len(ids)), None
        for start in range(0, len(ids), CHUNK):
            logits = session.read(ids[start : start + CHUNK])
        assert logits is not None
        return NextToken(logits.numpy(), ids, top, self.label, fitted.dropped)

    def inspect(self, prompt: str | Messages, *, prefix: Prefix = ()) -> Inspection:
        """Attention (layers, heads, T, T) and the logit lens of a prompt of at most 256 tokens."""
        return inside.inspect(self.engines, self.tokenizer, [*self._fit(prompt, prefix, 1).ids, *prefix])

    def ids(self, text: str) -> tuple[int, ...]:
        """The tokens of a text as it stands; control words in it are ordinary letters."""
        return prompts.encode(self.tokenizer, text, self.context, self.name).ids

    def score(self, text: str) -> tuple[float, ...]:
        """How probable each token of ``text`` from the second on was after those before it: T − 1 numbers."""
        import torch

        ids = self.ids(text)
        with torch.inference_mode(), self.engines.turn:
            logits = self.model(torch.tensor([ids], device=self.model.device), use_cache=False).logits[0, :-1]
        shares = logits.float().log_softmax(-1).exp().cpu()  # (T − 1, V)
        return tuple(shares.gather(1, torch.tensor(ids[1:]).long()[:, None])[:, 0].tolist())

    def label(self, token: int) -> str:
        """A token made readable: "⟨ED 95⟩" for a piece of a letter."""
        return label(self.tokenizer, token)

    def pieces(self, ids: Sequence[int]) -> tuple[Piece, ...]:
        """Tokens as chips to show."""
        return pieces(self.tokenizer, ids)

    def _fit(self, prompt: str | Messages, prefix: Prefix, new: int) -> Prompt:
        """The prompt's ids with room left for the answer, or half of the context if that asks for too much."""
        size = len(self.tokenizer)
        if not all(isinstance(token, int) and 0 <= token < size for token in prefix):
            raise InvalidInput("out_of_range", name="prefix", low=0, high=size - 1, received=list(prefix)[:5])
        free = self.context - len(prefix)
        if free < 2:
            raise InvalidInput("too_many", name="prefix", most=self.context - 2, received=len(prefix))
        return prompts.encode(self.tokenizer, prompt, max(free - new, free // 2), self.name)

    def _decode(
        self,
        prompt: Prompt,
        prefix: tuple[int, ...],
        most: int,
        full: str,
        sampling: Sampling,
        stops: StopStrings,
        alternatives: int,
        engine: str,
        deadline: float | None,
    ) -> Iterator[Event]:
        """The loop. Time the reader spends between tokens is not counted as the model's."""
        clock, ids, text = Deadline(deadline), [*prompt.ids, *prefix], ""
        seen, speech, stream = list(ids), Speech(self.tokenizer, ids), runtime.generator(sampling.seed)
        if prompt.dropped:
            yield Truncated(prompt.dropped, len(prompt.ids), self.context)
        session, stopped = self.engines.begin(engine, len(ids) + most), None
        logits: Any = None
        for start in range(0, len(ids), CHUNK):
            yield Progress("read", start, len(ids))
            logits = session.read(ids[start : start + CHUNK])
            if clock.expired:
                nothing = Generation("", (), len(prompt.ids), prompt.dropped, clock.elapsed, 0.0, engine)
                yield Done(nothing, clock.elapsed, "deadline")
                return
        if sampling.temperature:
            skip(stream, len(logits), len(prefix))
        new, first, work = list[int](), 0.0, 0.0
        began = time.perf_counter()
        while True:
            token = choose(logits, sampling, seen, stream)
            new.append(token)
            seen.append(token)
            said = stops.add(speech.add(token))
            ended = token in self.ends or stops.hit
            stopped = None if ended else "deadline" if clock.expired else full if len(new) == most else None
            if ended or stopped:
                said += "" if stops.hit else stops.add(speech.end())
                said += "" if stops.hit else stops.end()
            text += said
            made = self._token(token, said, logits, alternatives)
            first = first or clock.elapsed
            work += time.perf_counter() - began
            yield made
            if ended or stopped:
                break
            began = time.perf_counter()
            logits = session.step(token)
        speed = (len(new) - 1) / work if len(new) > 1 and work else 0.0
        answer = Generation(text, tuple(new), len(prompt.ids), prompt.dropped, first, speed, engine)
        yield Done(answer, clock.elapsed, stopped)

    def _token(self, token: int, said: str, logits: Any, alternatives: int) -> Token:
        share = float((logits[token] - logits.logsumexp(0)).exp())
        return Token(token, said, share, most_probable(logits, alternatives, self.label))


def _tokenizer(folder: Path) -> Any:
    """The tokenizer of a folder that ``convert_gguf`` wrote, straight from its file; None for any other folder.

    AutoTokenizer reads the file three times and walks over thousands of reserved words in Python.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    about, whole = folder / "tokenizer_config.json", folder / "tokenizer.json"
    if not about.is_file() or not whole.is_file():
        return None
    told = json.loads(about.read_text("utf-8"))
    if told.pop("tokenizer_class", "") != "PreTrainedTokenizerFast" or told.pop("made_by", "") != convert_gguf.__name__:
        return None
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(str(whole)), **told)


def _open(found: resolve.Located, context: int | None) -> LanguageModel:
    """Load a folder: bfloat16 where that is fast, else float32 (stored narrow where it can be); on the chosen device."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    from transformers.utils import logging

    config = whole.settings(found.path, found.name)
    kind = config.model_type
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise InvalidInput("not_causal", name=found.name, received=kind)
    device = runtime.device()
    narrow = config.dtype == torch.bfloat16 and kind in WIDENED and device.type == "cpu"
    dtype = torch.bfloat16 if narrow or runtime.bf16_pays() else torch.float32
    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = _tokenizer(found.path) or whole.reader(AutoTokenizer, found.path, found.name, TOKENIZERS)
        runtime.give_back()  # what reading 262,144 words needed on the way
        with runtime.MAKING:
            model = whole.opened(AutoModelForCausalLM, found.path, found.name, dtype=dtype)
    finally:
        if bar:
            logging.enable_progress_bar()
    if not cache_argument(model):
        raise InvalidInput("not_causal", name=found.name, received=kind)
    network: torch.nn.Module = model if runtime.bf16_pays() or not narrow else widen(model)
    network.to(device)
    return LanguageModel(model, tokenizer, found.name, origin=found.origin, context=context, gguf=found.gguf)
