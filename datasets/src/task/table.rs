//! Every task, and what can be set.

use super::info::{Origin, Parameter, Preset, TaskInfo, set, task};
use super::{Context, TaskKind, dates, deu_eng, dyck, induction, listops, modadd, mqar, polarity};
use super::{sequences, texts, user, wnut17};
use crate::locate::DataFile;
use crate::text;

const fn text(name: &'static str, value: &'static str) -> (&'static str, Preset) {
    (name, Preset::Text(value))
}

const fn number(name: &'static str, value: u64) -> (&'static str, Preset) {
    (name, Preset::Number(value))
}

const LANGUAGE: &[TaskKind] = &[TaskKind::Language];
const MASKED: &[TaskKind] = &[TaskKind::Masked];
const CLASSIFICATION: &[TaskKind] = &[TaskKind::Classification];
const TAGGING_PAST: &[TaskKind] = &[TaskKind::Tagging(Context::Causal)];
const TRANSDUCTION: &[TaskKind] = &[TaskKind::Transduction];
const BY_FIELDS: &[TaskKind] =
    &[TaskKind::Classification, TaskKind::Tagging(Context::Bidirectional), TaskKind::Transduction];

static LISTOPS: [Parameter; 4] = [
    set("max_depth", "levels of brackets, the digits' level too"),
    set("max_args", "arguments of an operator, at most"),
    set("min_length", "symbols of an expression, at least"),
    set("max_length", "symbols of an expression, at most"),
];
static SEQUENCES: [Parameter; 3] = [
    set("vocabulary", "number of different symbols"),
    set("min_length", "symbols of an input, at least"),
    set("max_length", "symbols of an input, at most"),
];
static CONTEXT: [Parameter; 1] = [set("context", "characters of an input")];
static OWN_TEXT: [Parameter; 2] =
    [set("file", "path of a text in UTF-8"), set("context", "characters of an input")];
static USER: [Parameter; 11] = [
    set("file", "path of the file"),
    set("text", "the field to classify; else \"text\""),
    set("label", "the field with its label; else \"label\""),
    set("source", "the field to read; else \"source\""),
    set("target", "the field to write; else \"target\""),
    set("words", "the field to tag, a list or with spaces between words; else \"words\""),
    set("tags", "the field with as many tags; else \"tags\""),
    set("symbols", "characters, words or subwords, where words are not given"),
    set("vocabulary", "number of subwords"),
    set("min_count", "how often a word must occur in training to be known"),
    set("max_length", "symbols of an input, at most"),
];

const SHAKESPEARE: Origin = published(&[text::SHAKESPEARE_FILE], "public domain");
const NAMES: Origin = published(
    &[text::NAMES_FILE],
    "MIT (makemore); names of the US Social Security Administration",
);

const fn published(files: &'static [DataFile], license: &'static str) -> Origin {
    Origin::Published { files, license }
}

/// Every task: the generated ones first, then published data, then the user's.
pub static TASKS: &[TaskInfo] = &[
    task::<listops::ListOps>(
        "listops",
        "the value of a short nested expression of digits",
        CLASSIFICATION,
        &LISTOPS,
    ),
    task::<listops::ListOps>(
        "listops-lra",
        "the same as long and as deep as in Long Range Arena",
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
            set("n_pairs", "keys, each with its value"),
            set("length", "symbols of an input, at least 4 for each pair"),
            set("vocabulary", "keys and values to choose from, together"),
            set("power_a", "exponent of the distances' power law, plus 1"),
        ],
    ),
    task::<induction::Induction>(
        "induction",
        "which symbol followed the mark when it came before?",
        TAGGING_PAST,
        &[
            set("length", "symbols of an input"),
            set("vocabulary", "number of different symbols, without the mark"),
        ],
    ),
    task::<sequences::Sequences>(
        "copy",
        "random symbols, to be written again",
        TRANSDUCTION,
        &SEQUENCES,
    )
    .preset(&[text("write", "copy")]),
    task::<sequences::Sequences>(
        "reverse",
        "random symbols, to be written from the last to the first",
        TRANSDUCTION,
        &SEQUENCES,
    )
    .preset(&[text("write", "reverse")]),
    task::<sequences::Sequences>(
        "sort",
        "random symbols, to be written in order",
        TRANSDUCTION,
        &SEQUENCES,
    )
    .preset(&[text("write", "sort")]),
    task::<dyck::Dyck>(
        "dyck",
        "nested brackets: which one must be closed next?",
        TAGGING_PAST,
        &[
            set("types", "types of brackets"),
            set("max_depth", "brackets that are open at once, at most"),
            set("length", "symbols of an input"),
        ],
    ),
    task::<modadd::ModAdd>(
        "modadd",
        "a + b modulo p, from some of all pairs",
        CLASSIFICATION,
        &[set("p", "the modulus"), set("fraction", "which part of all pairs is trained on")],
    )
    .from(Origin::Made),
    task::<dates::Dates>(
        "dates",
        "a day in one of many ways to write it, to be written as 1998-03-03",
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
        "the hidden characters of endless synthetic stories",
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
        "the hidden characters of Shakespeare",
        MASKED,
        &CONTEXT,
    )
    .from(SHAKESPEARE)
    .preset(&[text("text", "shakespeare"), text("objective", "masked")]),
    task::<texts::Names>("names", "the next letter of first names, as in makemore", LANGUAGE, &[])
        .from(NAMES)
        .preset(&[text("objective", "next")]),
    task::<texts::Names>("names-masked", "the hidden letters of first names", MASKED, &[])
        .from(NAMES)
        .preset(&[text("objective", "masked")]),
    task::<polarity::Polarity>(
        "polarity",
        "is a sentence for or against the film?",
        CLASSIFICATION,
        &[
            set("fold", "which of ten parts is the test, 0 to 9"),
            set("min_count", "how often a word must occur in training to be known"),
        ],
    )
    .from(published(&polarity::FILES, "CC BY 4.0, Bo Pang and Lillian Lee")),
    task::<wnut17::Wnut17>(
        "wnut17",
        "names of people, places, groups and things in posts from the web",
        &[TaskKind::Tagging(Context::Bidirectional)],
        &[set("min_count", "how often a word must occur in training to be known")],
    )
    .from(published(&wnut17::FILES, "CC BY 4.0, WNUT 2017 shared task")),
    task::<deu_eng::DeuEng>(
        "deu-eng",
        "translation between German and English",
        TRANSDUCTION,
        &[
            set("from", "the language to read, deu or eng"),
            set("symbols", "characters, words or subwords"),
            set("vocabulary", "number of subwords, of both languages together"),
            set("min_count", "how often a word must occur in training to be known"),
            set("max_length", "symbols of a sentence; longer ones are left out"),
            set("validation", "number of validation examples"),
            set("test", "number of test examples"),
        ],
    )
    .from(published(&deu_eng::FILES, "CC BY 2.0, tatoeba.org and manythings.org/anki")),
    task::<texts::Own>("text", "the next character of your own text", LANGUAGE, &OWN_TEXT)
        .from(Origin::User)
        .preset(&[text("objective", "next")]),
    task::<texts::Own>("text-masked", "the hidden characters of your own text", MASKED, &OWN_TEXT)
        .from(Origin::User)
        .preset(&[text("objective", "masked")]),
    task::<user::UserFile>(
        "jsonl",
        "your own labels, pairs or tags, a JSON object to a line",
        BY_FIELDS,
        &USER,
    )
    .from(Origin::User)
    .preset(&[text("format", "jsonl")]),
    task::<user::UserFile>(
        "csv",
        "your own labels, pairs or tags, in a table with a line of names",
        BY_FIELDS,
        &USER,
    )
    .from(Origin::User)
    .preset(&[text("format", "csv")]),
];
