use std::collections::HashSet;
use std::time::Instant;
use zoo_datasets::batch::{BatchAt, BatchError, BatchShape, IGNORE, LmBatch, LmDataset};
use zoo_datasets::text::Corpus;
use zoo_datasets::tokenizer::{Tokenizer, TokenizerError, Vocabulary};

/// A text in which the token at position i is i, which reveals the position of a window.
fn counting(length: u32) -> LmDataset {
    let text: String = (0..length).filter_map(|i| char::from_u32(0x1_0000 + i)).collect();
    data(&Corpus::from_text(&text), Vocabulary::Characters)
}

fn data(corpus: &Corpus, vocabulary: Vocabulary) -> LmDataset {
    LmDataset::new(corpus, corpus.tokenizer(vocabulary).unwrap()).unwrap()
}

fn everything() -> Vec<LmDataset> {
    let stories = Corpus::stories();
    vec![
        counting(1000),
        data(&stories, Vocabulary::Characters),
        data(&stories, Vocabulary::Bpe(600)),
    ]
}

fn at(seed: u64, step: u64, micro_step: u64) -> BatchAt {
    BatchAt { seed, step, micro_step }
}

fn shape(rows: usize, context: usize) -> BatchShape {
    BatchShape { rows, context }
}

fn rows(batch: &LmBatch) -> Vec<(Vec<u32>, Vec<i64>)> {
    let inputs = batch.inputs.chunks(batch.context).map(<[u32]>::to_vec);
    inputs.zip(batch.targets.chunks(batch.context).map(<[i64]>::to_vec)).collect()
}

#[test]
fn a_target_is_the_next_input() {
    for data in everything() {
        let batch = data.train_batch(at(1, 2, 0), shape(5, 40)).unwrap();
        assert_eq!((batch.rows, batch.context), (5, 40));
        assert_eq!((batch.inputs.len(), batch.targets.len()), (200, 200));
        assert_eq!(batch.target_count(), 200);
        for (inputs, targets) in rows(&batch) {
            let next: Vec<i64> = inputs[1..].iter().map(|&id| i64::from(id)).collect();
            assert_eq!(targets[..39], next);
        }
    }
}

#[test]
fn a_training_batch_depends_only_on_its_arguments() {
    for data in everything() {
        let first = data.train_batch(at(1, 7, 2), shape(4, 32)).unwrap();
        data.train_batch(at(9, 9, 9), shape(2, 16)).unwrap();
        assert_eq!(data.train_batch(at(1, 7, 2), shape(4, 32)).unwrap(), first);
        for other in [at(2, 7, 2), at(1, 8, 2), at(1, 7, 3)] {
            assert_ne!(data.train_batch(other, shape(4, 32)).unwrap(), first);
        }
    }
}

#[test]
fn micro_batches_together_equal_the_large_batch() {
    for data in everything() {
        let big = rows(&data.train_batch(at(3, 5, 0), shape(8, 24)).unwrap());
        for count in [2, 4, 8] {
            let small = |m| rows(&data.train_batch(at(3, 5, m), shape(8 / count, 24)).unwrap());
            let all: Vec<_> = (0..count as u64).flat_map(small).collect();
            assert_eq!(all, big);
        }
        let distinct: HashSet<_> = big.iter().collect();
        assert_eq!(distinct.len(), 8);
    }
}

#[test]
fn windows_of_a_fixed_text_are_sampled_uniformly() {
    let data = counting(50); // 45 training tokens: 36 windows of 10
    let mut starts = [0; 36];
    for step in 0..900 {
        let batch = data.train_batch(at(1, step, 0), shape(8, 9)).unwrap();
        for (inputs, targets) in rows(&batch) {
            starts[inputs[0] as usize] += 1;
            assert_eq!(targets[8], i64::from(inputs[0]) + 9);
        }
    }
    assert!(starts.iter().all(|&count| (120..280).contains(&count)), "{starts:?}");
}

#[test]
fn a_text_of_one_window_is_enough() {
    let data = counting(100); // 90 training tokens, 10 for validation
    let batch = data.train_batch(at(1, 1, 0), shape(2, 89)).unwrap();
    assert!(rows(&batch).iter().all(|(inputs, _)| inputs[0] == 0));
    assert!(data.train_batch(at(1, 1, 0), shape(2, 90)).is_err());
    assert_eq!(data.valid_batches(shape(2, 9)).unwrap().len(), 1);
    assert!(data.valid_batches(shape(2, 10)).is_err());
}

#[test]
fn validation_predicts_every_token_once() {
    for data in everything() {
        let total = data.valid_tokens();
        for (n_rows, context) in [(1, 1), (3, 7), (4, 16), (7, 33), (64, total - 1)] {
            if total > 1000 && context == 1 {
                continue;
            }
            let batches = data.valid_batches(shape(n_rows, context)).unwrap();
            let expected = batches.len();
            let batches: Vec<LmBatch> = batches.map(Result::unwrap).collect();
            assert_eq!(batches.len(), expected);
            assert!(batches.iter().all(|batch| batch.inputs.len() == n_rows * context));
            assert!(batches.iter().all(|batch| batch.target_count() > 0));
            let all: Vec<_> = batches.iter().flat_map(rows).collect();
            let pairs = all.iter().flat_map(|(inputs, targets)| inputs.iter().zip(targets));
            let (seen, padding): (Vec<_>, Vec<_>) = pairs.partition(|(_, target)| **target >= 0);
            assert_eq!(seen.len(), total - 1);
            assert!(padding.iter().all(|&pair| pair == (&0, &IGNORE)));
            // The inputs followed by the last target equal the text.
            let mut ids: Vec<u32> = seen.iter().map(|(input, _)| **input).collect();
            ids.push(*seen[total - 2].1 as u32);
            assert!(seen.windows(2).all(|two| *two[0].1 == i64::from(*two[1].0)));
            assert_eq!(ids.len(), total);
        }
    }
}

#[test]
fn validation_is_the_validation_text() {
    let corpus = Corpus::stories();
    let data = data(&corpus, Vocabulary::Bpe(400));
    let ids = data.tokenizer().encode(&corpus.valid).unwrap();
    let batches = data.valid_batches(shape(4, 50)).unwrap();
    let targets: Vec<u32> = batches
        .flat_map(|batch| batch.unwrap().targets)
        .filter(|&target| target != IGNORE)
        .map(|target| target as u32)
        .collect();
    assert_eq!(targets, ids[1..]);
}

#[test]
fn the_error_for_a_short_text_names_a_fix() {
    let data = counting(100);
    for (error, part, tokens) in [
        (data.train_batch(at(0, 0, 0), shape(1, 128)).unwrap_err(), "training", 90),
        (data.valid_batches(shape(1, 128)).unwrap_err(), "validation", 10),
    ] {
        assert!(matches!(error, BatchError::TooShort { context: 128, .. }), "{error:?}");
        let message = error.to_string();
        for needed in [part, &format!("{tokens} tokens"), "at least 129", "--context"] {
            assert!(message.contains(needed), "{message}");
        }
    }
}

#[test]
fn an_empty_batch_is_an_error() {
    let data = counting(100);
    for empty in [shape(0, 8), shape(8, 0)] {
        let error = data.train_batch(at(0, 0, 0), empty).unwrap_err();
        assert!(matches!(error, BatchError::Empty { .. }), "{error:?}");
        assert!(data.valid_batches(empty).is_err());
    }
}

#[test]
fn a_tokenizer_that_lacks_a_character_is_refused_at_once() {
    for corpus in [Corpus::stories(), Corpus::from_text("some text, and some more")] {
        let error = LmDataset::new(&corpus, Tokenizer::characters(['x']).unwrap()).unwrap_err();
        assert!(matches!(error, TokenizerError::UnknownCharacter { .. }), "{error:?}");
    }
}

#[test]
fn fingerprints_of_different_data_differ() {
    let stories = Corpus::stories();
    let one = Corpus::from_text("some text, and some more");
    let mut two = one.clone();
    two.valid.push('s');
    let prints: Vec<String> = [
        data(&stories, Vocabulary::Characters),
        data(&stories, Vocabulary::Bpe(400)),
        data(&one, Vocabulary::Characters),
        data(&two, Vocabulary::Characters),
        data(&Corpus::from_text("Some text, and some more"), Vocabulary::Characters),
    ]
    .iter()
    .map(|data| data.fingerprint().to_owned())
    .collect();
    assert_eq!(prints.iter().collect::<HashSet<_>>().len(), prints.len());
    assert_eq!(prints[0], data(&stories, Vocabulary::Characters).fingerprint());
    assert!(prints.iter().all(|print| print.len() == 64));
}

#[test]
fn story_batches_are_generated_faster_than_a_training_step() {
    let corpus = Corpus::stories();
    for vocabulary in [Vocabulary::Characters, Vocabulary::Bpe(1024)] {
        let data = data(&corpus, vocabulary);
        let start = Instant::now();
        for step in 0..20 {
            data.train_batch(at(0, step, 0), shape(32, 256)).unwrap();
        }
        let each = start.elapsed() / 20;
        println!("{vocabulary:?}: {each:?} for a batch of 32 x 256 tokens of stories");
        assert!(each.as_millis() < 200, "{each:?}");
    }
}
