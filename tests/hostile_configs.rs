//! Configs with one field gone wrong: each is followed or refused, and none makes the program panic.

use burn::tensor::Device;
use burn_zoo::models::families::FAMILIES;
use burn_zoo::models::pretrained::{Blueprint, Mapping};
use serde_json::{Value, json};

use crate::golden::cases;

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
            let config = Blueprint::read(&case.path).unwrap().config;
            for field in config.as_object().unwrap().keys() {
                for value in wrong_values() {
                    let mut changed = config.clone();
                    changed[field] = value.clone();
                    let what = format!("{}: {field} = {value}", case.name);
                    let followed_or_not = std::panic::catch_unwind(|| {
                        let Ok(blueprint) = Blueprint::new(family, changed) else { return false };
                        // Parameters are made when they are read, so this takes no memory.
                        let parameters = blueprint.model(&Device::flex()).parameters();
                        let mapping = Mapping::new(blueprint.rules(), &parameters);
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
