//! Tasks on published data, if the files are available.

use super::generated::check;
use super::{real, train};
use std::collections::{BTreeMap, HashSet};
use zoo_datasets::task::{Example, Target, Task, TokenTable};

fn all(task: &Task) -> [Vec<Example>; 3] {
    let size = task.train_size().unwrap();
    let examples = [train(task, 1, size), task.validation.clone(), task.test.clone()];
    for example in examples.iter().flatten() {
        check(task, example);
    }
    examples
}

fn sizes(parts: &[Vec<Example>; 3]) -> [usize; 3] {
    [parts[0].len(), parts[1].len(), parts[2].len()]
}

#[test]
fn polarity_has_every_sentence_in_one_fold() {
    let Some(first) = real("polarity", "sentence_polarity") else { return };
    let parts = all(&first);
    assert_eq!(sizes(&parts).iter().sum::<usize>(), 10_662);
    let positive =
        |part: &[Example]| part.iter().filter(|example| example.target == Target::Class(1)).count();
    assert_eq!(parts.iter().map(|part| positive(part)).sum::<usize>(), 5331);
    assert!((48.0..52.0).contains(&first.chance), "{}", first.chance);
    let (mut tested, mut validated) = (0, Vec::new());
    for fold in 0..10 {
        let task = real(&format!("polarity:fold={fold}"), "sentence_polarity").unwrap();
        assert!((950..1200).contains(&task.test.len()), "{}", task.test.len());
        tested += task.test.len();
        validated.push(task.validation.len());
        if fold > 0 {
            assert_eq!(
                validated[fold - 1],
                task.test.len(),
                "each fold is validated before it is tested"
            );
        }
        // The files are sorted by label, and any prefix of a split must be a representative sample.
        let first = positive(&task.validation[..300]);
        assert!((100..200).contains(&first), "{first} of 300");
        let unknown = |part: &[Example]| {
            let ids: Vec<u32> = part.iter().flat_map(|example| example.input.clone()).collect();
            ids.iter().filter(|&&id| id == TokenTable::UNKNOWN).count() as f64 / ids.len() as f64
        };
        assert!((0.02..0.10).contains(&unknown(&task.test)), "{}", unknown(&task.test));
    }
    assert_eq!(tested, 10_662, "each sentence is tested once");
    assert_eq!(first.references[0].score, 76.1);
}

#[test]
fn wnut17_has_the_published_sentences_and_entities() {
    let Some(task) = real("wnut17", "wnut17") else { return };
    let parts = all(&task);
    assert_eq!(sizes(&parts), [3394, 1009, 1287]);
    assert_eq!(task.label_count(), 13, "six kinds of entities, begun or continued, and O");
    let words = parts.each_ref().map(|part| part.iter().map(|e| e.input.len()).sum::<usize>());
    assert_eq!(words, [62_730, 15_733, 23_394]);
    let begun = parts.each_ref().map(|part| {
        let tags = part.iter().flat_map(|example| example.target.ids());
        tags.filter(|&tag| task.label_name(tag).unwrap().starts_with("B-")).count()
    });
    assert_eq!(begun, [1975, 836, 1079]);
    let unknown = parts[2].iter().flat_map(|e| &e.input).filter(|&&id| id == TokenTable::UNKNOWN);
    assert!(unknown.count() < 500, "a rare word is encoded as its shape");
    assert_eq!(task.chance, 0.0);
}

#[test]
fn no_sentence_of_a_translation_is_in_two_splits() {
    let Some(task) = real("deu-eng:max_length=60", "deu-eng") else { return };
    let parts = all(&task);
    println!("deu-eng: {:?} pairs, {} tokens", sizes(&parts), task.tokens.len());
    assert!(parts[0].len() > 140_000);
    assert_eq!((parts[1].len(), parts[2].len()), (500, 1000));
    let sentences = |part: &[Example]| -> [HashSet<Vec<u32>>; 2] {
        let targets = part.iter().map(|example| example.target.ids()).collect();
        [part.iter().map(|example| example.input.clone()).collect(), targets]
    };
    let found = parts.each_ref().map(|part| sentences(part));
    for [a, b] in [[0, 1], [0, 2], [1, 2]] {
        for (one, other) in found[a].iter().zip(&found[b]) {
            assert!(one.is_disjoint(other), "{a} {b}");
        }
    }
    assert_eq!(found[2][0].len(), 1000, "each source sentence once");
    for (example, answer) in task.test.iter().zip(&task.answers.test) {
        assert_eq!(task.tokens.decode(&example.target.ids()), *answer);
    }
    assert_eq!((task.answers.validation.len(), task.answers.test.len()), (500, 1000));
}

#[test]
fn translations_have_any_tokens_in_both_directions() {
    let Some(english) = real("deu-eng:from=eng,symbols=characters,max_length=60", "deu-eng") else {
        return;
    };
    let Some(words) = real("deu-eng:symbols=words,max_length=12,test=300", "deu-eng") else {
        return;
    };
    let german = |answers: &[String]| answers.join(" ").matches(['ä', 'ö', 'ü', 'ß']).count();
    assert!(german(&english.answers.test) > 300);
    assert!(german(&words.answers.test) < 5);
    assert!((80..160).contains(&english.tokens.len()), "{}", english.tokens.len());
    assert!((8_000..30_000).contains(&words.tokens.len()), "{}", words.tokens.len());
    let mut same = 0;
    for (example, answer) in words.test.iter().zip(&words.answers.test) {
        same += usize::from(words.tokens.decode(&example.target.ids()) == *answer);
    }
    assert!(same > 200, "words with their spaces again: {same} of 300");
}

#[test]
fn shakespeare_is_tested_where_nanogpt_validates() {
    let Some(task) = real("shakespeare:context=64", "tinyshakespeare") else { return };
    assert_eq!(task.tokens.len(), 65 + TokenTable::FIRST as usize);
    let targets = |part: &[Example]| part.iter().map(|e| e.target.ids().len()).sum::<usize>();
    assert_eq!(targets(&task.test), 111_540 - 1);
    assert_eq!(targets(&task.validation), 1_003_854 - 1_003_854 / 9 * 8 - 1);
    assert_eq!(task.train_size(), None);
    for example in train(&task, 1, 100) {
        check(&task, &example);
    }
    assert!((4.5..5.0).contains(&task.chance), "{}", task.chance);
    assert!((task.references[0].score - 2.712).abs() < 0.001, "1.88 nats");
    let masked = real("shakespeare-masked", "tinyshakespeare").unwrap();
    masked.validation.iter().chain(&masked.test).for_each(|example| check(&masked, example));
}

#[test]
fn a_name_has_begin_and_end_tokens() {
    let Some(task) = real("names", "names") else { return };
    let parts = all(&task);
    assert_eq!(sizes(&parts), [25_624, 3_205, 3_204]);
    assert_eq!(task.tokens.len(), 26 + TokenTable::FIRST as usize);
    let mut lengths = BTreeMap::new();
    for example in parts.iter().flatten() {
        assert_eq!(example.input[0], TokenTable::BEGIN);
        let ids = example.target.ids();
        assert_eq!(ids.last(), Some(&TokenTable::END));
        assert_eq!(ids[..ids.len() - 1], example.input[1..]);
        *lengths.entry(ids.len() - 1).or_insert(0) += 1;
    }
    assert_eq!(
        (lengths.first_key_value(), lengths.last_key_value().unwrap().0),
        (Some((&2, &65)), &15)
    );
    let masked = real("names-masked", "names").unwrap();
    for example in masked.test.iter().chain(&train(&masked, 2, 500)) {
        check(&masked, example);
    }
    assert_ne!(train(&masked, 2, 50), train(&masked, 3, 50));
}
