//! A key table applied to one model: which checkpoint keys there must be, and what each one holds.

use std::collections::{HashMap, HashSet};

use super::entry::{Entry, Orientation};
use super::rules::{Prefixes, Rules, Side};
use crate::hf::keys::{Key, Pattern};
use crate::parameters::ParameterInfo;

/// Every tensor of a checkpoint for one model.
#[derive(Debug)]
pub struct Mapping {
    /// The tensors, in the order of the model's parameters.
    pub entries: Vec<Entry>,
    /// Parameters that no rule covers; a correct table leaves none.
    pub uncovered: Vec<String>,
    /// The place of the entry with a key. A model may have a hundred thousand of them.
    keys: HashMap<String, usize>,
    /// The place of the first entry with another name.
    aliases: HashMap<String, usize>,
    rules: Rules,
    /// The rules that hold for this model, those of the head first.
    holding: Vec<(Side, &'static Key)>,
    /// The rules of the family's other heads.
    others: Vec<&'static Key>,
    /// The parameters that a rule of the head covers.
    head_paths: HashSet<String>,
}

/// A weight that a key repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyOf {
    /// The place of its entry.
    pub entry: usize,
    /// What the copy is.
    pub role: CopyRole,
}

/// What a second copy of a weight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyRole {
    /// A table of the backbone, twice.
    Backbone,
    /// The output projection, which a config ties to a table of the backbone.
    OutputProjection,
    /// A tensor of the head under another name; the reference computes with this one.
    HeadTwin,
    /// The output projection of a head that the model does not have.
    OtherHead,
}

impl Mapping {
    /// Applies a family's tables to a model's parameters.
    pub fn new(rules: Rules, parameters: &[ParameterInfo]) -> Self {
        let holding = rules.holding(parameters);
        let others = rules.of_other_heads();
        let mut mapping = Self {
            entries: Vec::new(),
            uncovered: Vec::new(),
            keys: HashMap::new(),
            aliases: HashMap::new(),
            rules,
            holding,
            others,
            head_paths: HashSet::new(),
        };
        for parameter in parameters {
            match mapping.rule(parameter) {
                Some(found) => mapping.add(parameter, found),
                None => mapping.uncovered.push(parameter.path.clone()),
            }
        }
        mapping
    }

    /// The entry for a key found in a file.
    pub fn entry(&self, key: &str) -> Option<usize> {
        [&self.keys, &self.aliases].into_iter().filter_map(|known| known.get(key)).min().copied()
    }

    /// Whether the table drops a key.
    pub fn drops(&self, key: &str) -> bool {
        self.holding.iter().any(|(side, rule)| match rule {
            Key::Drop { checkpoint } => self.matches(*side, checkpoint, key),
            _ => false,
        })
    }

    /// The weight that a key repeats.
    pub fn copy_of(&self, key: &str) -> Option<CopyOf> {
        let of_rule = |side: Side, rule: &'static Key| match rule {
            Key::Copy { checkpoint, of } if self.matches(side, checkpoint, key) => {
                let entry = self.entry(of)?;
                let path = &self.entries[entry].parts.first()?.path;
                let is_head = self.head_paths.contains(path);
                Some(match (side, is_head) {
                    (Side::Head, false) => CopyOf { entry, role: CopyRole::OutputProjection },
                    (Side::Head, true) => CopyOf { entry, role: CopyRole::HeadTwin },
                    (Side::Backbone, _) => CopyOf { entry, role: CopyRole::Backbone },
                })
            }
            _ => None,
        };
        let own = self.holding.iter().find_map(|(side, rule)| of_rule(*side, rule));
        let other = || {
            let found = self.others.iter().find_map(|rule| of_rule(Side::Head, rule))?;
            Some(CopyOf { role: CopyRole::OtherHead, ..found })
        };
        own.or_else(other)
    }

    /// Whether a key can only be of a head: it is none of the backbone's modules.
    pub fn is_of_a_head(&self, key: &str) -> bool {
        let first = |path: &str| path.split(['.', '*']).next().map(String::from);
        let of_rule = |(side, rule): &(Side, &'static Key)| match (side, rule.checkpoint()) {
            (Side::Backbone, Some(path)) => first(path),
            _ => None,
        };
        let bare = key.strip_prefix(self.rules.prefix).and_then(|key| key.strip_prefix('.'));
        let module = first(bare.unwrap_or(key));
        !self.holding.iter().filter_map(of_rule).any(|own| Some(own) == module)
    }

    /// Whether a key is one of that pattern; the prefix may be there or not.
    fn matches(&self, side: Side, pattern: &'static str, key: &str) -> bool {
        let is_match = |key: &str| Pattern(pattern).numbers(key).is_some();
        let bare = key.strip_prefix(self.rules.prefix).and_then(|key| key.strip_prefix('.'));
        is_match(key) || (side == Side::Backbone && bare.is_some_and(is_match))
    }

    /// The rule that covers a parameter, and the numbers in its path.
    fn rule(&self, parameter: &ParameterInfo) -> Option<Found> {
        let (module, leaf) = parameter.path.rsplit_once('.')?;
        let n_heads = self.rules.n_heads;
        self.holding.iter().find_map(|(side, rule)| {
            let (checkpoint, modules, orientation, groups) = match rule {
                Key::Rename { checkpoint, module } => {
                    (checkpoint, std::slice::from_ref(module), Orientation::Same, 1)
                }
                Key::Transpose { checkpoint, module } => {
                    (checkpoint, std::slice::from_ref(module), Orientation::Transposed, 1)
                }
                Key::Split { checkpoint, modules } => (checkpoint, *modules, Orientation::Same, 1),
                Key::SplitTranspose { checkpoint, modules } => {
                    (checkpoint, *modules, Orientation::Transposed, 1)
                }
                Key::SplitHeads { checkpoint, modules } => {
                    (checkpoint, *modules, Orientation::Transposed, n_heads)
                }
                Key::Drop { .. }
                | Key::Copy { .. }
                | Key::IfModule { .. }
                | Key::IfConfig { .. }
                | Key::InGroups { .. }
                | Key::Unprefixed => return None,
            };
            let mut found = modules.iter().map(|to| Pattern(to).numbers(module)).enumerate();
            let (place, numbers) = found.find_map(|(place, n)| Some((place, n?)))?;
            let leaf = leaf.to_string();
            let path = Pattern(checkpoint).fill(&self.rules.in_file(checkpoint, numbers));
            Some(Found { side: *side, path, place, orientation, groups, leaf })
        })
    }

    fn add(&mut self, parameter: &ParameterInfo, found: Found) {
        let Found { side, path, place, orientation, groups, leaf } = found;
        if side == Side::Head {
            self.head_paths.insert(parameter.path.clone());
        }
        // Checkpoints say weight and bias for norms too; files converted from TensorFlow did not.
        let (leaf, old_leaf) = match leaf.as_str() {
            "gamma" => ("weight", Some("gamma")),
            "beta" => ("bias", Some("beta")),
            other => (other, None),
        };
        let join = |parts: [&str; 3]| -> String {
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(".")
        };
        let mut prefixes = match side {
            Side::Head => vec![""],
            Side::Backbone => vec![self.rules.prefix, ""],
        };
        if self.rules.prefixes == Prefixes::Absent {
            prefixes.reverse();
        }
        let leaves = [Some(leaf), old_leaf].into_iter().flatten();
        let names: Vec<String> = leaves
            .flat_map(|leaf| prefixes.iter().map(move |prefix| (*prefix, leaf)))
            .map(|(prefix, leaf)| join([prefix, &path, leaf]))
            .collect();
        let key = names[0].clone();
        if let Some(&place_of_key) = self.keys.get(&key) {
            let entry = &mut self.entries[place_of_key];
            // Side by side in the model's orientation, which is one below the other in the file's.
            let all = match entry.orientation {
                Orientation::Same => entry.shape.last_mut(),
                Orientation::Transposed => entry.shape.first_mut(),
            };
            if let (Some(all), Some(more)) = (all, parameter.shape.last()) {
                *all += more;
            }
            // The file's order is the rule's, whatever the model's is.
            let at = entry.places.partition_point(|other| *other < place);
            entry.places.insert(at, place);
            entry.parts.insert(at, parameter.clone());
            return;
        }
        let aliases: Vec<String> = names.into_iter().filter(|name| *name != key).collect();
        for alias in &aliases {
            self.aliases.entry(alias.clone()).or_insert(self.entries.len());
        }
        self.keys.insert(key.clone(), self.entries.len());
        let mut shape = parameter.shape.clone();
        let is_matrix = shape.len() == 2;
        let orientation = if is_matrix { orientation } else { Orientation::Same };
        if orientation == Orientation::Transposed {
            shape.reverse();
        }
        self.entries.push(Entry {
            key,
            aliases,
            shape,
            parts: vec![parameter.clone()],
            places: vec![place],
            groups,
            orientation,
        });
    }
}

struct Found {
    side: Side,
    /// The module's path in the file.
    path: String,
    /// The module's place in the rule.
    place: usize,
    orientation: Orientation,
    groups: usize,
    leaf: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Part;

    #[test]
    fn parts_stand_in_the_order_of_their_rule() {
        const KEYS: &[Key] = &[Key::SplitTranspose { checkpoint: "ab", modules: &["b", "a"] }];
        let rules = Rules {
            head: KEYS,
            other_heads: Vec::new(),
            backbone: &[],
            prefix: "",
            prefixes: Prefixes::Present,
            n_heads: 1,
            true_fields: Vec::new(),
            group_size: 1,
        };
        let parameter = |path: &str| Part { path: path.into(), shape: vec![1, 2] };
        let mapping = Mapping::new(rules, &[parameter("a.weight"), parameter("b.weight")]);
        let [entry] = mapping.entries.as_slice() else { panic!("one tensor holds both") };
        let paths: Vec<&str> = entry.parts.iter().map(|part| part.path.as_str()).collect();
        assert_eq!((paths, entry.shape.as_slice()), (vec!["b.weight", "a.weight"], &[4, 1][..]));
    }
}
