//! The table of tasks and their parameters.

use super::info::{Origin, Parameter, Preset, PresetValue, TaskInfo, set, task};
use super::kind::{Context, TaskKind};
use super::{dates, deu_eng, dyck, induction, listops, modadd, mqar, polarity};
use super::{sequences, texts, user, wnut17};
use crate::locate::DataFile;
use crate::text;

const fn text(name: &'static str, value: &'static str) -> Preset {
    Preset { name, value: PresetValue::Text(value) }
}

const fn number(name: &'static str, value: u64) -> Preset {
    Preset { name, value: PresetValue::Number(value) }
}

const LANGUAGE: &[TaskKind] = &[TaskKind::Language];
const MASKED: &[TaskKind] = &[TaskKind::Masked];
const CLASSIFICATION: &[TaskKind] = &[TaskKind::Classification];
const TAGGING_PAST: &[TaskKind] = &[TaskKind::Tagging(Context::Causal)];
const TRANSDUCTION: &[TaskKind] = &[TaskKind::Transduction];
const BY_FIELDS: &[TaskKind] =
    &[TaskKind::Classification, TaskKind::Tagging(Context::Bidirectional), TaskKind::Transduction];

static LISTOPS: [Parameter; 4] = [
    set("max_depth", "levels of nesting, including the level of the digits"),
    set("max_args", "maximum number of arguments of an operator"),
    set("min_length", "minimum length of an expression in tokens"),
    set("max_length", "maximum length of an expression in tokens"),
];
static SEQUENCES: [Parameter; 3] = [
    set("vocabulary", "number of distinct tokens"),
    set("min_length", "minimum length of an input in tokens"),
    set("max_length", "maximum length of an input in tokens"),
];
static CONTEXT: [Parameter; 1] = [set("context", "length of an input in characters")];
static OWN_TEXT: [Parameter; 2] =
    [set("file", "path of a UTF-8 text file"), set("context", "length of an input in characters")];
static USER: [Parameter; 11] = [
    set("file", "path of the file"),
    set("text", "the field with the text to classify; default \"text\""),
    set("label", "the field with the label; default \"label\""),
    set("source", "the field with the input text; default \"source\""),
    set("target", "the field with the output text; default \"target\""),
    set("words", "the field with the words to tag, a list or space-separated; default \"words\""),
    set("tags", "the field with one tag for each word; default \"tags\""),
    set("symbols", "characters, words or subwords; for tagging always words"),
    set("vocabulary", "number of subwords"),
    set("min_count", "minimum count of a word in training; rarer words are unknown"),
    set("max_length", "maximum length of an input in tokens"),
];

const SHAKESPEARE: Origin = published(&[text::SHAKESPEARE_FILE], "public domain");
const NAMES: Origin = published(
    &[text::NAMES_FILE],
    "MIT (makemore); names of the US Social Security Administration",
);

const fn published(files: &'static [DataFile], license: &'static str) -> Origin {
    Origin::Published { files, license }
}

/// Every task: the generated ones first, then published data, then the user's files.
pub static TASKS: &[TaskInfo] = &[
    task::<listops::ListOps>(
        "listops",
        "the value of a short nested expression of digits",
        CLASSIFICATION,
        &LISTOPS,
    ),
    task::<listops::ListOps>(
        "listops-lra",
        "listops with the lengths and the depth of Long Range Arena",
        CLASSIFICATION,
        &LISTOPS,
    )
    .preset(&[
        number("max_depth", 10),
        number("max_args", 10),
        number("min_length", 501),
        number("max_length", 1999),
        number("train", 96_000),
        number("validation", 2000),
        number("test", 2000),
    ]),
    task::<mqar::Mqar>(
        "mqar",
        "associative recall with many queries: which value had each key?",
        TAGGING_PAST,
        &[
            set("n_pairs", "number of key-value pairs"),
            set("length", "length of an input in tokens, at least 4 for each pair"),
            set("vocabulary", "number of distinct keys and values together"),
            set("power_a", "exponent of the distances' power law, plus 1"),
        ],
    ),
    task::<induction::Induction>(
        "induction",
        "which token followed the marker at its first occurrence?",
        TAGGING_PAST,
        &[
            set("length", "length of an input in tokens"),
            set("vocabulary", "number of distinct tokens, without the marker"),
        ],
    ),
    task::<sequences::Sequences>("copy", "random tokens, to be copied", TRANSDUCTION, &SEQUENCES)
        .preset(&[text("write", "copy")]),
    task::<sequences::Sequences>(
        "reverse",
        "random tokens, to be reversed",
        TRANSDUCTION,
        &SEQUENCES,
    )
    .preset(&[text("write", "reverse")]),
    task::<sequences::Sequences>("sort", "random tokens, to be sorted", TRANSDUCTION, &SEQUENCES)
        .preset(&[text("write", "sort")]),
    task::<dyck::Dyck>(
        "dyck",
        "nested brackets: which one must be closed next?",
        TAGGING_PAST,
        &[
            set("types", "number of bracket types"),
            set("max_depth", "maximum nesting depth"),
            set("length", "length of an input in tokens"),
        ],
    ),
    task::<modadd::ModAdd>(
        "modadd",
        "a + b modulo p, trained on a fraction of all pairs",
        CLASSIFICATION,
        &[set("p", "the modulus"), set("fraction", "fraction of all pairs used for training")],
    )
    .from(Origin::Made),
    task::<dates::Dates>(
        "dates",
        "a date in one of many formats, to be converted to the form 1998-03-03",
        TRANSDUCTION,
        &[set("first_year", "the first year"), set("last_year", "the last year")],
    ),
    task::<texts::Running>(
        "stories",
        "the next character of endless synthetic stories",
        LANGUAGE,
        &CONTEXT,
    )
    .from(Origin::Made)
    .preset(&[text("text", "stories"), text("objective", "next")]),
    task::<texts::Running>(
        "stories-masked",
        "the masked characters of endless synthetic stories",
        MASKED,
        &CONTEXT,
    )
    .from(Origin::Made)
    .preset(&[text("text", "stories"), text("objective", "masked")]),
    task::<texts::Running>(
        "shakespeare",
        "the next character of Shakespeare, as in nanoGPT",
        LANGUAGE,
        &CONTEXT,
    )
    .from(SHAKESPEARE)
    .preset(&[text("text", "shakespeare"), text("objective", "next")]),
    task::<texts::Running>(
        "shakespeare-masked",
        "the masked characters of Shakespeare",
        MASKED,
        &CONTEXT,
    )
    .from(SHAKESPEARE)
    .preset(&[text("text", "shakespeare"), text("objective", "masked")]),
    task::<texts::Names>("names", "the next letter of first names, as in makemore", LANGUAGE, &[])
        .from(NAMES)
        .preset(&[text("objective", "next")]),
    task::<texts::Names>("names-masked", "the masked letters of first names", MASKED, &[])
        .from(NAMES)
        .preset(&[text("objective", "masked")]),
    task::<polarity::Polarity>(
        "polarity",
        "is a sentence for or against the film?",
        CLASSIFICATION,
        &[
            set("fold", "which of ten folds is the test split, 0 to 9"),
            set("min_count", "minimum count of a word in training; rarer words are unknown"),
        ],
    )
    .from(published(&polarity::FILES, "CC BY 4.0, Bo Pang and Lillian Lee")),
    task::<wnut17::Wnut17>(
        "wnut17",
        "named entities (people, places, groups, things) in web posts",
        &[TaskKind::Tagging(Context::Bidirectional)],
        &[set("min_count", "minimum count of a word in training; rarer words are unknown")],
    )
    .from(published(&wnut17::FILES, "CC BY 4.0, WNUT 2017 shared task")),
    task::<deu_eng::DeuEng>(
        "deu-eng",
        "translation between German and English",
        TRANSDUCTION,
        &[
            set("from", "source language, deu or eng"),
            set("symbols", "characters, words or subwords"),
            set("vocabulary", "number of subwords, shared by both languages"),
            set("min_count", "minimum count of a word in training; rarer words are unknown"),
            set("max_length", "maximum length of a sentence in tokens; longer ones are dropped"),
            set("validation", "number of validation examples"),
            set("test", "number of test examples"),
        ],
    )
    .from(published(&deu_eng::FILES, "CC BY 2.0, tatoeba.org and manythings.org/anki")),
    task::<texts::Own>("text", "the next character of your own text", LANGUAGE, &OWN_TEXT)
        .from(Origin::User)
        .preset(&[text("objective", "next")]),
    task::<texts::Own>("text-masked", "the masked characters of your own text", MASKED, &OWN_TEXT)
        .from(Origin::User)
        .preset(&[text("objective", "masked")]),
    task::<user::UserFile>(
        "jsonl",
        "your own labels, pairs or tags, one JSON object per line",
        BY_FIELDS,
        &USER,
    )
    .from(Origin::User)
    .preset(&[text("format", "jsonl")]),
    task::<user::UserFile>(
        "csv",
        "your own labels, pairs or tags, in a table with a header line",
        BY_FIELDS,
        &USER,
    )
    .from(Origin::User)
    .preset(&[text("format", "csv")]),
];
