"""Tokenizers of the usual kinds, trained on a page of text.

The trainers of WordPiece and Unigram give another vocabulary at every run; that of BPE does not.
So all of them start from BPE.
"""

import collections
import json
import math

import tokenizers
import transformers
from tokenizers import models, pre_tokenizers, trainers

from .texts import CORPUS


def trained(pre_tokenizer, lines, size, alphabet=(), special=()):
    """A BPE tokenizer that has learnt from some lines."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=list(alphabet), special_tokens=list(special),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def mask(token):
    """A mask takes the space before it."""
    return tokenizers.AddedToken(token, lstrip=True, special=True)


# ------------------------------------------------------------------------------------- WordPiece


def word_piece(cls, size, max_length, **options):
    """A tokenizer of BERT's: the pieces that BPE cuts words into, and every letter in both forms."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend = cls(**options).backend_tokenizer
    words = []
    for line in CORPUS:
        line = backend.normalizer.normalize_str(line)
        words += [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(line)]
    bpe = trained(pre_tokenizers.WhitespaceSplit(), words, size)
    pieces = collections.Counter()
    for word in words:
        first, *rest = bpe.encode(word).tokens
        pieces.update([first, *(f"##{piece}" for piece in rest)])
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces.update([*letters, *(f"##{letter}" for letter in letters)])
    vocab = special + sorted(pieces)
    return cls(
        vocab={piece: id for id, piece in enumerate(vocab)}, model_max_length=max_length, **options
    )


def bert(max_length, size=220, **options):
    return word_piece(transformers.BertTokenizer, size, max_length, **options)


# --------------------------------------------------------------------------------- byte-level BPE


def byte_level(cls, special, size, **options):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe = trained(split, CORPUS, size, alphabet, special)
    model = json.loads(bpe.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    return cls(vocab=model["vocab"], merges=merges, **options)


def roberta(max_length, size=340, **options):
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    return byte_level(
        transformers.RobertaTokenizer, special, size, model_max_length=max_length,
        mask_token=mask("<mask>"), **options,
    )


def gpt2(max_length, size=340, **options):
    return byte_level(
        transformers.GPT2Tokenizer, ["<|endoftext|>"], size, model_max_length=max_length, **options
    )


# --------------------------------------------------------------------------------------- Unigram


def unigram_pieces(size):
    """Pieces with the logarithm of how often they are needed."""
    split = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(),
    ])
    bpe = trained(split, CORPUS, size)
    counts = collections.Counter({piece: 1 for piece in bpe.get_vocab()})
    for line in CORPUS:
        counts.update(bpe.encode(line).tokens)
    total = math.log(sum(counts.values()))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(piece, round(math.log(count) - total, 4)) for piece, count in ordered]


def xlm_roberta(max_length, size=360, **options):
    special = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    vocab = special + unigram_pieces(size) + [("<mask>", 0.0)]
    return transformers.XLMRobertaTokenizer(
        vocab=vocab, model_max_length=max_length, mask_token=mask("<mask>"), **options
    )
