"""Fine-tunes a classifier or a tagger with transformers, as a peer of `zoo train --task`.

    python bench/peers/fine_tune.py MODEL train.csv test.csv --lr 1e-4 --epochs 1
    python bench/peers/fine_tune.py MODEL train.conll test.conll --tags
    python bench/peers/fine_tune.py MODEL train.csv test.csv --steps 20 --trainer

A plain loop over shuffled batches of 32: AdamW (weight decay 0.01), a tenth of the steps as warm-up,
a linear rate, gradients clipped at 1. `--trainer` is transformers' Trainer with its defaults and the
same numbers; it needs the package accelerate. Prints one line of JSON: the score in percent
(accuracy, or entity F1 by seqeval), and the seconds of training.
"""

import argparse
import csv
import json
import random
import tempfile
import time

import torch
import transformers


def rows_of(path, tags):
    if not tags:
        with open(path, newline="") as file:
            return [(row["text"], row["label"]) for row in csv.DictReader(file)]
    sentences, words = [], []
    for line in open(path, encoding="utf-8"):
        parts = line.split("\t") if "\t" in line else line.split()
        if len(parts) > 1 and line.strip():
            words.append((parts[0], parts[-1].strip()))
        elif words:
            sentences.append(words)
            words = []
    sentences += [words] if words else []
    return [([word for word, _ in sentence], [tag for _, tag in sentence]) for sentence in sentences]


def encoded(tokenizer, rows, labels, tags, length):
    ids = {label: index for index, label in enumerate(labels)}
    examples = []
    for text, label in rows:
        found = tokenizer(text, truncation=True, max_length=length, is_split_into_words=tags)
        if tags:
            words, seen, target = found.word_ids(), None, []
            for word in words:
                target.append(-100 if word is None or word == seen else ids[label[word]])
                seen = word
            found["labels"] = target
        else:
            found["labels"] = ids[label]
        examples.append(dict(found))
    return examples


def collated(tokenizer, examples):
    width = max(len(example["input_ids"]) for example in examples)
    fill = {"input_ids": tokenizer.pad_token_id, "attention_mask": 0, "token_type_ids": 0, "labels": -100}
    batch = {}
    for name in examples[0]:
        values = [example[name] for example in examples]
        if isinstance(values[0], list):
            values = [value + [fill[name]] * (width - len(value)) for value in values]
        batch[name] = torch.tensor(values)
    return batch


def score(model, tokenizer, examples, labels, tags):
    model.eval()
    right, found, expected = 0, [], []
    with torch.no_grad():
        for start in range(0, len(examples), 32):
            batch = collated(tokenizer, examples[start : start + 32])
            target = batch.pop("labels")
            best = model(**batch).logits.argmax(-1)
            right += (best == target).sum().item()
            for guess, truth in zip(best.tolist(), target.tolist()) if tags else []:
                kept = [(g, t) for g, t in zip(guess, truth) if t != -100]
                found.append([labels[g] for g, _ in kept])
                expected.append([labels[t] for _, t in kept])
    if not tags:
        return 100 * right / len(examples)
    from seqeval.metrics import f1_score

    return 100 * f1_score(expected, found)


def loop(args, model, tokenizer, examples, steps):
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=args.lr)
    rate = transformers.get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
    model.train()
    done = 0
    while done < steps:
        random.shuffle(examples)
        for start in range(0, len(examples), args.batch):
            if done == steps:
                break
            batch = collated(tokenizer, examples[start : start + args.batch])
            loss = model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rate.step()
            optimizer.zero_grad()
            done += 1


def trainer(args, model, tokenizer, examples, steps):
    settings = transformers.TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        max_steps=steps,
        per_device_train_batch_size=args.batch,
        learning_rate=args.lr,
        weight_decay=0.01,
        seed=args.seed,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        torch_compile=args.compile,
        **({"train_sampling_strategy": "group_by_length"} if args.group else {}),
    )
    collate = transformers.DataCollatorWithPadding(tokenizer)
    transformers.Trainer(model, settings, data_collator=collate, train_dataset=examples).train()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--tags", action="store_true")
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trainer", action="store_true")
    parser.add_argument("--group", action="store_true", help="batches of like length, with --trainer")
    parser.add_argument("--compile", action="store_true", help="torch.compile, with --trainer")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(args.model)
    train, test = rows_of(args.train, args.tags), rows_of(args.test, args.tags)
    labels = sorted({tag for _, tags in train for tag in tags} if args.tags else {l for _, l in train})
    kind = "TokenClassification" if args.tags else "SequenceClassification"
    auto = getattr(transformers, f"AutoModelFor{kind}")
    model = auto.from_pretrained(args.model, num_labels=len(labels), ignore_mismatched_sizes=True)
    examples = encoded(tokenizer, train, labels, args.tags, args.length)
    steps = args.steps or max(1, round(args.epochs * len(examples) / args.batch + 0.4999))
    began = time.time()
    (trainer if args.trainer else loop)(args, model, tokenizer, examples, steps)
    seconds = time.time() - began
    result = {"steps": steps, "seconds": seconds}
    if args.steps is None:
        held = encoded(tokenizer, test, labels, args.tags, args.length)
        result["score"] = score(model, tokenizer, held, labels, args.tags)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
