//! The names of activation functions in configs.

use super::config::ConfigError;
use crate::layers::activation::Activation;

const NAMES: &[(&str, Activation)] = &[
    ("gelu", Activation::Gelu),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("tanh", Activation::Tanh),
];

/// Looks up an activation function by its name.
///
/// # Errors
///
/// An unknown name; the error lists the supported ones.
pub fn activation(field: &'static str, name: &str) -> Result<Activation, ConfigError> {
    let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, activation)| *activation);
    found.ok_or_else(|| {
        let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        ConfigError::unsupported(field, name, &known.join(", "))
    })
}
