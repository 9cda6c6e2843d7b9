use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;
use zoo_datasets::batch::{BatchShape, LmDataset};
use zoo_datasets::locate::SearchPath;
use zoo_datasets::text::{Corpus, TextSource, Train};
use zoo_datasets::tokenizer::Vocabulary;

/// The corpus, if its file is available locally; never downloaded here.
pub(crate) fn corpus(source: &TextSource) -> Option<Corpus> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = env::var_os("ZOO_DATA").map_or(beside, PathBuf::from);
    if !folder.join(source.to_string()).is_dir() {
        eprintln!("skipped: no {source} in {}; set ZOO_DATA to run this test", folder.display());
        return None;
    }
    let search_path = SearchPath { data: Some(folder), cache: None };
    Some(Corpus::load(source, &search_path).unwrap())
}

fn train(corpus: &Corpus) -> &str {
    match &corpus.train {
        Train::Text(text) => text,
        Train::Stories => panic!("not a fixed text"),
    }
}

#[test]
fn tinyshakespeare_is_split_as_in_nanogpt() {
    let Some(corpus) = corpus(&TextSource::TinyShakespeare) else { return };
    assert_eq!(train(&corpus).len(), 1_003_854);
    assert_eq!(corpus.valid.len(), 111_540);
    assert!(train(&corpus).starts_with("First Citizen:\n"));
    assert_eq!(corpus.alphabet().len(), 65);
    assert_eq!(corpus.tokenizer(Vocabulary::Characters).unwrap().vocab_size(), 65);
}

#[test]
fn names_are_shuffled_and_complete() {
    let Some(corpus) = corpus(&TextSource::Names) else { return };
    let (train, valid): (Vec<_>, Vec<_>) =
        (train(&corpus).lines().collect(), corpus.valid.lines().collect());
    assert_eq!((train.len(), valid.len()), (28_829, 3_204));
    assert_ne!(train[0], "emma", "the file begins with emma");
    let distinct: BTreeSet<&str> = train.iter().chain(&valid).copied().collect();
    assert!(distinct.len() > 29_000);
    assert_eq!(corpus.tokenizer(Vocabulary::Characters).unwrap().vocab_size(), 27);
}

#[test]
fn a_megabyte_is_encoded_within_two_seconds() {
    let Some(corpus) = corpus(&TextSource::TinyShakespeare) else { return };
    for vocabulary in [Vocabulary::Characters, Vocabulary::Bpe(2048)] {
        let start = Instant::now();
        let tokenizer = corpus.tokenizer(vocabulary).unwrap();
        let built = start.elapsed();
        let start = Instant::now();
        let ids = tokenizer.encode(train(&corpus)).unwrap();
        let encoded = start.elapsed();
        let start = Instant::now();
        assert_eq!(tokenizer.decode(&ids).unwrap(), train(&corpus));
        let decoded = start.elapsed();
        println!(
            "{vocabulary:?}: {} tokens; built in {built:?}, encoded in {encoded:?}, decoded in {decoded:?}",
            ids.len()
        );
        assert!(encoded.as_secs_f64() < 2.0, "{vocabulary:?} took {encoded:?}");
    }
}

#[test]
fn every_shakespeare_validation_token_is_a_target_once() {
    let Some(corpus) = corpus(&TextSource::TinyShakespeare) else { return };
    let tokenizer = corpus.tokenizer(Vocabulary::Characters).unwrap();
    let data = LmDataset::new(&corpus, tokenizer).unwrap();
    let batches = data.valid_batches(BatchShape { rows: 32, context: 256 }).unwrap();
    assert_eq!(batches.map(|batch| batch.unwrap().target_count()).sum::<usize>(), 111_539);
}
