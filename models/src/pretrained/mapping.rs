//! A key table applied to one model: which checkpoint keys there must be, and what each one holds.

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
    keys: &'static [&'static [Key]],
}

impl Mapping {
    /// Applies a family's tables to a model's parameters.
    pub fn new(keys: &'static [&'static [Key]], parameters: &[ParameterInfo]) -> Self {
        let mut mapping = Self { entries: Vec::new(), uncovered: Vec::new(), keys };
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
        self.entries
            .iter()
            .position(|entry| entry.key == key || entry.aliases.iter().any(|alias| alias == key))
    }

    /// Whether the table drops a key.
    pub fn drops(&self, key: &str) -> bool {
        self.rules().any(|rule| match rule {
            Key::Drop { checkpoint } => Pattern(checkpoint).number(key).is_some(),
            _ => false,
        })
    }

    /// The weight that a key repeats.
    pub fn copy_of(&self, key: &str) -> Option<&str> {
        self.rules().find_map(|rule| match rule {
            Key::Copy { checkpoint, of } if Pattern(checkpoint).number(key).is_some() => {
                let of = self.entry(&Pattern(of).full(0))?;
                Some(self.entries[of].key.as_str())
            }
            _ => None,
        })
    }

    fn rules(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().copied().flatten()
    }

    /// The rule that covers a parameter, its layer's number, and its place in a split.
    fn rule(&self, parameter: &ParameterInfo) -> Option<Found> {
        let (module, leaf) = parameter.path.rsplit_once('.')?;
        self.rules().find_map(|rule| {
            let found = |checkpoint: &'static str, number, orientation| Found {
                pattern: Pattern(checkpoint),
                number,
                orientation,
                leaf: leaf.to_string(),
            };
            match rule {
                Key::Rename { checkpoint, module: to } => Pattern(to)
                    .number(module)
                    .map(|number| found(checkpoint, number, Orientation::Same)),
                Key::Transpose { checkpoint, module: to } => Pattern(to)
                    .number(module)
                    .map(|number| found(checkpoint, number, Orientation::Transposed)),
                Key::Split { checkpoint, modules } => modules
                    .iter()
                    .find_map(|to| Pattern(to).number(module))
                    .map(|number| found(checkpoint, number, Orientation::Same)),
                Key::SplitTranspose { checkpoint, modules } => modules
                    .iter()
                    .find_map(|to| Pattern(to).number(module))
                    .map(|number| found(checkpoint, number, Orientation::Transposed)),
                Key::Drop { .. } | Key::Copy { .. } => None,
            }
        })
    }

    fn add(&mut self, parameter: &ParameterInfo, found: Found) {
        let Found { pattern, number, orientation, leaf } = found;
        // Checkpoints say weight and bias for norms too; files converted from TensorFlow did not.
        let (leaf, old_leaf) = match leaf.as_str() {
            "gamma" => ("weight", Some("gamma")),
            "beta" => ("bias", Some("beta")),
            other => (other, None),
        };
        let key = format!("{}.{leaf}", pattern.full(number));
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            // Side by side in the model's orientation, which is one below the other in the file's.
            let all = match entry.orientation {
                Orientation::Same => entry.shape.last_mut(),
                Orientation::Transposed => entry.shape.first_mut(),
            };
            if let (Some(all), Some(more)) = (all, parameter.shape.last()) {
                *all += more;
            }
            entry.parts.push(parameter.clone());
            return;
        }
        let mut aliases = vec![format!("{}.{leaf}", pattern.bare(number))];
        if let Some(old) = old_leaf {
            aliases.push(format!("{}.{old}", pattern.full(number)));
            aliases.push(format!("{}.{old}", pattern.bare(number)));
        }
        aliases.retain(|alias| *alias != key);
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
            orientation,
        });
    }
}

struct Found {
    pattern: Pattern,
    number: usize,
    orientation: Orientation,
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
        let mut start = 0;
        let take = |part: &Part| {
            let columns = part.shape.last().copied().unwrap_or(1);
            let from = start;
            start += columns;
            let rows = values.chunks_exact(width);
            rows.flat_map(|row| &row[from..from + columns]).copied().collect()
        };
        self.parts.iter().map(take).collect()
    }

    /// Puts the parameters' values together into a tensor of the file.
    pub fn join(&self, parts: &[Vec<f32>]) -> Vec<f32> {
        let columns = |part: &Part| part.shape.last().copied().unwrap_or(1);
        let rows = parts[0].len() / columns(&self.parts[0]);
        let mut values = Vec::with_capacity(parts.iter().map(Vec::len).sum());
        for row in 0..rows {
            for (part, info) in parts.iter().zip(&self.parts) {
                let width = columns(info);
                values.extend_from_slice(&part[row * width..(row + 1) * width]);
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
            orientation,
        }
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
    fn transposing_twice_is_the_identity() {
        let values: Vec<f32> = (0..33 * 70).map(|i| i as f32).collect();
        let turned = transpose(&values, 33, 70);
        assert_eq!(turned[1], values[70]);
        assert_eq!(transpose(&turned, 70, 33), values);
    }
}
