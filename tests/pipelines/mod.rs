//! Every recorded answer of transformers' pipelines, from `golden/pipelines/`.

mod answers;
mod classes;
mod features;
mod fillings;
mod image;
mod pieces;
pub(crate) mod sentence;
mod tags;
mod writing;
mod zero_shot;

use std::path::{Path, PathBuf};

use burn_zoo::pipeline::PipelineError;
use serde_json::{Map, Value};

use crate::golden;

/// A pipeline call and its result.
struct Case {
    /// The source of the case.
    name: String,
    inputs: Value,
    /// The parameters of the call; `task` if the case has its own.
    parameters: Parameters,
    /// The answer, or the error message.
    outcome: Result<Value, String>,
}

/// The parameters of a call, all of which must be used.
struct Parameters(Map<String, Value>);

impl Parameters {
    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn number(&mut self, name: &str) -> Option<usize> {
        let value = self.take(name).filter(|value| !value.is_null())?;
        Some(value.as_u64().unwrap() as usize)
    }

    fn is(&mut self, name: &str) -> bool {
        self.take(name).is_some_and(|value| value.as_bool().unwrap())
    }
}

/// The folder of a fixture.
fn folder(pipeline: &str, name: &str) -> PathBuf {
    golden::folder().join("pipelines").join(pipeline).join(name)
}

/// Checks every case of every fixture of a pipeline, and their number.
///
/// `answer` returns the answer in the form of transformers. If transformers failed, it must fail
/// too, unless `is_better` allows success.
fn check(
    (pipeline, expected): (&str, usize),
    answer: impl Fn(&Path, &Value, &mut Parameters) -> Result<Value, PipelineError>,
) {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(golden::folder().join("pipelines").join(pipeline))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    names.sort();
    let mut checked = 0;
    for path in names {
        for case in cases(pipeline, &path) {
            let Case { name, inputs, mut parameters, outcome } = case;
            let found = answer(&path, &inputs, &mut parameters);
            checked += 1;
            match (found, outcome) {
                // An unsupported setting; `answer` has recorded it.
                (Ok(Value::Null), _) => continue,
                (Ok(found), Ok(expected)) => like(&name, &found, &expected),
                (Err(error), Ok(_)) => panic!("{name}: {error}"),
                (Err(_), Err(_)) => {}
                (Ok(_), Err(reason)) => {
                    let is_better = is_too_long(&reason)
                        || is_of_nothing(&reason)
                        || is_full(&reason)
                        || is_without_padding(&reason)
                        || is_without_content(&reason);
                    assert!(is_better, "{name}: {reason}");
                }
            }
            let left: Vec<&String> = parameters.0.keys().collect();
            assert!(left.is_empty(), "{name}: {left:?} was passed over");
        }
    }
    assert_eq!(checked, expected, "cases of {pipeline}");
}

/// Transformers runs out of positions; the zoo truncates the end.
fn is_too_long(reason: &str) -> bool {
    ["must match the size of tensor", "is out of bounds for", "index out of range in self"]
        .iter()
        .any(|words| reason.contains(words))
}

/// Transformers rejects a prompt that reaches the length limit; the zoo adds no tokens to it.
fn is_full(reason: &str) -> bool {
    reason.contains("but `max_length` is set to")
        || reason.contains("must be greater than 0")
        // Without a start token, a new text begins after an end token.
        || reason.contains("`bos_token_id` has to be defined")
}

/// Transformers needs a padding token; the zoo does not.
fn is_without_padding(reason: &str) -> bool {
    reason.contains("without pad_token cannot do batching")
}

/// Python cannot add a string to a missing message field; the zoo's templates treat it as empty.
fn is_without_content(reason: &str) -> bool {
    reason.contains("can only concatenate str")
}

/// Transformers needs at least one text; the zoo returns no results for none.
fn is_of_nothing(reason: &str) -> bool {
    reason.contains("list index out of range") || reason.contains("At least one input is required")
}

fn cases(pipeline: &str, path: &Path) -> Vec<Case> {
    let recorded: Value = golden::json(&path.join("cases.json"));
    assert_eq!(recorded["pipeline"], pipeline);
    let of_case = |(index, case): (usize, &Value)| Case {
        name: format!("{pipeline}/{}[{index}]", path.file_name().unwrap().display()),
        inputs: whole(&case["inputs"]),
        parameters: Parameters(parameters(case)),
        outcome: match case.get("output") {
            Some(output) => Ok(whole(output)),
            None => Err(case["error"].as_str().unwrap().to_owned()),
        },
    };
    recorded["cases"].as_array().unwrap().iter().enumerate().map(of_case).collect()
}

fn parameters(case: &Value) -> Map<String, Value> {
    let mut parameters = case["parameters"].as_object().unwrap().clone();
    parameters.extend(case.get("pipeline").map(|task| ("task".to_owned(), task.clone())));
    parameters
}

/// A value with its long texts, which are recorded as a part and its number of repetitions.
fn whole(value: &Value) -> Value {
    match value {
        Value::Object(fields) => match (fields.get("repeat"), fields.get("times")) {
            (Some(part), Some(times)) => {
                part.as_str().unwrap().repeat(times.as_u64().unwrap() as usize).into()
            }
            _ => fields.iter().map(|(name, value)| (name.clone(), whole(value))).collect(),
        },
        Value::Array(values) => values.iter().map(whole).collect(),
        value => value.clone(),
    }
}

/// The texts of an input, and whether it is a single text.
fn texts(inputs: &Value) -> (Vec<String>, bool) {
    match inputs {
        Value::String(text) => (vec![text.clone()], true),
        texts => (serde_json::from_value(texts.clone()).unwrap(), false),
    }
}

/// Asserts that numbers are within 1e-5, and everything else is equal.
fn like(what: &str, found: &Value, expected: &Value) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let names = |fields: &Map<String, Value>| -> Vec<String> {
                let mut names: Vec<String> = fields.keys().cloned().collect();
                names.sort();
                names
            };
            assert_eq!(names(found), names(expected), "{what}");
            for (name, expected) in expected {
                like(&format!("{what}.{name}"), &found[name], expected);
            }
        }
        (Value::Array(found_all), Value::Array(expected_all)) => {
            assert_eq!(found_all.len(), expected_all.len(), "{what}: {found} and {expected}");
            for (index, pair) in found_all.iter().zip(expected_all).enumerate() {
                like(&format!("{what}[{index}]"), pair.0, pair.1);
            }
        }
        (Value::Number(found), Value::Number(expected)) if !expected.is_u64() || found.is_f64() => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            let allowed = 1e-5 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= allowed, "{what}: {found} and {expected}");
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}
