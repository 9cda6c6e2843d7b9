//! The weights of classes in a loss.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::label_names::shown_labels;

/// How much an example of each class weighs in the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// All classes have the same total weight: `n / (classes × examples of the class)`, as in
    /// scikit-learn's `compute_class_weight("balanced")`.
    Balanced,
    /// These weights; 1 for every other class.
    Listed(Vec<ClassWeight>),
}

/// The weight of a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassWeight {
    /// The name of the label.
    pub label: String,
    /// The weight of an example.
    pub weight: f64,
}

/// Weights that do not fit the labels, or are no weights.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassWeightsError {
    /// The text has another form.
    #[error("{text:?} is not a weight; write balanced, or weights such as spam=5,ham=1")]
    Form {
        /// The text.
        text: String,
    },
    /// A weight is not a positive number.
    #[error("the weight of {label:?} is {weight}; it must be finite and more than 0")]
    Weight {
        /// The label.
        label: String,
        /// The weight.
        weight: f64,
    },
    /// There is no such label.
    #[error("there is no label {label:?}; the labels are {known}")]
    Label {
        /// The label.
        label: String,
        /// The labels of the data.
        known: String,
    },
    /// A label has two weights.
    #[error("the label {label:?} has more than one weight")]
    Repeated {
        /// The label.
        label: String,
    },
}

impl ClassWeights {
    /// The weight of each label. `classes` are those of the training examples.
    ///
    /// # Errors
    ///
    /// A weight of an unknown label.
    pub fn resolve(
        &self,
        labels: &[String],
        classes: impl Iterator<Item = u32>,
    ) -> Result<Vec<f32>, ClassWeightsError> {
        let mut weights = vec![1.0; labels.len()];
        match self {
            Self::Balanced => {
                let mut counts = vec![0_usize; labels.len()];
                classes.for_each(|class| counts[class as usize] += 1);
                let all: usize = counts.iter().sum();
                for (weight, count) in weights.iter_mut().zip(counts) {
                    // A class without examples has the weight of one with a single example.
                    *weight = (all as f64 / (labels.len() * count.max(1)) as f64) as f32;
                }
            }
            Self::Listed(listed) => {
                for ClassWeight { label, weight } in listed {
                    let Some(index) = labels.iter().position(|known| known == label) else {
                        let known = shown_labels(labels);
                        return Err(ClassWeightsError::Label { label: label.clone(), known });
                    };
                    weights[index] = *weight as f32;
                }
            }
        }
        Ok(weights)
    }
}

impl FromStr for ClassWeights {
    type Err = ClassWeightsError;

    fn from_str(text: &str) -> Result<Self, ClassWeightsError> {
        if text == "balanced" {
            return Ok(Self::Balanced);
        }
        let mut listed: Vec<ClassWeight> = Vec::new();
        for part in text.split(',') {
            // A name may contain the sign.
            let found = part.rsplit_once('=').and_then(|(label, weight)| {
                Some(ClassWeight {
                    label: label.trim().to_owned(),
                    weight: weight.trim().parse().ok()?,
                })
            });
            let Some(ClassWeight { label, weight }) = found.filter(|it| !it.label.is_empty())
            else {
                return Err(ClassWeightsError::Form { text: part.to_owned() });
            };
            if !(weight as f32).is_finite() || weight as f32 <= 0.0 {
                return Err(ClassWeightsError::Weight { label, weight });
            }
            if listed.iter().any(|known| known.label == label) {
                return Err(ClassWeightsError::Repeated { label });
            }
            listed.push(ClassWeight { label, weight });
        }
        Ok(Self::Listed(listed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn balanced_weights_are_those_of_scikit_learn() {
        // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2])
        let weights = ClassWeights::Balanced
            .resolve(&labels(&["a", "b", "c"]), [0, 0, 0, 1, 2, 2].into_iter());
        assert_eq!(weights.unwrap(), [2.0 / 3.0, 2.0, 1.0]);
        let absent = ClassWeights::Balanced.resolve(&labels(&["a", "b"]), [0, 0].into_iter());
        assert_eq!(absent.unwrap(), [0.5, 1.0]);
    }

    #[test]
    fn listed_weights_are_found_by_name() {
        let weights: ClassWeights = "spam=5, a=b=0.5".parse().unwrap();
        let found = weights.resolve(&labels(&["a=b", "ham", "spam"]), std::iter::empty());
        assert_eq!(found.unwrap(), [0.5, 1.0, 5.0]);
        let unknown = weights.resolve(&labels(&["ham", "spam"]), std::iter::empty()).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no label \"a=b\"; the labels are ham, spam");
        let text = serde_json::to_string(&weights).unwrap();
        assert_eq!(serde_json::from_str::<ClassWeights>(&text).unwrap(), weights);
    }

    #[test]
    fn bad_weights_are_refused() {
        for (text, reason) in [
            ("even", "\"even\" is not a weight"),
            ("", "\"\" is not a weight"),
            ("=2", "is not a weight"),
            ("a=x", "is not a weight"),
            ("a=0", "the weight of \"a\" is 0"),
            ("a=-1", "is -1"),
            ("a=inf", "finite"),
            ("a=nan", "finite"),
            ("a=1e60", "finite"),
            ("a=1,a=2", "more than one weight"),
        ] {
            let error = text.parse::<ClassWeights>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
