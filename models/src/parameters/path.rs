//! The position of a parameter in a module.

use super::info::{ParameterInfo, ParameterProperties};

/// The current path of a module traversal, and the properties that the wrappers on it declare.
///
/// Used by every visitor and mapper that needs paths.
///
/// Burn includes an enum's variant in the path (`layers.0.PreNorm.attention…`). Here it is omitted,
/// so that a path depends on the position of a parameter and not on the wiring around it. Wrapper
/// fields are omitted, too: a head's `backbone`, a backbone's `stack`, an embedding's
/// `input_embedding`, a span's `ends`, the head inside another head (`head`, `scorer`, `masked`),
/// and the module inside a wrapper that declares properties.
#[derive(Debug, Default)]
pub struct Path {
    parts: Vec<PathPart>,
}

#[derive(Debug)]
struct PathPart {
    /// `None` where it is omitted.
    name: Option<String>,
    /// The properties of parameters below.
    properties: ParameterProperties,
}

/// Fields that are omitted from paths.
const TRANSPARENT: [&str; 7] =
    ["backbone", "stack", "input_embedding", "ends", "head", "scorer", "masked"];

impl Path {
    /// Enters a field of a module of type `container`; enum variants and wrapper fields are omitted
    /// from the path.
    pub fn enter(&mut self, name: &str, container: &str) {
        let properties = self.properties();
        let declared = properties.inside(container);
        let is_omitted =
            declared.is_some() || container.starts_with("Enum:") || TRANSPARENT.contains(&name);
        self.parts.push(PathPart {
            name: (!is_omitted).then(|| name.to_string()),
            properties: declared.unwrap_or(properties),
        });
    }

    /// Leaves the current module.
    pub fn exit(&mut self) {
        self.parts.pop();
    }

    /// The current path.
    pub fn join(&self) -> String {
        let names = self.parts.iter().filter_map(|part| part.name.as_deref());
        names.collect::<Vec<&str>>().join(".")
    }

    /// The properties of a parameter at this path.
    pub fn properties(&self) -> ParameterProperties {
        self.parts.last().map(|part| part.properties).unwrap_or_default()
    }

    /// The parameter at this path.
    pub(super) fn parameter(&self, shape: &[usize]) -> ParameterInfo {
        let properties = self.properties();
        ParameterInfo { path: self.join(), shape: shape.to_vec(), properties }
    }
}
