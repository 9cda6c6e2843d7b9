//! A valid config of any family, with a few fields changed according to the input.

#![no_main]

use std::fs;
use std::sync::LazyLock;

use burn_zoo::models::families::{self, FAMILIES, Family};
use burn_zoo_fuzz::{Bytes, follow, golden};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// The config of every fixture, with its family.
static CONFIGS: LazyLock<Vec<(&'static Family, Value)>> = LazyLock::new(|| {
    let mut configs = Vec::new();
    for family in FAMILIES {
        let cases = fs::read_dir(golden().join(family.name())).expect("a folder of fixtures");
        for case in cases.flatten() {
            let Ok(text) = fs::read_to_string(case.path().join("config.json")) else { continue };
            let config: Value = serde_json::from_str(&text).expect("a fixture's config");
            let named = config["model_type"].as_str().expect("a family");
            configs.push((families::find(named).expect("a family"), config));
        }
    }
    configs.sort_by_cached_key(|(_, config)| config.to_string());
    configs
});

/// The fields of all configs: a field of one family may have a meaning in another.
static FIELDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = CONFIGS.iter().flat_map(|(_, config)| config.as_object().expect("an object").keys());
    let mut fields: Vec<String> = all.cloned().collect();
    fields.sort();
    fields.dedup();
    fields
});

/// A value of a type selected by the next byte.
fn value(bytes: &mut Bytes, old: &Value) -> Value {
    match bytes.byte() % 16 {
        0 => Value::Null,
        1 => json!(bytes.byte() % 2 == 0),
        2 => json!(bytes.byte()),
        3 => json!(bytes.byte() << 8 | bytes.byte()),
        4 => json!(1_u64 << (bytes.byte() % 64)),
        5 => json!((1_u64 << (bytes.byte() % 64)).wrapping_sub(1)),
        6 => json!(-(bytes.byte() as i64)),
        7 => {
            let raw: [u8; 8] = bytes.take(8).try_into().unwrap_or([0x3f; 8]);
            json!(f64::from_le_bytes(raw))
        }
        8 => json!(1.0 / bytes.byte() as f64),
        9 => {
            let length = bytes.byte() % 16;
            json!(String::from_utf8_lossy(bytes.take(length)))
        }
        10 => {
            let length = bytes.byte() % 6;
            (0..length).map(|_| value(bytes, &Value::Null)).collect()
        }
        11 => {
            // The value of any field of another config.
            let (_, config) = bytes.choose(&CONFIGS);
            config.get(bytes.choose(&FIELDS)).cloned().unwrap_or(Value::Null)
        }
        12 | 13 => {
            // Changes one entry of an existing object or list.
            let mut old = old.clone();
            let entry = match &mut old {
                Value::Object(fields) => {
                    let index = bytes.byte() % fields.len().max(1);
                    fields.values_mut().nth(index)
                }
                Value::Array(values) => {
                    let index = bytes.byte() % values.len().max(1);
                    values.get_mut(index)
                }
                _ => None,
            };
            if let Some(entry) = entry {
                let was = entry.take();
                *entry = value(bytes, &was);
            }
            old
        }
        14 => match old.as_u64() {
            Some(old) => json!(old.saturating_mul(bytes.byte() as u64)),
            None => json!([old]),
        },
        _ => match old.as_u64() {
            Some(old) => json!(old.wrapping_add(bytes.byte() as u64).wrapping_sub(128)),
            None => json!({ "type": old, "rope_type": old, "factor": bytes.byte() }),
        },
    }
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let (family, config) = bytes.choose(&CONFIGS);
    let mut config = config.clone();
    for _ in 0..=bytes.byte() % 6 {
        let own: Vec<String> = config.as_object().expect("an object").keys().cloned().collect();
        let index = bytes.byte() << 8 | bytes.byte();
        let field = if index % 8 == 0 {
            FIELDS[index / 8 % FIELDS.len()].clone()
        } else {
            own[index / 8 % own.len()].clone()
        };
        let old = config[&field].take();
        if bytes.byte() % 16 == 0 {
            config.as_object_mut().expect("an object").remove(&field);
        } else {
            config[&field] = value(&mut bytes, &old);
        }
    }
    follow(family, config);
});
