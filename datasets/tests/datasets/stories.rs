use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashSet};
use zoo_datasets::text::{Corpus, Stories, Train};

/// A change of this hash changes the training data of every model trained on stories: document it
/// in the changelog.
const FIRST_100: &str = "2d201191a3f0092db533cc653c7c846892997eeca447ecbc900bb3c8225376cb";

#[test]
fn the_first_hundred_stories_never_change() {
    let text = Stories::new(0).text(0, 100);
    let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, FIRST_100);
}

#[test]
fn a_story_depends_only_on_seed_and_index() {
    let forward: Vec<String> = (0..50).map(|index| Stories::new(7).story(index)).collect();
    let mut backward: Vec<String> = (0..50).rev().map(|i| Stories::new(7).story(i)).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    assert_eq!(Stories::new(7).text(0, 50), forward.concat());
    assert!((0..50).all(|index| Stories::new(8).story(index) != forward[index as usize]));
}

#[test]
fn the_first_ten_thousand_stories_differ() {
    for seed in [0, 1, 42] {
        let stories: HashSet<String> = (0..10_000).map(|i| Stories::new(seed).story(i)).collect();
        assert_eq!(stories.len(), 10_000, "seed {seed}");
    }
}

#[test]
fn the_alphabet_equals_the_characters_that_occur() {
    let stories = (0..5000).map(|index| Stories::new(0).story(index));
    let seen: BTreeSet<char> =
        stories.flat_map(|story| story.chars().collect::<Vec<_>>()).collect();
    assert_eq!(seen.into_iter().collect::<String>(), Stories::ALPHABET);
}

#[test]
fn a_story_is_one_tidy_line_and_an_empty_one() {
    for index in 0..5000 {
        let story = Stories::new(0).story(index);
        let line = story.strip_suffix("\n\n").expect("ends with an empty line");
        assert!(!line.contains('\n') && !line.contains("  ") && line == line.trim(), "{line}");
        assert!(line.starts_with(|c: char| c.is_ascii_uppercase()), "{line}");
        assert!(line.ends_with(['.', '!', '?', '"']), "{line}");
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        assert!((80..700).contains(&line.len()), "{} characters: {line}", line.len());
        for vowel in ["a a", "a e", "a i", "a o", "a u"] {
            let wrong = line.to_lowercase().contains(&format!(" {vowel}"));
            assert!(!wrong, "{vowel:?} in {line}");
        }
    }
}

#[test]
fn the_vocabulary_is_small() {
    let text = Stories::new(0).text(0, 5000).to_lowercase();
    let words: HashSet<&str> =
        text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    assert!((250..450).contains(&words.len()), "{} different words", words.len());
}

#[test]
fn held_out_stories_are_never_trained_on() {
    let held_out: HashSet<String> =
        (0..Stories::VALIDATION).map(|index| Stories::held_out().story(index)).collect();
    assert_eq!(held_out.len() as u64, Stories::VALIDATION);
    let first_byte = |story: &String| Sha256::digest(story)[0];
    assert!(held_out.iter().all(|story| first_byte(story) < 8));
    for seed in 0..5 {
        for index in 0..2000 {
            let story = Stories::new(seed).story(index);
            assert!(first_byte(&story) >= 8 && !held_out.contains(&story));
        }
    }
}

#[test]
fn the_corpus_of_stories_validates_on_the_held_out_ones() {
    let corpus = Corpus::stories();
    assert_eq!(corpus.train, Train::Stories);
    assert_eq!(corpus.valid, Stories::held_out().text(0, Stories::VALIDATION));
    assert_eq!(corpus.alphabet(), Stories::ALPHABET.chars().collect::<Vec<_>>());
}
