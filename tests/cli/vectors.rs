//! From pairs of texts to sentence vectors and rankers.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::pipelines::lines;
use super::tasks::{config, course, evaluate, model, score};
use super::{refuse, succeed};

const WORDS: [&str; 8] = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
const NUMBERS: [&str; 8] = ["eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht"];

/// Two numbers in two languages, and others; each row is different.
fn row(row: usize) -> [String; 3] {
    let (a, b) = (row % 8, row / 8 % 8);
    [
        format!("{} {}", WORDS[a], WORDS[b]),
        format!("{} {}", NUMBERS[a], NUMBERS[b]),
        format!("{} {}", NUMBERS[(a + 3) % 8], NUMBERS[b]),
    ]
}

fn write(at: &Path, name: &str, header: &str, line: impl Fn([String; 3]) -> String) {
    let rows: String = (0..64).map(|index| format!("{}\n", line(row(index)))).collect();
    fs::write(at.join(name), format!("{header}\n{rows}")).unwrap();
}

fn write_all(at: &Path) {
    write(at, "pairs.tsv", "anchor\tpositive", |[a, b, _]| format!("{a}\t{b}"));
    write(at, "triplets.tsv", "anchor\tpositive\tnegative", |row| row.join("\t"));
    write(at, "scores.tsv", "sentence1\tsentence2\tscore", |[a, b, other]| {
        format!("{a}\t{b}\t1\n{a}\t{other}\t0")
    });
    write(at, "ranking.tsv", "query\tdocument\tlabel", |[a, b, other]| {
        format!("{a}\t{other}\t0\n{a}\t{b}\t1")
    });
}

#[test]
fn vectors_are_learned_from_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_all(at);
    let run = "bert --validation pairs.tsv --lr 5e-3 --steps 120 --out run";
    succeed(at, &course("sentence-embedding", "pairs.tsv", run));
    assert_eq!(config(&at.join("run"))["architectures"], json!(["BertModel"]));
    let found = evaluate(at, &["run", "pairs.tsv"]);
    assert_eq!((&found["task"], &found["examples"]), (&json!("sentence-embedding"), &json!(64)));
    assert!(score(&found, "recall@1") >= 80.0, "{found}");
    assert!(score(&found, "recall@10") >= 95.0 && score(&found, "mrr@10") >= 0.8, "{found}");

    // As sentence-transformers reads it.
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(at.join("run").join(name)).unwrap()).unwrap()
    };
    let types: Vec<Value> =
        read("modules.json").as_array().unwrap().iter().map(|m| m["type"].clone()).collect();
    let class = |name: &str| json!(format!("sentence_transformers.models.{name}"));
    assert_eq!(types, [class("Transformer"), class("Pooling"), class("Normalize")]);
    assert_eq!(read("1_Pooling/config.json")["pooling_mode_mean_tokens"], true);
    assert_eq!(read("sentence_bert_config.json")["max_seq_length"], 32);
    let texts = ["two five", "zwei fünf", "drei eins"];
    let found = lines(&succeed(at, &[&["embed", "run", "--json"], &texts[..]].concat()));
    let vector = |line: &Value| -> Vec<f64> {
        line["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let dot =
        |a: &Value, b: &Value| -> f64 { vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum() };
    assert!((dot(&found[0], &found[0]) - 1.0).abs() < 1e-5, "the length is not 1");
    assert!(dot(&found[0], &found[1]) > dot(&found[0], &found[2]) + 0.2);
}

#[test]
fn each_loss_learns_and_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_all(at);
    let cases = [
        ("sentence-embedding", "pairs.tsv", "--pooling cls", "recall@1"),
        ("sentence-embedding", "triplets.tsv", "--loss triplet --margin 0.5", "triplet_accuracy"),
        ("sentence-embedding", "scores.tsv", "--length free --pooling max", "spearman"),
        ("ranking", "ranking.tsv", "", "ndcg@10"),
    ];
    for (index, (task, data, more, name)) in cases.into_iter().enumerate() {
        let train = |out: &str, steps: usize| {
            let more = format!(
                "bert --dropout 0.1 --schedule constant --eval-interval 4 --validation {data} \
                 --out {out} --steps {steps} {more}"
            );
            succeed(at, &course(task, data, &more));
        };
        let (whole, halves) = (format!("whole-{index}"), format!("halves-{index}"));
        train(&whole, 8);
        train(&halves, 4);
        let before = evaluate(at, &[&halves, data]);
        succeed(at, &["train", "--resume", &halves, "--steps", "8"]);
        assert!(model(&at.join(&whole)) == model(&at.join(&halves)), "{data}: other weights");
        let after = evaluate(at, &[&halves, data]);
        assert_eq!(after["task"], task);
        assert!(after["loss"].as_f64() < before["loss"].as_f64(), "{data}: {before} {after}");
        score(&after, name);
    }
    // A ranker and an embedder rank documents.
    for run in ["whole-3", "whole-0"] {
        let args = ["rank", run, "--query", "one two", "--json", "eins zwei", "drei vier"];
        let found = lines(&succeed(at, &args));
        let [first, second] = [0, 1].map(|line: usize| found[line]["score"].as_f64().unwrap());
        assert!(first >= second, "{found:?}");
        let mut indices: Vec<u64> =
            found.iter().map(|line| line["index"].as_u64().unwrap()).collect();
        indices.sort_unstable();
        assert_eq!(indices, [0, 1]);
    }
    // The score of a ranker is a probability, for every use of a classifier.
    let scores = succeed(at, &["classify", "whole-3", "--json", "--pairs", "one two\teins zwei"]);
    let best = lines(&scores)[0]["labels"][0]["score"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&best), "{best}");
}

#[test]
fn what_a_loss_lacks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_all(at);
    let far = "sentence1\tsentence2\tscore\na\tb\t4.5\n";
    fs::write(at.join("far.tsv"), far).unwrap();
    let vectors = |data: &str, more: &str, expected: &[&str]| {
        let args = course("sentence-embedding", data, more);
        refuse(at, &args, (2, expected));
    };
    vectors("pairs.tsv", "bert --loss cosine", &["--loss cosine", "--label-column"]);
    vectors("pairs.tsv", "bert --loss triplet", &["--loss triplet", "negative"]);
    vectors("pairs.tsv", "bert --loss cosines", &["cosines", "multiple-negatives, cosine"]);
    vectors("pairs.tsv", "bert --margin 2", &["--margin", "multiple-negatives"]);
    vectors("far.tsv", "bert", &["far.tsv", "4.5", "from -1 to 1"]);
    vectors("ranking.tsv", "bert --pair-column documents", &["documents", "did you mean"]);
    let ranking = course("ranking", "ranking.tsv", "bert --pooling cls");
    refuse(at, &ranking, (2, &["no meaning for ranking"]));
    let tagger = super::pipelines::model("token-classification/bert");
    refuse(at, &["evaluate", &tagger, "pairs.tsv", "--task", "ranking"], (2, &["not for ranking"]));
}
