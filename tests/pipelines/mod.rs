//! Every answer that transformers' pipelines gave, as recorded in `golden/pipelines/`.

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

/// What a pipeline was asked, and what it said.
struct Case {
    /// Where it is from.
    name: String,
    inputs: Value,
    /// What it was called with; `task` where the case has one of its own.
    parameters: Parameters,
    /// The answer, or the words of the error.
    outcome: Result<Value, String>,
}

/// The parameters of a call, of which none may be passed over.
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

/// Checks every case of every fixture of a pipeline, and that there are as many as are known.
///
/// `answer` gives the answer in the form of transformers. Where transformers failed, so must we,
/// unless `is_better` says that we need not.
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
                // What we do not offer; `answer` has taken note of it.
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

/// Transformers runs out of positions; we leave the end out.
fn is_too_long(reason: &str) -> bool {
    ["must match the size of tensor", "is out of bounds for", "index out of range in self"]
        .iter()
        .any(|words| reason.contains(words))
}

/// Transformers refuses a prompt that is as long as the whole text may be; we add nothing to it.
fn is_full(reason: &str) -> bool {
    reason.contains("but `max_length` is set to")
        || reason.contains("must be greater than 0")
        // A new text begins after the end of another where no token begins it.
        || reason.contains("`bos_token_id` has to be defined")
}

/// Transformers pads with a token; we need none.
fn is_without_padding(reason: &str) -> bool {
    reason.contains("without pad_token cannot do batching")
}

/// Python adds no text to a field that a message lacks; our templates take it for an empty one.
fn is_without_content(reason: &str) -> bool {
    reason.contains("can only concatenate str")
}

/// Transformers needs at least one text; we answer none with nothing.
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

/// A value with its long texts, which are recorded as a part and how often it is repeated.
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

/// The texts of an input, and whether it is one by itself.
fn texts(inputs: &Value) -> (Vec<String>, bool) {
    match inputs {
        Value::String(text) => (vec![text.clone()], true),
        texts => (serde_json::from_value(texts.clone()).unwrap(), false),
    }
}

/// Numbers within 1e-5 of each other, and all else the same.
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
