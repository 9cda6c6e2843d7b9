//! Key tables: the mapping between the tensors of a checkpoint and the parameters of a model.

/// One rule of a key table. Rules apply to module paths: `weight` and `bias` (and a norm's `gamma`
/// and `beta`, which checkpoints call `weight` and `bias`) follow their module.
///
/// `{}` stands for the index of a layer or an expert, the same on both sides. Backbone paths are
/// those in the file of a model without a head; with a head they have the family's prefix. An empty
/// checkpoint path is the root of the file: its parameters belong to no module there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The same tensor under another name.
    Rename {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module path in the model.
        module: &'static str,
    },
    /// A linear layer stored as `[d_output, d_input]` in the checkpoint.
    Transpose {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module path in the model.
        module: &'static str,
    },
    /// Several layers stored in one tensor, concatenated along the last dimension.
    Split {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module paths in the model, in the checkpoint's order.
        modules: &'static [&'static str],
    },
    /// Several linear layers stored in one tensor, concatenated along the first dimension, as
    /// `[d_outputs, d_input]`.
    SplitTranspose {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module paths in the model, in the checkpoint's order.
        modules: &'static [&'static str],
    },
    /// Like [`Key::SplitTranspose`], but interleaved by head: the rows of the first head of each
    /// layer, then those of the second head.
    SplitHeads {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module paths in the model, in the checkpoint's order within a head.
        modules: &'static [&'static str],
    },
    /// Rules for models that contain a certain module, whose files have other names beside it.
    IfModule {
        /// Module path in the model.
        module: &'static str,
        /// The rules; none of them is of this kind itself.
        keys: &'static [Key],
    },
    /// Rules for models whose config sets a field to `true`.
    IfConfig {
        /// Field in `config.json`.
        field: &'static str,
        /// The rules.
        keys: &'static [Key],
    },
    /// Rules for files that number groups of layers, and the layers within a group: their
    /// checkpoint paths have one more index than their module paths.
    InGroups {
        /// Field in `config.json` with the number of layers in a group; 1 where it is missing.
        field: &'static str,
        /// The rules.
        keys: &'static [Key],
    },
    /// The backbone keys have no prefix in files with this head.
    Unprefixed,
    /// A tensor that is not part of the model, such as a buffer of positions.
    Drop {
        /// Key in the checkpoint, to its end; `*` at the end matches any suffix.
        checkpoint: &'static str,
    },
    /// A second copy of a tied weight: accepted if it equals the first, and not written.
    Copy {
        /// Key in the checkpoint, to its end.
        checkpoint: &'static str,
        /// Key in the checkpoint of the weight that it must equal.
        of: &'static str,
    },
}

impl Key {
    /// The rules that this one contains, without regard to the model or the config.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        match self {
            Self::IfModule { keys, .. }
            | Self::IfConfig { keys, .. }
            | Self::InGroups { keys, .. } => keys.iter(),
            rule => std::slice::from_ref(rule).iter(),
        }
    }

    /// The path or key in the checkpoint; `None` for a rule that contains others.
    pub fn checkpoint(&self) -> Option<&'static str> {
        match self {
            Self::Rename { checkpoint, .. }
            | Self::Transpose { checkpoint, .. }
            | Self::Split { checkpoint, .. }
            | Self::SplitTranspose { checkpoint, .. }
            | Self::SplitHeads { checkpoint, .. }
            | Self::Drop { checkpoint }
            | Self::Copy { checkpoint, .. } => Some(checkpoint),
            Self::IfModule { .. }
            | Self::IfConfig { .. }
            | Self::InGroups { .. }
            | Self::Unprefixed => None,
        }
    }
}

/// See [`Key::Rename`].
pub const fn rename(checkpoint: &'static str, module: &'static str) -> Key {
    Key::Rename { checkpoint, module }
}

/// See [`Key::Transpose`].
pub const fn transpose(checkpoint: &'static str, module: &'static str) -> Key {
    Key::Transpose { checkpoint, module }
}

/// See [`Key::Split`].
pub const fn split(checkpoint: &'static str, modules: &'static [&'static str]) -> Key {
    Key::Split { checkpoint, modules }
}

/// See [`Key::SplitTranspose`].
pub const fn split_transpose(checkpoint: &'static str, modules: &'static [&'static str]) -> Key {
    Key::SplitTranspose { checkpoint, modules }
}

/// See [`Key::SplitHeads`].
pub const fn split_heads(checkpoint: &'static str, modules: &'static [&'static str]) -> Key {
    Key::SplitHeads { checkpoint, modules }
}

/// See [`Key::IfModule`].
pub const fn if_module(module: &'static str, keys: &'static [Key]) -> Key {
    Key::IfModule { module, keys }
}

/// See [`Key::IfConfig`].
pub const fn if_config(field: &'static str, keys: &'static [Key]) -> Key {
    Key::IfConfig { field, keys }
}

/// See [`Key::InGroups`].
pub const fn in_groups(field: &'static str, keys: &'static [Key]) -> Key {
    Key::InGroups { field, keys }
}

/// See [`Key::Unprefixed`].
pub const fn unprefixed() -> Key {
    Key::Unprefixed
}

/// See [`Key::Drop`].
pub const fn drop(checkpoint: &'static str) -> Key {
    Key::Drop { checkpoint }
}

/// See [`Key::Copy`].
pub const fn copy(checkpoint: &'static str, of: &'static str) -> Key {
    Key::Copy { checkpoint, of }
}

/// A path with placeholders for indices.
#[derive(Debug, Clone, Copy)]
pub struct Pattern(pub &'static str);

impl Pattern {
    /// The indices in `path`, one for each placeholder; `None` if it does not match.
    pub fn numbers(self, path: &str) -> Option<Vec<usize>> {
        if let Some(start) = self.0.strip_suffix('*') {
            return path.starts_with(start).then(Vec::new);
        }
        let mut numbers = Vec::new();
        let mut literals = self.0.split("{}");
        let mut rest = path.strip_prefix(literals.next()?)?;
        for literal in literals {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, after) = rest.split_at(end);
            // `parse` alone would accept "01".
            let number: usize = digits.parse().ok()?;
            if number.to_string() != digits {
                return None;
            }
            numbers.push(number);
            rest = after.strip_prefix(literal)?;
        }
        rest.is_empty().then_some(numbers)
    }

    /// The number of placeholders.
    pub fn count(self) -> usize {
        self.0.matches("{}").count()
    }

    /// The path with these indices.
    pub fn fill(self, numbers: &[usize]) -> String {
        let fill = |path: String, number: &usize| path.replacen("{}", &number.to_string(), 1);
        numbers.iter().fold(self.0.to_string(), fill)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_extracts_and_fills_its_index() {
        let pattern = Pattern("h.{}.attn.c_attn");
        assert_eq!(pattern.numbers("h.11.attn.c_attn"), Some(vec![11]));
        assert_eq!(pattern.numbers("h.01.attn.c_attn"), None);
        assert_eq!(pattern.numbers("h.1.2.attn.c_attn"), None);
        assert_eq!(pattern.numbers("h.1.attn.c_proj"), None);
        assert_eq!(pattern.numbers("h.1.attn.c_attn.x"), None);
        assert_eq!(pattern.fill(&[3]), "h.3.attn.c_attn");
    }

    #[test]
    fn a_pattern_can_have_two_placeholders_or_end_in_one() {
        let pattern = Pattern("layers.{}.experts.{}");
        assert_eq!(pattern.numbers("layers.2.experts.13"), Some(vec![2, 13]));
        assert_eq!(pattern.numbers("layers.2.experts."), None);
        assert_eq!(pattern.fill(&[2, 13]), "layers.2.experts.13");
    }

    #[test]
    fn a_pattern_without_a_placeholder_is_a_name() {
        assert_eq!(Pattern("lm_head").numbers("lm_head"), Some(vec![]));
        assert_eq!(Pattern("lm_head").numbers("lm_head2"), None);
    }
}
