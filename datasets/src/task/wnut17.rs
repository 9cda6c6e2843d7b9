//! `wnut17`: named entities (people, places, groups, things) in web posts.
//!
//! Measures tagging by context: the entities are novel, so few of the test words occur in training.
//! A word that is rare in training is encoded as its shape, such as `Xx` for an uppercase letter
//! followed by lowercase ones, which keeps most of the available evidence.
//!
//! Reference: Derczynski et al. 2017, <https://aclanthology.org/W17-4418>

use super::definition::TaskDefinition;
use super::error::check;
use super::settings::{BuiltTask, Settings};
use super::sources::{Sources, tagged};
use super::splits::{Splits, Train};
use super::word_encoder::{Sentence, TaggedWord, WordEncoder, tag_names};
use super::{Context, Example, Labels, Metric, Reference, TaskError, TaskKind};
use crate::locate::{DataFile, SearchPath};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Wnut17 {
    min_count: usize,
}

impl Default for Wnut17 {
    fn default() -> Self {
        Self { min_count: 2 }
    }
}

/// Training, validation and test.
pub(super) static FILES: [DataFile; 3] = [
    DataFile {
        path: "wnut17/wnut17train.conll",
        urls: &[
            "https://raw.githubusercontent.com/leondz/emerging_entities_17/master/wnut17train.conll",
        ],
        sha256: "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
        bytes: 493_781,
    },
    DataFile {
        path: "wnut17/emerging.dev.conll",
        urls: &[
            "https://raw.githubusercontent.com/leondz/emerging_entities_17/master/emerging.dev.conll",
        ],
        sha256: "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
        bytes: 114_749,
    },
    DataFile {
        path: "wnut17/emerging.test.annotated",
        urls: &[
            "https://raw.githubusercontent.com/leondz/emerging_entities_17/master/emerging.test.annotated",
        ],
        sha256: "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
        bytes: 192_425,
    },
];

static REFERENCES: [Reference; 1] = [Reference {
    what: "UH-RiTUAL, the best system of the shared task, with pretrained vectors and gazetteers",
    score: 41.86,
    source: "Derczynski et al. 2017, https://aclanthology.org/W17-4418",
}];

impl Settings for Wnut17 {
    fn build(self, search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("min_count", self.min_count, 1..=1000)?;
        let mut splits = Vec::with_capacity(FILES.len());
        for file in &FILES {
            let content = search_path.read(file)?;
            splits.push(sentences(&String::from_utf8_lossy(&content)));
        }
        let [train, validation, test] = &splits[..] else { unreachable!("there are three files") };
        let words: Vec<&str> = train.iter().flatten().map(|tagged| tagged.word.as_str()).collect();
        let encoder = WordEncoder::new(&words, self.min_count);
        let tags = tag_names(splits.iter().flatten());
        let examples = |split: &[Sentence]| -> Vec<Example> {
            split.iter().map(|sentence| encoder.example(sentence, &tags)).collect()
        };
        let source = |split: &[Sentence]| -> Vec<_> {
            split.iter().map(|sentence| tagged(sentence, &tags)).collect()
        };
        let sources =
            Sources { train: source(train), validation: source(validation), test: source(test) };
        let splits =
            Splits::new(Train::Fixed(examples(train)), examples(validation), examples(test))
                .with_sources(sources);
        let definition = TaskDefinition {
            kind: TaskKind::Tagging(Context::Bidirectional),
            score: Metric::EntityF1,
            also: vec![Metric::TagAccuracy],
            tokens: encoder.tokens,
            labels: Labels::Names(tags),
            references: &REFERENCES,
        };
        Ok(BuiltTask::Fixed(definition, splits))
    }
}

/// Parses one tab-separated word and tag per line, with an empty line after each sentence.
fn sentences(text: &str) -> Vec<Sentence> {
    let mut found = vec![Sentence::new()];
    for line in text.split('\n') {
        match line.trim().rsplit_once('\t') {
            Some((word, tag)) => {
                if let Some(sentence) = found.last_mut() {
                    let (word, tag) = (word.trim().to_owned(), tag.trim().to_owned());
                    sentence.push(TaggedWord { word, tag });
                }
            }
            None => found.push(Sentence::new()),
        }
    }
    found.retain(|sentence| !sentence.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_tab_alone_ends_a_sentence() {
        let found = sentences("a\tO\nb\tB-x\n\t\nc\tO\n\n\nd\tI-x");
        let lengths: Vec<usize> = found.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1, 1]);
        assert_eq!(tag_names(found.iter()), ["O", "B-x", "I-x"]);
    }
}
