"""A small tokenizer of CLIP's own kind (lower case, byte-level BPE, word ends marked) for tiny models in tests."""

from __future__ import annotations

import json

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from recipes.emoji_run import Data

PIECES, LONGEST = 4000, 24


def tokenizer(data: Data) -> CLIPTokenizer:
    empty = CLIPTokenizer().backend_tokenizer
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    learner.normalizer, learner.pre_tokenizer = empty.normalizer, empty.pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        special_tokens=["<|startoftext|>", "<|endoftext|>"],
        show_progress=False,
    )
    words = (row[language] for row in data.captions for language in ("ko", "en"))
    learner.train_from_iterator((text for word in words for text in [word["label"]] * 3 + word["tags"]), trainer)
    learnt = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in learnt["merges"]]
    return CLIPTokenizer(vocab=learnt["vocab"], merges=merges, model_max_length=LONGEST)
