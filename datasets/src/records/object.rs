//! JSON objects whose repeated names are errors.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Parses an object, or says why the text is not one.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Fields { fields, repeated: None }) => Ok(fields),
        Ok(Fields { repeated: Some(field), .. }) => {
            Err(format!("the field {field:?} is given twice"))
        }
        Err(error) if error.is_data() => Err("JSON, but not an object {…}".to_owned()),
        Err(error) => Err(not_json(&error)),
    }
}

/// The message for a syntax error; the line is named with the file.
pub(super) fn not_json(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    format!("not JSON, at column {}: {message}", error.column())
}

/// The fields of a JSON object, and a name that it has more than once.
struct Fields {
    fields: Map<String, Value>,
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let (mut fields, mut repeated) = (Map::new(), None);
                while let Some(name) = map.next_key::<String>()? {
                    if fields.contains_key(&name) {
                        repeated = Some(name.clone());
                    }
                    fields.insert(name, map.next_value()?);
                }
                Ok(Fields { fields, repeated })
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
