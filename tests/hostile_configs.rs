//! Configs with one invalid field: each is supported or rejected, and none makes the program panic.

use burn::tensor::Device;
use burn_zoo::models::checkpoint::{Mapping, ModelSpec};
use burn_zoo::models::families::{self, FAMILIES};
use serde_json::{Value, json};

use crate::golden::{cases, folder};

fn wrong_values() -> Vec<Value> {
    let numbers =
        [json!(0), json!(1), json!(-1), json!(7), json!(0.5), json!(1e300), json!(u64::MAX)];
    let others = [Value::Null, json!(true), json!(""), json!("gelu"), json!([]), json!({})];
    [&numbers[..], &others].concat()
}

#[test]
fn a_field_of_any_value_is_followed_or_refused() {
    let (mut followed, mut refused) = (0, 0);
    for family in FAMILIES {
        for case in cases(family.name()) {
            let config = ModelSpec::read(&case.path).unwrap().config;
            for field in config.as_object().unwrap().keys() {
                for value in wrong_values() {
                    let mut changed = config.clone();
                    changed[field] = value.clone();
                    let what = format!("{}: {field} = {value}", case.name);
                    let followed_or_not = std::panic::catch_unwind(|| {
                        let Ok(spec) = ModelSpec::new(family, changed) else { return false };
                        // Parameters are initialized lazily, so this takes no memory.
                        let parameters = spec.model(&Device::flex()).parameters();
                        let mapping = Mapping::new(spec.rules(), &parameters);
                        assert!(mapping.uncovered.is_empty(), "{:?}", mapping.uncovered);
                        true
                    });
                    match followed_or_not {
                        Ok(true) => followed += 1,
                        Ok(false) => refused += 1,
                        Err(_) => panic!("{what} panics"),
                    }
                }
            }
        }
    }
    assert!(followed > 1000 && refused > 1000, "{followed} followed, {refused} refused");
}

/// A fixture's config with some fields changed.
fn changed(case: &str, fields: Value) -> Value {
    let mut config = ModelSpec::read(&folder().join(case)).unwrap().config;
    for (field, value) in fields.as_object().unwrap() {
        config[field] = value.clone();
    }
    config
}

#[test]
fn sizes_whose_product_no_model_has_are_refused() {
    for (case, fields, expected) in [
        (
            "mixtral/base",
            json!({ "num_hidden_layers": 10_000, "num_local_experts": 10_000 }),
            "layers and experts = 100000000",
        ),
        ("gpt2/base", json!({ "n_inner": 1 << 28 }), "features of a layer = 268435456"),
        (
            "llama/base",
            json!({ "num_attention_heads": 4096, "num_key_value_heads": 4, "head_dim": 1 << 20 }),
            "features of a layer",
        ),
        (
            "llama/base",
            json!({ "hidden_size": 1 << 19, "intermediate_size": 1 << 19, "num_hidden_layers": 9000 }),
            "parameters",
        ),
        ("albert/base", json!({ "num_hidden_layers": 10_000 }), ""),
        ("pegasus/base", json!({ "max_position_embeddings": 1 << 28 }), "the position table"),
    ] {
        let config = changed(case, fields.clone());
        let family = families::find(config["model_type"].as_str().unwrap()).unwrap();
        match (ModelSpec::new(family, config), expected) {
            (Ok(_), "") => {}
            (Err(error), expected) if !expected.is_empty() => {
                let error = error.to_string();
                assert!(error.contains(expected), "{case}: {fields}: {error}");
            }
            (found, _) => panic!("{case}: {fields}: {:?}", found.map(|_| "followed")),
        }
    }
}

/// The model of a config, and its mapping to checkpoint keys.
fn mapping(config: Value) -> Mapping {
    let family = families::find(config["model_type"].as_str().unwrap()).unwrap();
    let spec = ModelSpec::new(family, config).unwrap();
    Mapping::new(spec.rules(), &spec.model(&Device::flex()).parameters())
}

#[test]
fn a_field_of_another_family_changes_no_model_that_lacks_it() {
    for case in ["mpnet/base", "distilbert/base", "modernbert/base"] {
        let plain = mapping(changed(case, json!({})));
        let found = mapping(changed(case, json!({ "type_vocab_size": 2, "embedding_size": 3 })));
        assert_eq!((found.entries, found.uncovered), (plain.entries, Vec::<String>::new()));
    }
}

#[test]
fn a_model_of_ten_thousand_layers_is_described_in_seconds() {
    let began = std::time::Instant::now();
    let found = mapping(changed("llama/base", json!({ "num_hidden_layers": 10_000 })));
    assert!(found.entries.len() > 80_000 && found.uncovered.is_empty());
    let last = found.entries.last().unwrap();
    assert_eq!(found.entry(&last.key), Some(found.entries.len() - 1));
    // Comparing every key with all others took minutes.
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
