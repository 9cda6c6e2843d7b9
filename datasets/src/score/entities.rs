//! Precision, recall and F1 of entities, as in CoNLL's shared tasks and seqeval.
//!
//! ```text
//! precision = correct / found      recall = correct / expected      F1 = 2 P R / (P + R)
//! ```
//!
//! An entity is correct if its first word, last word and type are all correct. If no entities were
//! found (or expected), precision (or recall) is 0, as in seqeval.
//!
//! Reference: Tjong Kim Sang & De Meulder 2003, <https://aclanthology.org/W03-0419>; surface forms:
//! Derczynski et al. 2017, <https://aclanthology.org/W17-4418>

use super::checks::check_lengths;
use super::error::ScoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

/// How to interpret an inside or end tag that does not follow a tag of its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// It begins an entity, as in `conlleval` and by default in seqeval.
    #[default]
    Lenient,
    /// It belongs to no entity, as in seqeval's strict mode with the scheme IOB2.
    Strict,
}

/// An entity of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Entity {
    /// The type: the part of the tag after `B-`; `_` if empty.
    pub kind: String,
    /// Index of its first word.
    pub start: usize,
    /// Index after its last word.
    pub end: usize,
}

/// The score of all entities, or of those of one type.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct EntityScore {
    /// Correct entities: found and expected.
    pub correct: usize,
    /// Entities found.
    pub found: usize,
    /// Entities expected.
    pub expected: usize,
    /// From 0 to 1; 0 if no entities were found.
    pub precision: f64,
    /// From 0 to 1; 0 if no entities were expected.
    pub recall: f64,
    /// From 0 to 1; 0 if no entity is correct.
    pub f1: f64,
}

/// The scores of a corpus.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct EntityScores {
    /// Micro-averaged over all entities: the score that is usually reported.
    pub overall: EntityScore,
    /// By type, for every type that was found or expected.
    pub kinds: BTreeMap<String, EntityScore>,
}

/// Whether a tag has a form of one of the schemes that [`entities`] reads.
pub fn is_entity_tag(tag: &str) -> bool {
    parse(tag).is_some()
}

/// The entities of a sentence from its tags.
///
/// The schemes are IOB1, IOB2 (`O`, `B-TYPE`, `I-TYPE`), IOBES (and `E-TYPE` for the last word of an
/// entity, `S-TYPE` for its only word) and BILOU (the same with `L-TYPE` and `U-TYPE`). The type is
/// optional.
///
/// # Errors
///
/// [`ScoreError::UnknownTag`] with sentence 0, for any other tag.
pub fn entities<S: AsRef<str>>(tags: &[S], reading: Reading) -> Result<Vec<Entity>, ScoreError> {
    let mut entities: Vec<Entity> = Vec::new();
    // Whether the last entity extends to the previous word.
    let mut is_open = false;
    let mut before = None;
    for (word, tag) in tags.iter().map(AsRef::as_ref).enumerate() {
        let unknown = || ScoreError::UnknownTag { sentence: 0, word, tag: tag.to_owned() };
        let Tag::Entity { position, kind } = parse(tag).ok_or_else(unknown)? else {
            (is_open, before) = (false, None);
            continue;
        };
        let begins = match position {
            Position::Begin | Position::Single => true,
            Position::Inside | Position::End => before != Some(kind) && reading == Reading::Lenient,
        };
        if begins {
            entities.push(Entity { kind: kind.to_owned(), start: word, end: word + 1 });
            is_open = true;
        } else if let (true, Some(entity)) = (is_open && before == Some(kind), entities.last_mut())
        {
            entity.end = word + 1;
        } else {
            is_open = false;
        }
        let is_last = matches!(position, Position::End | Position::Single);
        is_open &= !is_last;
        before = (!is_last).then_some(kind);
    }
    Ok(entities)
}

/// Scores the tags `found` against `expected`, one list per sentence.
///
/// # Errors
///
/// [`ScoreError`] if there are no sentences, the numbers of sentences or tags differ, or a tag is
/// not IOB2.
pub fn entity_scores<F: AsRef<str>, E: AsRef<str>>(
    found: &[Vec<F>],
    expected: &[Vec<E>],
    reading: Reading,
) -> Result<EntityScores, ScoreError> {
    let pairs = read(found, expected, reading)?;
    let mut kinds = BTreeMap::<String, EntityScore>::new();
    for (found, expected) in &pairs {
        for entity in found {
            let score = kinds.entry(entity.kind.clone()).or_default();
            score.found += 1;
            score.correct += usize::from(expected.contains(entity));
        }
        for entity in expected {
            kinds.entry(entity.kind.clone()).or_default().expected += 1;
        }
    }
    let mut overall = EntityScore::default();
    for score in kinds.values_mut() {
        overall.correct += score.correct;
        overall.found += score.found;
        overall.expected += score.expected;
        score.divide();
    }
    overall.divide();
    Ok(EntityScores { overall, kinds })
}

/// Scores surface forms: distinct names, however often each occurs.
///
/// A name with its type counts once. It is correct if it was found at one or more of its
/// occurrences: this is the second score of WNUT17's evaluation script. `words` are the words of
/// the sentences.
///
/// # Errors
///
/// As [`entity_scores`], and if a sentence has more or fewer words than tags.
pub fn surface_score<W: AsRef<str>, F: AsRef<str>, E: AsRef<str>>(
    words: &[Vec<W>],
    found: &[Vec<F>],
    expected: &[Vec<E>],
    reading: Reading,
) -> Result<EntityScore, ScoreError> {
    check_sequences(found, words)?;
    let pairs = read(found, expected, reading)?;
    let mut forms: [BTreeSet<(Vec<&str>, String)>; 3] = Default::default();
    for (words, (found, expected)) in words.iter().zip(pairs) {
        let form = |entity: &Entity| {
            let words = words[entity.start..entity.end].iter().map(AsRef::as_ref).collect();
            (words, entity.kind.clone())
        };
        forms[0].extend(found.iter().filter(|entity| expected.contains(entity)).map(form));
        forms[1].extend(found.iter().map(form));
        forms[2].extend(expected.iter().map(form));
    }
    let [correct, found, expected] = forms.map(|forms| forms.len());
    let mut score = EntityScore { correct, found, expected, ..EntityScore::default() };
    score.divide();
    Ok(score)
}

/// The score of both corpora together: counts are added.
impl AddAssign<&Self> for EntityScore {
    fn add_assign(&mut self, other: &Self) {
        self.correct += other.correct;
        self.found += other.found;
        self.expected += other.expected;
        self.divide();
    }
}

impl EntityScore {
    fn divide(&mut self) {
        let share = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        self.precision = share(self.correct as f64, self.found as f64);
        self.recall = share(self.correct as f64, self.expected as f64);
        self.f1 = share(2.0 * self.precision * self.recall, self.precision + self.recall);
    }
}

enum Tag<'a> {
    Outside,
    Entity { position: Position, kind: &'a str },
}

/// The position of a word in its entity.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Begin,
    Inside,
    End,
    Single,
}

fn parse(tag: &str) -> Option<Tag<'_>> {
    let (kind_of, kind) = match tag.split_once('-') {
        Some((first, kind)) => (first, if kind.is_empty() { "_" } else { kind }),
        None => (tag, "_"),
    };
    let position = match kind_of {
        "O" if tag == "O" => return Some(Tag::Outside),
        "B" => Position::Begin,
        "I" => Position::Inside,
        "E" | "L" => Position::End,
        "S" | "U" => Position::Single,
        _ => return None,
    };
    Some(Tag::Entity { position, kind })
}

/// Found and expected entities of every sentence.
type Pairs = Vec<(BTreeSet<Entity>, BTreeSet<Entity>)>;

fn read<F: AsRef<str>, E: AsRef<str>>(
    found: &[Vec<F>],
    expected: &[Vec<E>],
    reading: Reading,
) -> Result<Pairs, ScoreError> {
    check_sequences(found, expected)?;
    let pairs = found.iter().zip(expected).enumerate().map(|(index, (found, expected))| {
        let here = |error| match error {
            ScoreError::UnknownTag { word, tag, .. } => {
                ScoreError::UnknownTag { sentence: index, word, tag }
            }
            other => other,
        };
        let found = entities(found, reading).map_err(here)?;
        let expected = entities(expected, reading).map_err(here)?;
        Ok((found.into_iter().collect(), expected.into_iter().collect()))
    });
    pairs.collect()
}

fn check_sequences<F, E>(found: &[Vec<F>], expected: &[Vec<E>]) -> Result<(), ScoreError> {
    check_lengths("sentences", found.len(), expected.len())?;
    super::accuracy::check_each(found, expected)
}
