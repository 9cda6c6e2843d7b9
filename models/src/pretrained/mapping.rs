//! A key table applied to one model: which checkpoint keys there must be, and what each one holds.

use std::collections::HashMap;

use super::rules::{Prefixes, Rules, Side};
use crate::parameters::ParameterInfo;
use crate::wire::keys::{Key, Pattern};

/// A tensor of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Other keys that older or headless files use for it.
    pub aliases: Vec<String>,
    /// Its shape in the file.
    pub shape: Vec<usize>,
    /// The parameters that it holds, side by side along the last dimension.
    pub parts: Vec<Part>,
    /// The place of each of them in its rule, ascending.
    places: Vec<usize>,
    /// In how many groups they stand side by side, a share of each in every group.
    pub groups: usize,
    /// Whether the file holds the transpose of the parameter.
    pub orientation: Orientation,
}

/// Whether a file holds a parameter or its transpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orientation {
    /// As the model has it.
    Same,
    /// With its two dimensions swapped.
    Transposed,
}

/// A parameter within a tensor of the checkpoint.
pub type Part = ParameterInfo;

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
}

impl Mapping {
    /// Applies a family's tables to a model's parameters.
    pub fn new(rules: Rules, parameters: &[ParameterInfo]) -> Self {
        let holding = rules.holding(parameters);
        let mut mapping = Self {
            entries: Vec::new(),
            uncovered: Vec::new(),
            keys: HashMap::new(),
            aliases: HashMap::new(),
            rules,
            holding,
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
    pub fn copy_of(&self, key: &str) -> Option<&str> {
        self.holding.iter().find_map(|(side, rule)| match rule {
            Key::Copy { checkpoint, of } if self.matches(*side, checkpoint, key) => {
                let of = self.entry(of)?;
                Some(self.entries[of].key.as_str())
            }
            _ => None,
        })
    }

    /// Whether a key is one of that pattern; the prefix may be there or not.
    fn matches(&self, side: Side, pattern: &'static str, key: &str) -> bool {
        let is_match = |key: &str| Pattern(pattern).numbers(key).is_some();
        let bare = key.strip_prefix(self.rules.prefix).and_then(|key| key.strip_prefix('.'));
        is_match(key) || (side == Side::Skeleton && bare.is_some_and(is_match))
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
                Key::Drop { .. } | Key::Copy { .. } | Key::Given { .. } | Key::WhereTrue { .. } => {
                    return None;
                }
            };
            let mut found = modules.iter().map(|to| Pattern(to).numbers(module)).enumerate();
            let (place, numbers) = found.find_map(|(place, n)| Some((place, n?)))?;
            let leaf = leaf.to_string();
            let path = Pattern(checkpoint).fill(&numbers);
            Some(Found { side: *side, path, place, orientation, groups, leaf })
        })
    }

    fn add(&mut self, parameter: &ParameterInfo, found: Found) {
        let Found { side, path, place, orientation, groups, leaf } = found;
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
            Side::Skeleton => vec![self.rules.prefix, ""],
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

impl Entry {
    /// Takes a tensor of the file apart into its parameters' values.
    pub fn split(&self, values: &[f32]) -> Vec<Vec<f32>> {
        let turned;
        let (values, width) = match self.orientation {
            Orientation::Same => (values, self.shape.last().copied().unwrap_or(1)),
            Orientation::Transposed => {
                turned = transpose(values, self.shape[0], self.shape[1]);
                (turned.as_slice(), self.shape[0])
            }
        };
        let mut parts: Vec<Vec<f32>> = vec![Vec::new(); self.parts.len()];
        let mut rest = values.chunks_exact(width).flatten().copied();
        for _ in 0..values.len() / width * self.groups {
            for (part, values) in self.parts.iter().zip(&mut parts) {
                values.extend(rest.by_ref().take(self.columns(part)));
            }
        }
        parts
    }

    /// A part's share of a group's columns.
    fn columns(&self, part: &Part) -> usize {
        part.shape.last().copied().unwrap_or(1) / self.groups
    }

    /// Puts the parameters' values together into a tensor of the file.
    pub fn join(&self, parts: &[Vec<f32>]) -> Vec<f32> {
        let mut values = Vec::with_capacity(parts.iter().map(Vec::len).sum());
        for group in 0..parts[0].len() / self.columns(&self.parts[0]) {
            for (part, info) in parts.iter().zip(&self.parts) {
                let width = self.columns(info);
                values.extend_from_slice(&part[group * width..(group + 1) * width]);
            }
        }
        match self.orientation {
            Orientation::Same => values,
            Orientation::Transposed => transpose(&values, self.shape[1], self.shape[0]),
        }
    }
}

/// The transpose of a `[rows, columns]` matrix, in tiles so that both sides stay in the cache.
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    const TILE: usize = 32;
    let mut transposed = vec![0.0; values.len()];
    for row_start in (0..rows).step_by(TILE) {
        for column_start in (0..columns).step_by(TILE) {
            for row in row_start..(row_start + TILE).min(rows) {
                for column in column_start..(column_start + TILE).min(columns) {
                    transposed[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
    transposed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(orientation: Orientation, shape: [usize; 2], widths: &[usize]) -> Entry {
        let part =
            |&width: &usize| Part { path: format!("p{width}"), shape: vec![shape[0], width] };
        Entry {
            key: "k".into(),
            aliases: Vec::new(),
            shape: shape.to_vec(),
            parts: widths.iter().map(part).collect(),
            places: (0..widths.len()).collect(),
            groups: 1,
            orientation,
        }
    }

    #[test]
    fn parts_stand_in_the_order_of_their_rule() {
        const KEYS: &[Key] = &[Key::SplitTranspose { checkpoint: "ab", modules: &["b", "a"] }];
        let rules = Rules {
            head: KEYS,
            skeleton: &[],
            prefix: "",
            prefixes: Prefixes::Present,
            n_heads: 1,
            true_fields: Vec::new(),
        };
        let parameter = |path: &str| Part { path: path.into(), shape: vec![1, 2] };
        let mapping = Mapping::new(rules, &[parameter("a.weight"), parameter("b.weight")]);
        let [entry] = mapping.entries.as_slice() else { panic!("one tensor holds both") };
        let paths: Vec<&str> = entry.parts.iter().map(|part| part.path.as_str()).collect();
        assert_eq!((paths, entry.shape.as_slice()), (vec!["b.weight", "a.weight"], &[4, 1][..]));
    }

    #[test]
    fn splitting_takes_columns_and_joining_puts_them_back() {
        let values: Vec<f32> = (0..10u8).map(f32::from).collect();
        let fused = entry(Orientation::Same, [2, 5], &[2, 1, 2]);
        let parts = fused.split(&values);
        assert_eq!(parts, [vec![0., 1., 5., 6.], vec![2., 7.], vec![3., 4., 8., 9.]]);
        assert_eq!(fused.join(&parts), values);
    }

    #[test]
    fn groups_share_the_parts_out() {
        let values: Vec<f32> = (0..8u8).map(f32::from).collect();
        let fused = Entry { groups: 2, ..entry(Orientation::Same, [1, 8], &[4, 4]) };
        let parts = fused.split(&values);
        assert_eq!(parts, [vec![0., 1., 4., 5.], vec![2., 3., 6., 7.]]);
        assert_eq!(fused.join(&parts), values);
    }

    #[test]
    fn transposing_twice_is_the_identity() {
        let values: Vec<f32> = (0..33 * 70).map(|i| i as f32).collect();
        let turned = transpose(&values, 33, 70);
        assert_eq!(turned[1], values[70]);
        assert_eq!(transpose(&turned, 70, 33), values);
    }
}
