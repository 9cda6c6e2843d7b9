"""Tokenizers of the usual kinds, trained on a page of text.

The trainers of WordPiece and Unigram give another vocabulary at every run; that of BPE does not.
So all of them start from BPE.
"""

import collections
import json
import math
import pathlib
import tempfile

import tokenizers
import transformers
from tokenizers import models, normalizers, pre_tokenizers, trainers

from .texts import CORPUS

V4 = transformers.__version__.startswith("4.")


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


def from_files(cls, files, **options):
    """A tokenizer of transformers 4, which reads the files that models were published with."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for argument, (name, content) in files.items():
            paths[argument] = pathlib.Path(folder, name)
            paths[argument].write_bytes(content)
        made = cls(**{key: str(path) for key, path in paths.items()}, **options)
        made.init_kwargs = {
            key: value for key, value in made.init_kwargs.items() if key not in files
        }
        return made


# ------------------------------------------------------------------------------------- WordPiece


def word_pieces(size, lowercase):
    """The pieces that BPE cuts words into, and every letter in both forms."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    split = pre_tokenizers.BertPreTokenizer()
    words = []
    for line in CORPUS:
        line = normalizer.normalize_str(line)
        words += [word for word, _ in split.pre_tokenize_str(line)]
    bpe = trained(pre_tokenizers.WhitespaceSplit(), words, size)
    pieces = set()
    for word in words:
        first, *rest = bpe.encode(word).tokens
        pieces.update([first, *(f"##{piece}" for piece in rest)])
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces.update([*letters, *(f"##{letter}" for letter in letters)])
    return special + sorted(pieces)


def bert(max_length, size=220, do_lower_case=True):
    vocab = word_pieces(size, do_lower_case)
    options = dict(model_max_length=max_length, do_lower_case=do_lower_case)
    if V4:
        text = "".join(f"{piece}\n" for piece in vocab)
        files = {"vocab_file": ("vocab.txt", text.encode())}
        return from_files(transformers.BertTokenizerFast, files, **options)
    return transformers.BertTokenizer(
        vocab={piece: id for id, piece in enumerate(vocab)}, **options
    )


# --------------------------------------------------------------------------------- byte-level BPE


def byte_level(name, special, size, **options):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model = json.loads(trained(split, CORPUS, size, alphabet, special).to_str())["model"]
    if V4:
        merges = "".join(f"{left} {right}\n" for left, right in model["merges"])
        files = {
            "vocab_file": ("vocab.json", json.dumps(model["vocab"]).encode()),
            "merges_file": ("merges.txt", f"#version: 0.2\n{merges}".encode()),
        }
        return from_files(getattr(transformers, f"{name}TokenizerFast"), files, **options)
    merges = [tuple(pair) for pair in model["merges"]]
    return getattr(transformers, f"{name}Tokenizer")(
        vocab=model["vocab"], merges=merges, **options
    )


def roberta(max_length, size=340, name="Roberta", **options):
    """RoBERTa's, and BART's."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    return byte_level(
        name, special, size, model_max_length=max_length, mask_token=mask("<mask>"), **options
    )


def gpt2(max_length, size=340, **options):
    return byte_level("GPT2", ["<|endoftext|>"], size, model_max_length=max_length, **options)


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
