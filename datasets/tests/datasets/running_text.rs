//! Texts of any size, from files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zoo_datasets::batch::{BatchAt, BatchShape, LmDataset};
use zoo_datasets::encoded::{EncodeError, EncodingStage, Packing, TokenCache};
use zoo_datasets::records::ValidationSource;
use zoo_datasets::text::{Corpus, Documents, ReadLimits, RunningText, TextFiles};
use zoo_datasets::tokenizer::{END_OF_TEXT, Tokenizer, Vocabulary};

const TENTH: ValidationSource = ValidationSource::Share(0.1);

/// A text of several chunks, with characters of one to four bytes.
fn long_text() -> String {
    let line = |i: usize| format!("line {i} of the sea, the sky\u{e9} and 你好 {}\n", i % 7 * 31);
    (0..15_000).map(line).chain(["\n🦊 the end".to_owned()]).collect()
}

fn open(files: &TextFiles, validation: &ValidationSource, in_memory: u64) -> RunningText {
    RunningText::open(files.clone(), validation, ReadLimits { in_memory }, &mut |_| {}).unwrap()
}

fn encode(text: &RunningText, tokenizer: &Tokenizer, cache: &Path) -> LmDataset {
    let cache = TokenCache { folder: Some(cache.to_owned()) };
    let (tokenizer, packing) = (tokenizer.clone(), Packing::Stream);
    LmDataset::of_text(text, tokenizer, packing, &cache, &mut |_| {}).unwrap()
}

/// The whole text of some files, decoded, with its end tokens.
fn decoded(files: &TextFiles, vocabulary: Vocabulary) -> String {
    let text = RunningText::held_out(files.clone(), ReadLimits::default(), &mut |_| {}).unwrap();
    let tokenizer = match vocabulary {
        // Without a training split, there is nothing to train on.
        Vocabulary::Bpe(size) => Tokenizer::train_bpe(["ab ab"], size).unwrap(),
        other => text.tokenizer(other).unwrap(),
    };
    let cache = TokenCache::default();
    let packing = Packing::Stream;
    let data = LmDataset::of_text(&text, tokenizer.clone(), packing, &cache, &mut |_| {}).unwrap();
    let shape = BatchShape { rows: 1, context: data.valid_tokens() - 1 };
    let batch = data.valid_batches(shape).unwrap().next().unwrap().unwrap();
    let last = *batch.targets.last().unwrap() as u32;
    let ids = [&batch.inputs[..], &[last]].concat();
    let documents = ids.split(|id| Some(*id) == tokenizer.eos());
    let documents: Vec<String> = documents.map(|ids| tokenizer.decode(ids).unwrap()).collect();
    documents.join(END_OF_TEXT)
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn files(&self, name: &str, content: impl AsRef<[u8]>) -> TextFiles {
        TextFiles::new(vec![self.write(name, content)])
    }

    /// The only file in the cache.
    fn cached(&self) -> PathBuf {
        let entries = fs::read_dir(self.path("cache")).unwrap();
        let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        let [file] = &files[..] else { panic!("{files:?}") };
        file.clone()
    }
}

#[test]
fn a_large_text_gives_the_batches_of_the_same_text_in_memory() {
    let folder = Folder::new();
    let text = long_text();
    let files = folder.files("long.txt", &text);
    let corpus = Corpus::from_text(&text);
    for vocabulary in [Vocabulary::Characters, Vocabulary::Bpe(300)] {
        let known = corpus.tokenizer(vocabulary).unwrap();
        let expected = LmDataset::new(&corpus, known.clone()).unwrap();
        for in_memory in [0, u64::MAX] {
            let text = open(&files, &TENTH, in_memory);
            assert_eq!(text.is_in_memory(), in_memory > 0);
            let tokenizer = text.tokenizer(vocabulary).unwrap();
            let sample = "the sea 你好 🦊";
            assert_eq!(tokenizer.encode(sample).unwrap(), known.encode(sample).unwrap());
            let data = encode(&text, &tokenizer, &folder.path("cache"));
            assert_eq!(data.fingerprint(), expected.fingerprint());
            assert_eq!(data.train_tokens(), expected.train_tokens());
            let (at, shape) =
                (BatchAt { seed: 1, step: 2, micro_step: 3 }, BatchShape { rows: 3, context: 50 });
            let batch = |data: &LmDataset| data.train_batch(at, shape).unwrap();
            assert_eq!(batch(&data), batch(&expected));
            let all = |data: &LmDataset| -> Vec<_> {
                data.valid_batches(shape).unwrap().map(Result::unwrap).collect()
            };
            assert_eq!(all(&data), all(&expected));
        }
    }
}

#[test]
fn an_encoded_text_is_used_again_unless_it_is_damaged() {
    let folder = Folder::new();
    let text = open(&folder.files("long.txt", long_text()), &TENTH, 0);
    let tokenizer = text.tokenizer(Vocabulary::Characters).unwrap();
    let cache = TokenCache { folder: Some(folder.path("cache")) };
    let stages = || {
        let mut stages = Vec::new();
        let data = LmDataset::of_text(
            &text,
            tokenizer.clone(),
            Packing::Stream,
            &cache,
            &mut |progress| {
                assert!(progress.done <= progress.total);
                stages.push(progress.stage);
            },
        );
        stages.dedup();
        (data.unwrap().fingerprint().to_owned(), stages)
    };
    use EncodingStage::{Check, Encode};
    let (fingerprint, first) = stages();
    assert_eq!(first, []); // Less than threads take at once.
    assert_eq!(stages(), (fingerprint.clone(), vec![Check]));
    let file = folder.cached();
    let content = fs::read(&file).unwrap();
    let mut changed = content.clone();
    changed[content.len() / 2] ^= 1;
    let damaged = [changed, content[..content.len() - 1].to_vec(), content[..9].to_vec(), vec![]];
    for damaged in damaged {
        fs::write(&file, damaged).unwrap();
        let (found, stages) = stages();
        assert_eq!(found, fingerprint);
        assert!(!stages.contains(&Encode));
        assert_eq!(fs::read(&file).unwrap(), content);
    }
    // Another tokenizer has a file of its own.
    let other = Tokenizer::train_bpe([long_text()], 290).unwrap();
    LmDataset::of_text(&text, other, Packing::Stream, &cache, &mut |_| {}).unwrap();
    assert_eq!(fs::read_dir(folder.path("cache")).unwrap().count(), 2);
}

#[test]
fn a_text_is_encoded_without_a_folder_to_write_to() {
    let folder = Folder::new();
    let text = open(&folder.files("long.txt", long_text()), &TENTH, 0);
    let tokenizer = text.tokenizer(Vocabulary::Characters).unwrap();
    let occupied = folder.write("occupied", "");
    let data = encode(&text, &tokenizer, &occupied);
    let expected = encode(&text, &tokenizer, &folder.path("cache"));
    assert_eq!(data.fingerprint(), expected.fingerprint());
}

#[test]
fn an_end_token_is_between_documents() {
    let folder = Folder::new();
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(b"\xef\xbb\xbfb\nb").unwrap();
        encoder.finish().unwrap()
    };
    let one = folder.files("a.txt", "a\na");
    assert_eq!(decoded(&one, Vocabulary::Bpe(260)), "a\na");
    let files = vec![
        folder.path("a.txt"),
        folder.write("b.txt.gz", gzip),
        folder.write("c.jsonl", "{\"text\": \"c\"}\n\n{\"text\": null}\n{\"text\": \"d\\n\"}\n"),
        folder.write("e.csv", "id;text\n1;e\n2;\n3;\"f\"\"\"\n"),
        folder.write("g.json", "[{\"content\": \"g\"}]"),
    ];
    let all = ["a\na", "b\nb", "c", "d\n", "e", "f\"", "g"];
    let files = TextFiles::new(files);
    assert_eq!(decoded(&files, Vocabulary::Bpe(260)), all.join(END_OF_TEXT));
    // Characters have no end token.
    assert_eq!(decoded(&files, Vocabulary::Characters), all.join("\n"));
    let lines = TextFiles { documents: Documents::Line, ..TextFiles::new(files.files[..2].into()) };
    assert_eq!(decoded(&lines, Vocabulary::Bpe(260)), ["a", "a", "b", "b"].join(END_OF_TEXT));
}

#[test]
fn a_column_of_parquet_is_read_row_by_row() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/records/snappy.parquet");
    let files = TextFiles { column: Some("text".into()), ..TextFiles::new(vec![golden.clone()]) };
    let records = zoo_datasets::records::Records::read(&[golden]).unwrap();
    let texts = records.rows.iter().filter_map(|row| row.fields["text"].as_str());
    let texts: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).collect();
    assert!(texts.len() > 1);
    assert_eq!(decoded(&files, Vocabulary::Bpe(260)), texts.join(END_OF_TEXT));
}

#[test]
fn validation_is_a_share_or_a_text_of_its_own() {
    let folder = Folder::new();
    let files = folder.files("a.txt", "0123456789".repeat(7));
    let tokenizer = Tokenizer::characters("0123456789ab".chars()).unwrap();
    let sizes = |validation: &ValidationSource| {
        let data = encode(&open(&files, validation, 99), &tokenizer, &folder.path("cache"));
        (data.train_tokens().unwrap(), data.valid_tokens())
    };
    assert_eq!(sizes(&TENTH), (63, 7));
    assert_eq!(sizes(&ValidationSource::Share(0.25)), (52, 18));
    let own = ValidationSource::Files(vec![folder.write("b.txt", "abab")]);
    assert_eq!(sizes(&own), (70, 4));
    assert_eq!(open(&files, &own, 99).alphabet().len(), 12);
}

#[test]
fn errors_name_the_file_and_the_place() {
    let folder = Folder::new();
    let message = |files: TextFiles| {
        let opened = RunningText::open(files, &TENTH, ReadLimits::default(), &mut |_| {});
        opened.unwrap_err().to_string()
    };
    let not_utf8 = [long_text().as_bytes(), b"\xff"].concat();
    let offset = format!("offset {}", not_utf8.len() - 1);
    for (name, content, expected) in [
        ("a.txt", &not_utf8[..], &offset[..]),
        ("b.txt", b"", "b.txt is empty"),
        ("c.txt.gz", b"text", "c.txt.gz, line 1: the gzip data is damaged"),
        ("d.jsonl", b"{\"text\": \"a\"}\n{\"text\": 1", "d.jsonl, line 2: not JSON"),
        ("e.jsonl", b"{\"text\": \"a\"}\n{\"other\": 1}", "e.jsonl, line 2: no field \"text\""),
        ("f.csv", b"a,b\n1,2\n", "choose one with --text-column"),
        ("g.jsonl", b"{\"text\": null}\n", "g.jsonl is empty"),
    ] {
        let message = message(folder.files(name, content));
        assert!(message.contains(expected), "{message}");
    }
    let text = open(&folder.files("h.txt", long_text()), &TENTH, 0);
    let tokenizer = Tokenizer::characters(text.alphabet().into_iter().filter(|&c| c != '🦊'));
    let cache = TokenCache { folder: Some(folder.path("cache")) };
    let tokenizer = tokenizer.unwrap();
    let error = LmDataset::of_text(&text, tokenizer, Packing::Stream, &cache, &mut |_| {});
    let error = error.unwrap_err();
    assert!(matches!(error, EncodeError::Tokenizer(_)), "{error}");
    let offset = long_text().find('🦊').unwrap()
        - long_text().char_indices().nth(long_text().chars().count() * 9 / 10).unwrap().0;
    assert!(error.to_string().contains(&format!("byte {offset} ")), "{error}");
    assert_eq!(fs::read_dir(folder.path("cache")).unwrap().count(), 0, "nothing half is left");
}
