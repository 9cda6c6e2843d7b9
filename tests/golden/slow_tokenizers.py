"""Tokenizers without tokenizer.json: trains tiny ones and writes `datasets/tests/golden/`, with
transformers' encodings of 10,000 lines.

    PYTHONPATH=where-requirements-sentencepiece.txt-is "$python" tests/golden/slow_tokenizers.py
    ... --check            recompute the results and compare
    ... --full DIR         the same cases with the default normalization table, not to be committed
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import shutil
import sys
import tempfile

os.environ["GOLDEN_ENVIRONMENT"] = "sentencepiece"
import reference

reference.pinned_versions()

import sentencepiece
import tokenizers
import transformers
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as M2M100
from slow_lines import LINES, TEXTS, learnable, lines, rules

transformers.logging.set_verbosity_error()
HERE = pathlib.Path(__file__).resolve().parent
STORED = HERE.parent.parent / "datasets" / "tests" / "golden"
BLOCK = 200
SHOWN = 8

SPECIAL = dict(unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>")


def piece_model(path, table, **options):
    options = dict(vocab_size=620, character_coverage=0.995, hard_vocab_limit=False) | options
    out = io.BytesIO()
    texts = options.pop("texts", None) or learnable()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=out, num_threads=1, minloglevel=2,
        shuffle_input_sentence=False, **table, **options)
    path.write_bytes(out.getvalue())


def models(folder, full):
    """The vocabularies that the cases share."""
    table = {"normalization_rule_name": "nmt_nfkc"}
    if not full:
        tsv = folder / "rules.tsv"
        tsv.write_text(rules(), encoding="utf-8")
        table = {"normalization_rule_tsv": str(tsv)}
    none = {"normalization_rule_name": "identity"}
    fairseq = dict(unk_id=0, bos_id=1, eos_id=2)
    piece_model(folder / "t5.model", table, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    piece_model(folder / "fairseq.model", table, **fairseq)
    piece_model(folder / "albert.model", table, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]", "[MASK]"])
    piece_model(folder / "deberta.model", none, pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]", user_defined_symbols=["#tag"])
    piece_model(folder / "llama.model", none, model_type="bpe", byte_fallback=True, vocab_size=760, remove_extra_whitespaces=False, **fairseq)
    piece_model(folder / "gemma.model", none, model_type="bpe", byte_fallback=True, vocab_size=760, pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>", add_dummy_prefix=False, remove_extra_whitespaces=False, user_defined_symbols=["<mask>", "\n", "  ", "   "])
    piece_model(folder / "bpe.model", table, model_type="bpe", vocab_size=700, **fairseq)
    texts = learnable()
    piece_model(folder / "source.spm", table, texts=[t for i, t in enumerate(texts) if t.isascii() or i % 2], vocab_size=500, character_coverage=0.98, **fairseq)
    piece_model(folder / "target.spm", table, texts=texts[::3], vocab_size=500, character_coverage=1.0, **fairseq)
    (folder / "rules.tsv").unlink(missing_ok=True)
    ids_of_marian(folder)
    ids_of_m2m(folder)
    words(folder / "vocab.txt", ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<s>", "<pad>", "</s>", "<mask>"])
    pairs(folder, "bytes", ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"], "")
    pairs(folder, "clip", ["<|startoftext|>", "<|endoftext|>"], "</w>")


def pieces(path):
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    return [model.id_to_piece(i) for i in range(model.get_piece_size())]


def ids_of_marian(folder):
    """Like Marian's: the end token, the unknown token, the pieces of both languages, the padding.
    Some pieces of the source are missing."""
    both = sorted({*pieces(folder / "source.spm")[3:], *pieces(folder / "target.spm")[3:]})
    kept = [piece for i, piece in enumerate(both) if i % 17]
    codes = [">>fra<<", ">>deu<<"]
    write(folder / "marian.json", {token: i for i, token in enumerate(["</s>", "<unk>", *codes, *kept, "<pad>"])})


def ids_of_m2m(folder):
    kept = [piece for i, piece in enumerate(pieces(folder / "bpe.model")[3:]) if i % 23]
    made = [f"madeupword{i}" for i in range(8)]
    write(folder / "m2m.json", {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *kept, *made])})


def words(path, special):
    inner = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
    inner.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=False)
    inner.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    trainer = tokenizers.trainers.WordPieceTrainer(vocab_size=700, special_tokens=special, show_progress=False)
    inner.train_from_iterator(learnable() + [t.lower() for t in learnable()], trainer)
    vocab = inner.get_vocab()
    path.write_text("".join(token + "\n" for token in sorted(vocab, key=vocab.get)), encoding="utf-8")


def pairs(folder, name, special, suffix):
    inner = tokenizers.Tokenizer(tokenizers.models.BPE(**({"end_of_word_suffix": suffix} if suffix else {})))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=700, special_tokens=special, initial_alphabet=alphabet, show_progress=False, **({"end_of_word_suffix": suffix} if suffix else {}))
    inner.train_from_iterator([t.lower() for t in learnable()] if suffix else learnable(), trainer)
    model = json.loads(inner.to_str())["model"]
    vocab = model["vocab"]
    if suffix:
        for letter in alphabet:
            vocab.setdefault(letter + suffix, len(vocab))
    write(folder / f"{name}.json", vocab)
    merges = "".join(f"{a} {b}\n" for a, b in model["merges"])
    (folder / f"{name}.txt").write_text("#version: 0.2\n" + merges, encoding="utf-8")


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def token(content, **options):
    plain = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=False)
    return {"content": content} | plain | options


def typed(content, **options):
    return {"__type": "AddedToken"} | token(content, **options)


def cases():
    """Each case: the models by file name, and the JSON files."""
    def case(name, files, model_type, config=None, **others):
        files = dict(pair.split("=") for pair in files.split())
        texts = {"config.json": {"model_type": model_type}}
        if config is not None:
            texts["tokenizer_config.json"] = config
        texts |= {f"{key}.json": value for key, value in others.items()}
        return {"name": name, "files": files, "json": texts}

    bert, merges = "vocab.txt=vocab.txt", "vocab.json=bytes.json merges.txt=bytes.txt"
    clip = "vocab.json=clip.json merges.txt=clip.txt"
    fairseq = "sentencepiece.bpe.model=fairseq.model"
    marian = "source.spm=source.spm target.spm=target.spm vocab.json=marian.json"
    m2m = "sentencepiece.bpe.model=bpe.model vocab.json=m2m.json"
    extra = {"300": token("<|turn|>", special=True), "900": token("newtoken", normalized=True, lstrip=True)}
    return [
        case("bert", bert, "bert"),
        case("bert-cased", bert, "bert", {"do_lower_case": False, "tokenize_chinese_chars": False, "model_max_length": 512}, special_tokens_map={"unk_token": "[UNK]", "mask_token": token("[MASK]", lstrip=True)}),
        case("bert-accents", bert, "bert", {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": False}, added_tokens={"newtoken": 705, "<|turn|>": 706}),
        case("distilbert", bert, "distilbert", {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": True}),
        case("electra", bert, "electra", {"do_lower_case": True}),
        case("mpnet", bert, "mpnet", {"do_lower_case": True, "tokenizer_class": "MPNetTokenizer"}),
        case("gpt2", merges, "gpt2"),
        case("gpt2-added", merges, "gpt2", {"add_prefix_space": True, "tokenizer_class": "GPT2Tokenizer", "added_tokens_decoder": {"0": token("<|endoftext|>", special=True, normalized=True)} | extra, "pad_token": "<|turn|>"}),
        case("opt", merges, "opt", {"add_bos_token": True, "add_prefix_space": False, "bos_token": typed("</s>", normalized=True), "eos_token": typed("</s>", normalized=True), "unk_token": typed("</s>", normalized=True), "pad_token": typed("<pad>", normalized=True), "tokenizer_class": "GPT2Tokenizer"}),
        case("roberta", merges, "roberta", {"tokenizer_class": "RobertaTokenizer", "model_max_length": 512}, special_tokens_map={"mask_token": token("<mask>", lstrip=True), "bos_token": "<s>"}),
        case("bart", merges, "bart"),
        case("clip", clip, "clip", {"tokenizer_class": "CLIPTokenizer", "do_lower_case": True}),
        case("qwen2", merges, "qwen2", {"tokenizer_class": "Qwen2Tokenizer", "additional_special_tokens": ["<|turn|>", "[INST]"], "bos_token": None}),
        case("gpt-neox", merges, "gpt_neox"),
        case("deberta", merges, "deberta", {"tokenizer_class": "DebertaTokenizer"}),
        case("t5", "spiece.model=t5.model", "t5"),
        case("t5-listed", "spiece.model=t5.model", "t5", {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "extra_ids": 8, "additional_special_tokens": [f"<extra_id_{i}>" for i in range(8)], "model_max_length": 512}),
        case("mt5", "spiece.model=t5.model", "mt5", {"extra_ids": 0, "tokenizer_class": "T5Tokenizer", "additional_special_tokens": None}, special_tokens_map={"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}),
        case("albert", "spiece.model=albert.model", "albert"),
        case("albert-accents", "spiece.model=albert.model", "albert", {"do_lower_case": False, "keep_accents": True, "tokenizer_class": "AlbertTokenizer", "mask_token": typed("[MASK]", lstrip=True)}),
        case("xlm-roberta", fairseq, "xlm-roberta"),
        case("xlm-roberta-mask", fairseq, "xlm-roberta", {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512, "mask_token": typed("<mask>", lstrip=True, normalized=True)}),
        case("camembert", fairseq, "camembert", {"tokenizer_class": "CamembertTokenizer"}),
        case("mbart", fairseq, "mbart", {"src_lang": "ro_RO", "tokenizer_class": "MBartTokenizer"}),
        case("mbart50", fairseq, "mbart", {"src_lang": "de_DE", "tokenizer_class": "MBart50Tokenizer"}),
        case("pegasus", "spiece.model=t5.model", "pegasus", {"mask_token": "<mask_2>", "mask_token_sent": "<mask_1>", "offset": 13, "tokenizer_class": "PegasusTokenizer"}),
        case("deberta-v3", "spm.model=deberta.model", "deberta-v2", {"do_lower_case": False, "vocab_type": "spm"}),
        case("deberta-v3-added", "spm.model=deberta.model", "deberta-v2", {"do_lower_case": True, "split_by_punct": True, "tokenizer_class": "DebertaV2Tokenizer", "sp_model_kwargs": {}}, added_tokens={"[MASK]": 620}, special_tokens_map={"mask_token": "[MASK]", "cls_token": "[CLS]"}),
        case("llama", "tokenizer.model=llama.model", "llama", {"add_bos_token": True, "add_eos_token": False, "legacy": False, "tokenizer_class": "LlamaTokenizer", "bos_token": typed("<s>", normalized=True), "eos_token": typed("</s>", normalized=True), "unk_token": typed("<unk>", normalized=True), "pad_token": None}),
        case("llama-legacy", "tokenizer.model=llama.model", "llama", {"add_bos_token": True, "add_eos_token": True, "legacy": True, "tokenizer_class": "LlamaTokenizer"} | {"added_tokens_decoder": {"0": token("<unk>", special=True), "1": token("<s>", special=True), "2": token("</s>", special=True)} | extra}),
        case("llama-bare", "tokenizer.model=llama.model", "llama", {"add_prefix_space": False, "tokenizer_class": "LlamaTokenizer"}),
        case("gemma", "tokenizer.model=gemma.model", "gemma", {"add_bos_token": True, "tokenizer_class": "GemmaTokenizer", "additional_special_tokens": ["<ctrl>"]}),
        case("mistral", "tokenizer.model=llama.model", "mistral", {"add_bos_token": True, "tokenizer_class": "LlamaTokenizer"}),
        case("nllb", "sentencepiece.bpe.model=bpe.model", "m2m_100", {"tokenizer_class": "NllbTokenizer", "src_lang": "fra_Latn", "additional_special_tokens": ["eng_Latn", "fra_Latn", "deu_Latn"]}),
        case("nllb-legacy", "sentencepiece.bpe.model=bpe.model", "m2m_100", {"tokenizer_class": "NllbTokenizer", "src_lang": "eng_Latn", "legacy_behaviour": True, "extra_special_tokens": ["eng_Latn", "deu_Latn"]}),
        case("marian", marian, "marian", {"source_lang": "en", "target_lang": "fr"}),
        case("marian-named", marian, "marian", {"tokenizer_class": "MarianTokenizer", "unk_token": "<unk>", "eos_token": "</s>", "pad_token": "<pad>", "model_max_length": 512, "separate_vocabs": False}),
        case("m2m100", m2m, "m2m_100", {"tokenizer_class": "M2M100Tokenizer", "src_lang": "fr", "num_madeup_words": 8, "language_codes": "m2m100"}, special_tokens_map=SPECIAL | {"additional_special_tokens": [f"__{code}__" for code in M2M100["m2m100"]]}),
    ]


def lay_out(case, shared, folder):
    folder.mkdir()
    for name, source in case["files"].items():
        shutil.copy(shared / source, folder / name)
    for name, value in case["json"].items():
        write(folder / name, value)


def digest(texts):
    return hashlib.sha256("".join(text + "\n" for text in texts).encode("utf-8", "surrogatepass")).hexdigest()


def blocks(texts):
    parts = [digest(texts[i : i + BLOCK])[:6] for i in range(0, len(texts), BLOCK)]
    return "".join(parts)


def results(folder, texts):
    """Ids without and with special tokens, and their decoded text."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    bare = tokenizer(texts, add_special_tokens=False)["input_ids"]
    whole = tokenizer(texts)["input_ids"]
    skipped = [tokenizer.decode(ids, skip_special_tokens=True) for ids in whole]
    kept = [tokenizer.decode(ids, skip_special_tokens=False) for ids in whole]
    numbers = lambda many: [",".join(map(str, ids)) for ids in many]
    step = LINES // SHOWN
    return {
        "class": type(tokenizer).__name__,
        "size": len(tokenizer),
        "bare": blocks(numbers(bare)),
        "whole": blocks(numbers(whole)),
        "skipped": blocks(skipped),
        "kept": blocks(kept),
        "shown": {str(i): whole[i] for i in range(0, LINES, step)},
        "decoded": {str(i): skipped[i] for i in range(0, LINES, 2 * step)},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--full", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    texts = lines()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        out = options.full or STORED
        shared = out / "models"
        if not options.check and not options.names:
            shutil.rmtree(out, ignore_errors=True)
            shared.mkdir(parents=True)
            models(shared, options.full)
            write(out / "texts.json", TEXTS)
        stored = {}
        if (out / "cases.json").exists():
            stored = {case["name"]: case for case in json.loads((out / "cases.json").read_text())["cases"]}
        found = []
        for case in cases():
            if options.names and case["name"] not in options.names:
                found.append(stored.get(case["name"]))
                continue
            lay_out(case, shared, scratch / case["name"])
            try:
                found.append(case | results(scratch / case["name"], texts))
                print(case["name"], found[-1]["class"], found[-1]["size"], flush=True)
            except Exception as error:
                print(case["name"], "FAILED", type(error).__name__, str(error)[:300], flush=True)
        found = [case for case in found if case]
        if options.check:
            wrong = [case["name"] for case in found if stored.get(case["name"]) != case]
            sys.exit(f"other results: {wrong}" if wrong else 0)
        whole = "".join(text + "\n" for text in texts).encode("utf-8", "surrogatepass")
        value = {"lines": hashlib.sha256(whole).hexdigest(), "cases": found}
        body = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in found)
        (out / "cases.json").write_text(f'{{"lines":"{value["lines"]}","cases":[\n{body}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
