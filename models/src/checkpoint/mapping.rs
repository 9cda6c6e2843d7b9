//! A key table applied to one model: the expected checkpoint keys and the parameters of each.

use std::collections::{HashMap, HashSet};

use super::entry::{Entry, Orientation};
use super::rules::{Prefixes, Rules, Side, SidedRule};
use crate::hf::keys::{Key, Pattern};
use crate::parameters::ParameterInfo;

/// The checkpoint tensors of one model.
#[derive(Debug)]
pub struct Mapping {
    /// The tensors, in the order of the model's parameters.
    pub entries: Vec<Entry>,
    /// Parameters that no rule covers; empty for a correct table.
    pub uncovered: Vec<String>,
    /// The index of the entry of each key. A model may have a hundred thousand keys.
    keys: HashMap<String, usize>,
    /// The index of the first entry of each alias.
    aliases: HashMap<String, usize>,
    rules: Rules,
    /// The rules that apply to this model, those of the head first.
    holding: Vec<SidedRule>,
    /// The rules of the family's other heads.
    others: Vec<&'static Key>,
    /// The paths of parameters covered by a rule of the head.
    head_paths: HashSet<String>,
}

/// The weight that a key duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyOf {
    /// The index of its entry.
    pub entry: usize,
    /// The kind of copy.
    pub role: CopyRole,
}

/// The kind of a second copy of a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyRole {
    /// An embedding table of the backbone, stored twice.
    Backbone,
    /// The output projection, which a config ties to an embedding table of the backbone.
    OutputProjection,
    /// A tensor of the head under another name; the reference uses this one.
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

    /// The index of the entry for a key of a file.
    pub fn entry(&self, key: &str) -> Option<usize> {
        [&self.keys, &self.aliases].into_iter().filter_map(|known| known.get(key)).min().copied()
    }

    /// Whether the table drops a key.
    pub fn drops(&self, key: &str) -> bool {
        self.holding.iter().any(|of| match of.rule {
            Key::Drop { checkpoint } => self.matches(of.side, checkpoint, key),
            _ => false,
        })
    }

    /// The weight that a key duplicates.
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
        let own = self.holding.iter().find_map(|of| of_rule(of.side, of.rule));
        let other = || {
            let found = self.others.iter().find_map(|rule| of_rule(Side::Head, rule))?;
            Some(CopyOf { role: CopyRole::OtherHead, ..found })
        };
        own.or_else(other)
    }

    /// Whether a key can only belong to a head: its module is not in the backbone.
    pub fn is_of_a_head(&self, key: &str) -> bool {
        let first = |path: &str| path.split(['.', '*']).next().map(String::from);
        let of_rule = |of: &SidedRule| match (of.side, of.rule.checkpoint()) {
            (Side::Backbone, Some(path)) => first(path),
            _ => None,
        };
        let bare = key.strip_prefix(self.rules.prefix).and_then(|key| key.strip_prefix('.'));
        let module = first(bare.unwrap_or(key));
        !self.holding.iter().filter_map(of_rule).any(|own| Some(own) == module)
    }

    /// Whether a key matches the pattern, with or without the backbone's prefix.
    fn matches(&self, side: Side, pattern: &'static str, key: &str) -> bool {
        let is_match = |key: &str| Pattern(pattern).numbers(key).is_some();
        let bare = key.strip_prefix(self.rules.prefix).and_then(|key| key.strip_prefix('.'));
        is_match(key) || (side == Side::Backbone && bare.is_some_and(is_match))
    }

    /// The rule that covers a parameter, and the indices in its path.
    fn rule(&self, parameter: &ParameterInfo) -> Option<Found> {
        let (module, leaf) = parameter.path.rsplit_once('.')?;
        let n_heads = self.rules.n_heads;
        self.holding.iter().find_map(|&SidedRule { side, rule }| {
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
            Some(Found { side, path, place, orientation, groups, leaf })
        })
    }

    fn add(&mut self, parameter: &ParameterInfo, found: Found) {
        let Found { side, path, place, orientation, groups, leaf } = found;
        if side == Side::Head {
            self.head_paths.insert(parameter.path.clone());
        }
        // Checkpoints name norm parameters weight and bias; files converted from TensorFlow, gamma
        // and beta.
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
            // Concatenated along columns in the model's layout, along rows in a transposed file.
            let all = match entry.orientation {
                Orientation::Same => entry.shape.last_mut(),
                Orientation::Transposed => entry.shape.first_mut(),
            };
            if let (Some(all), Some(more)) = (all, parameter.shape.last()) {
                *all += more;
            }
            // The file's order is that of the rule, not that of the model.
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
    /// The module's index in the rule.
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
    fn parts_keep_the_order_of_their_rule() {
        const KEYS: &[Key] = &[Key::SplitTranspose { checkpoint: "ab", modules: &["b", "a"] }];
        let rules = Rules {
            head: &[KEYS],
            other_heads: Vec::new(),
            backbone: &[],
            prefix: "",
            prefixes: Prefixes::Present,
            n_heads: 1,
            true_fields: Vec::new(),
            group_size: 1,
        };
        let parameter = |path: &str| Part::new(path, [1, 2]);
        let mapping = Mapping::new(rules, &[parameter("a.weight"), parameter("b.weight")]);
        let [entry] = mapping.entries.as_slice() else { panic!("one tensor holds both") };
        let paths: Vec<&str> = entry.parts.iter().map(|part| part.path.as_str()).collect();
        assert_eq!((paths, entry.shape.as_slice()), (vec!["b.weight", "a.weight"], &[4, 1][..]));
    }
}
