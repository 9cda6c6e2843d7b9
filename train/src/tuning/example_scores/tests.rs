//! Scores of resamples equal those of the resampled examples.

use super::*;
use zoo_datasets::score::rouge::rouge;

const RESAMPLES: [&[usize]; 4] = [&[0, 1, 2, 3], &[3, 3, 0, 1], &[2, 2, 2, 2], &[1, 0, 0, 3]];

fn values(scores: &ExampleScores, resample: &[usize]) -> Vec<f64> {
    scores.of(resample).unwrap().into_iter().map(|score| score.value).collect()
}

fn some<T: Clone>(all: &[T], resample: &[usize]) -> Vec<T> {
    resample.iter().map(|&index| all[index].clone()).collect()
}

#[test]
fn added_counts_score_texts_as_the_texts_do() {
    let found = ["the cat sat on the mat", "a dog runs away", "yes", ""].map(String::from);
    let right = [
        vec!["the cat sat on a mat".to_string()],
        vec!["a dog ran away".to_string(), "a dog runs".to_string()],
        vec!["yes".to_string()],
        vec!["nothing was said here".to_string()],
    ];
    let scores = ExampleScores::texts(&found, &right).unwrap();
    for resample in RESAMPLES {
        let (found, right) = (some(&found, resample), some(&right, resample));
        let rouge = rouge(&found, &right).unwrap();
        let exact = found.iter().zip(&right).filter(|(found, right)| right.contains(found));
        let expected = [
            Bleu::default().score(&found, &right).unwrap().score,
            Chrf::default().score(&found, &right).unwrap().score,
            100.0 * rouge.rouge_1.f1,
            100.0 * rouge.rouge_2.f1,
            100.0 * rouge.rouge_l.f1,
            100.0 * exact.count() as f64 / found.len() as f64,
        ];
        assert_eq!(values(&scores, resample), expected);
    }
}

#[test]
fn added_counts_score_labels_as_the_labels_do() {
    let labels = ["a", "b", "c"].map(String::from);
    let (found, expected) = ([0, 1, 2, 1], [0, 1, 1, 0]);
    let scores = ExampleScores::classes(&found, &expected, &labels);
    for resample in RESAMPLES {
        let (found, expected) = (some(&found, resample), some(&expected, resample));
        let report = ClassificationReport::new(&found, &expected, &labels).unwrap();
        let expected = [100.0 * report.accuracy, 100.0 * report.macro_average.f1, report.mcc];
        assert_eq!(values(&scores, resample), expected);
    }
}

#[test]
fn added_counts_score_tags_as_the_tags_do() {
    let tags = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
    let found = ["B-x I-x O", "O B-y", "B-x", "O O O"].map(tags);
    let expected = ["B-x I-x O", "B-y B-y", "B-y", "O B-x O"].map(tags);
    let labels = ["O", "B-x", "I-x", "B-y"].map(String::from);
    let scores = ExampleScores::tags(&found, &expected, &labels).unwrap();
    for resample in RESAMPLES {
        let (found, expected) = (some(&found, resample), some(&expected, resample));
        let entities = entity_scores(&found, &expected, Reading::Lenient).unwrap().overall;
        let (found, expected) = (found.concat(), expected.concat());
        let right = found.iter().zip(&expected).filter(|(a, b)| a == b).count();
        let expected = [
            100.0 * entities.f1,
            100.0 * right as f64 / found.len() as f64,
            100.0 * entities.precision,
            100.0 * entities.recall,
        ];
        assert_eq!(values(&scores, resample), expected);
    }
}
