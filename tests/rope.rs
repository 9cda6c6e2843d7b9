//! Rotary frequencies against the reference's, for every kind of scaling and both forms of configs.

use burn_zoo::models::families;
use burn_zoo::models::layers::position::PositionEncoding;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::golden::{assert_close, folder, json};

#[derive(Deserialize)]
struct Ropes {
    ropes: Vec<Rope>,
}

#[derive(Deserialize)]
struct Rope {
    name: String,
    config: Value,
    seq_len: Option<usize>,
    attention_scaling: f64,
    inv_freq: Vec<f64>,
}

#[test]
fn frequencies_are_those_of_the_reference() {
    let ropes: Ropes = json(&folder().join("rope.json"));
    assert!(ropes.ropes.len() >= 20);
    let llama = families::find("llama").unwrap();
    for rope in ropes.ropes {
        let architecture = (llama.architecture)(&rope.config.to_string())
            .unwrap_or_else(|error| panic!("{}: {error}", rope.name));
        let stack = architecture.backbone.stacks()[0];
        let PositionEncoding::Rotary(rotary) = &stack.layers[0].attention.positions else {
            panic!("{}: llama is rotary", rope.name);
        };
        let found = rotary.frequencies(rope.seq_len.unwrap_or(1));
        // Relative, because the frequencies span several orders of magnitude.
        let relative: Vec<f32> =
            found.iter().zip(&rope.inv_freq).map(|(a, b)| (f64::from(*a) / b) as f32).collect();
        assert_eq!(found.len(), rope.inv_freq.len(), "{}", rope.name);
        assert_close(&rope.name, &relative, &vec![1.0; found.len()], 5e-7);
        let scaling = rotary.attention_factor();
        assert!((scaling - rope.attention_scaling).abs() < 1e-12, "{}: {scaling}", rope.name);
    }
}

/// A llama config with these fields added to a valid one.
fn error(fields: Value) -> String {
    let mut config = json!({ "model_type": "llama", "hidden_size": 32, "num_attention_heads": 4 });
    for (key, value) in fields.as_object().unwrap() {
        config[key] = value.clone();
    }
    let llama = families::find("llama").unwrap();
    (llama.architecture)(&config.to_string()).unwrap_err().to_string()
}

#[test]
fn what_is_not_supported_is_refused_with_what_is() {
    let rope = |fields: Value| error(json!({ "rope_parameters": fields }));
    let message = rope(json!({ "rope_type": "ntk", "factor": 2.0 }));
    assert!(message.contains("rope_type = \"ntk\" is not supported"), "{message}");
    assert!(message.contains("default, linear, dynamic, yarn, llama3, longrope"), "{message}");
    assert!(rope(json!({ "rope_type": "linear" })).contains("factor"));
    assert!(rope(json!({ "rope_type": "linear", "factor": 0.0 })).contains("factor"));
    assert!(rope(json!({ "rope_type": "llama3", "factor": 8.0 })).contains("low_freq_factor"));
    assert!(rope(json!({ "rope_theta": -1.0 })).contains("rope_theta"));
    assert!(rope(json!({ "full_attention": { "rope_type": "default" } })).contains("layer type"));
    assert!(error(json!({ "head_dim": 7 })).contains("head_dim"));
    assert!(error(json!({ "num_key_value_heads": 3 })).contains("num_key_value_heads"));
    assert!(error(json!({ "hidden_act": "mish" })).contains("hidden_act"));
    assert!(error(json!({ "num_hidden_layers": 0 })).contains("num_hidden_layers"));
    assert!(error(json!({ "rms_norm_eps": 0.0 })).contains("rms_norm_eps"));
    let quantized = json!({ "quantization_config": { "quant_method": "gptq" } });
    assert!(error(quantized).contains("quantization_config = \"gptq\""));
}
