"""Tokenizers of the usual kinds, trained on a page of text.

The trainers of WordPiece and Unigram are not deterministic; that of BPE is. So all of them start
from BPE.
"""

import collections
import json
import math
import pathlib
import tempfile

import tokenizers
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from .texts import CORPUS, LONG, TEN_THOUSAND, TEXTS

V4 = transformers.__version__.startswith("4.")


def trained(pre_tokenizer, lines, size, alphabet=(), special=()):
    """A BPE tokenizer trained on some lines."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=list(alphabet), special_tokens=list(special),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def mask(token):
    """A mask token that includes the space before it."""
    return tokenizers.AddedToken(token, lstrip=True, special=True)


def from_files(cls, files, **options):
    """A tokenizer of transformers 4, which loads the originally published files."""
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
    """The pieces of words under BPE, and every character in both forms."""
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
    """Pieces with the logarithm of their frequency."""
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


# -------------------------------------------------------------------- BPE with bytes to fall back on


def llama(max_length, size=380, **options):
    """All characters outside ASCII are bytes."""
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    lines = ["".join(c for c in line if c.isascii()) for line in CORPUS]
    bpe = trained(pre_tokenizers.Metaspace(), lines, size, special=special)
    model = json.loads(bpe.to_str())["model"]
    return transformers.LlamaTokenizer(
        vocab=model["vocab"], merges=[tuple(pair) for pair in model["merges"]],
        model_max_length=max_length, add_bos_token=True, **options,
    )


def qwen2(max_length, size=340, **options):
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    return byte_level(
        "Qwen2", special, size, model_max_length=max_length, eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>", "<|im_end|>"], **options,
    )


# ---------------------------------------------------------------------------------- SentencePiece


def sentence_piece(special, size=300):
    """The bytes of a SentencePiece model: a unigram model without normalization."""
    from sentencepiece import sentencepiece_model_pb2 as protobuf

    model = protobuf.ModelProto()
    model.trainer_spec.model_type = protobuf.TrainerSpec.UNIGRAM
    model.normalizer_spec.name = "identity"
    for id, token in enumerate(special):
        is_unknown = token == "<unk>"
        kind = protobuf.ModelProto.SentencePiece.UNKNOWN if is_unknown else (
            protobuf.ModelProto.SentencePiece.CONTROL
        )
        model.pieces.add(piece=token, score=0.0, type=kind)
        for name, wanted in (
            ("unk_id", "<unk>"), ("bos_id", "<s>"), ("eos_id", "</s>"), ("pad_id", "<pad>"),
        ):
            if token == wanted:
                setattr(model.trainer_spec, name, id)
    for name in ("bos", "eos", "pad"):
        if {"bos": "<s>", "eos": "</s>", "pad": "<pad>"}[name] not in special:
            setattr(model.trainer_spec, f"{name}_id", -1)
    pieces = unigram_pieces(size)
    for piece, score in pieces:
        model.pieces.add(piece=piece, score=score)
    return model.SerializeToString(), pieces


def t5(max_length):
    """With a space before the first word, as in T5's files."""
    model, _ = sentence_piece(["<pad>", "</s>", "<unk>"])
    files = {"vocab_file": ("spiece.model", model)}
    made = from_files(
        transformers.T5TokenizerFast, files, extra_ids=8, model_max_length=max_length
    )
    made.backend_tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    made.backend_tokenizer.decoder = decoders.Metaspace()
    return made


def mbart(max_length):
    model, _ = sentence_piece(["<unk>", "<s>", "</s>"])
    files = {"vocab_file": ("sentencepiece.bpe.model", model)}
    return from_files(
        transformers.MBartTokenizerFast, files, src_lang="en_XX", tgt_lang="fr_XX",
        model_max_length=max_length,
    )


def marian(max_length):
    """Only the SentencePiece files, shared by both languages, and a vocabulary."""
    model, pieces = sentence_piece(["<unk>", "<s>", "</s>"])
    vocab = ["</s>", "<unk>", *(piece for piece, _ in pieces), "<pad>"]
    text = json.dumps({piece: id for id, piece in enumerate(vocab)}, ensure_ascii=False)
    files = {
        "source_spm": ("source.spm", model), "target_spm": ("target.spm", model),
        "vocab": ("vocab.json", text.encode()),
    }
    return from_files(
        transformers.MarianTokenizer, files, source_lang="en", target_lang="de",
        model_max_length=max_length,
    )


def m2m100(max_length):
    """Language tokens come after the vocabulary, and unused words."""
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

    languages = [f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]]
    model, pieces = sentence_piece(["<unk>", "<s>", "</s>"])
    vocab = ["<s>", "<pad>", "</s>", "<unk>", *(piece for piece, _ in pieces)]
    text = json.dumps({piece: id for id, piece in enumerate(vocab)}, ensure_ascii=False)
    files = {
        "vocab_file": ("vocab.json", text.encode()),
        "spm_file": ("sentencepiece.bpe.model", model),
    }
    return from_files(
        transformers.M2M100Tokenizer, files, src_lang="en", tgt_lang="de",
        model_max_length=max_length, additional_special_tokens=languages,
    )


def fast_form(slow, suffix):
    """A slow SentencePiece tokenizer as a tokenizer.json, which transformers cannot write."""
    scores = dict(unigram_pieces(300))
    pieces = sorted(slow.encoder, key=slow.encoder.get)
    unigram = models.Unigram(
        [(piece, scores.get(piece, 0.0)) for piece in pieces], slow.unk_token_id, False
    )
    fast = tokenizers.Tokenizer(unigram)
    fast.normalizer = normalizers.Sequence([
        normalizers.Replace(tokenizers.Regex("^ +| +$"), ""),
        normalizers.Replace(tokenizers.Regex(" {2,}"), " "),
    ])
    fast.pre_tokenizer = pre_tokenizers.Metaspace()
    fast.decoder = decoders.Metaspace()
    fast.add_special_tokens([
        tokenizers.AddedToken(slow.convert_ids_to_tokens(id), normalized=False)
        for id in sorted(slow.all_special_ids)
    ])
    fast.post_processor = processors.TemplateProcessing(
        single=suffix, pair=f"{suffix} $B",
        special_tokens=[
            (token, fast.token_to_id(token)) for token in suffix.split() if token[0] != "$"
        ],
    )
    for text in [*CORPUS, *TEXTS, LONG, TEN_THOUSAND, "", "   "]:
        ids = slow(text).input_ids
        assert fast.encode(text).ids == ids, text
        shown = slow.decode(ids, skip_special_tokens=True)
        assert fast.decode(ids).strip() == shown, (text, fast.decode(ids), shown)
    return fast
