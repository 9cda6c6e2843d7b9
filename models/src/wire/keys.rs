//! Key tables: how a checkpoint's tensors and a model's parameters correspond, in both directions.

/// One rule of a key table. Rules are over module paths: `weight` and `bias` (and a norm's `gamma`
/// and `beta`, which checkpoints call `weight` and `bias`) follow their module.
///
/// `{}` stands for a layer's number, the same on both sides. Text in brackets at the start of a
/// checkpoint path is a prefix that files of headless models leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The same tensor under another name.
    Rename {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module path in the model.
        module: &'static str,
    },
    /// A linear layer that the checkpoint holds as `[d_output, d_input]`.
    Transpose {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module path in the model.
        module: &'static str,
    },
    /// Several layers that the checkpoint holds side by side along the last dimension.
    Split {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module paths in the model, in the checkpoint's order.
        modules: &'static [&'static str],
    },
    /// Several linear layers that the checkpoint holds one below the other, as `[d_outputs, d_input]`.
    SplitTranspose {
        /// Module path in the checkpoint.
        checkpoint: &'static str,
        /// Module paths in the model, in the checkpoint's order.
        modules: &'static [&'static str],
    },
    /// A tensor that says nothing about the model, such as a buffer of positions.
    Drop {
        /// Key in the checkpoint, to its end.
        checkpoint: &'static str,
    },
    /// A second copy of a tied weight: accepted where it equals the first, and not written.
    Copy {
        /// Key in the checkpoint, to its end.
        checkpoint: &'static str,
        /// Key in the checkpoint of the weight that it must equal.
        of: &'static str,
    },
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

/// See [`Key::Drop`].
pub const fn drop(checkpoint: &'static str) -> Key {
    Key::Drop { checkpoint }
}

/// See [`Key::Copy`].
pub const fn copy(checkpoint: &'static str, of: &'static str) -> Key {
    Key::Copy { checkpoint, of }
}

/// A path with a hole for a layer's number and an optional prefix.
#[derive(Debug, Clone, Copy)]
pub struct Pattern(pub &'static str);

impl Pattern {
    /// The optional prefix, and the rest.
    fn parts(self) -> (&'static str, &'static str) {
        self.0.strip_prefix('[').and_then(|rest| rest.split_once(']')).unwrap_or(("", self.0))
    }

    /// The layer's number in `path`, or 0 where the pattern has no hole; `None` if it does not match.
    /// The prefix may be there or not.
    pub fn number(self, path: &str) -> Option<usize> {
        let (prefix, rest) = self.parts();
        let bare = path.strip_prefix(prefix).unwrap_or(path);
        match rest.split_once("{}") {
            None => (bare == rest).then_some(0),
            Some((before, after)) => {
                let digits = bare.strip_prefix(before)?.strip_suffix(after)?;
                // `parse` alone would take "+1" and "01".
                let number: usize = digits.parse().ok()?;
                (number.to_string() == digits).then_some(number)
            }
        }
    }

    /// The path for a layer's number, with its prefix.
    pub fn full(self, number: usize) -> String {
        let (prefix, rest) = self.parts();
        format!("{prefix}{}", rest.replacen("{}", &number.to_string(), 1))
    }

    /// The path for a layer's number, without the prefix.
    pub fn bare(self, number: usize) -> String {
        self.parts().1.replacen("{}", &number.to_string(), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_finds_the_number_with_and_without_its_prefix() {
        let pattern = Pattern("[transformer.]h.{}.attn.c_attn");
        assert_eq!(pattern.number("transformer.h.11.attn.c_attn"), Some(11));
        assert_eq!(pattern.number("h.0.attn.c_attn"), Some(0));
        assert_eq!(pattern.number("h.01.attn.c_attn"), None);
        assert_eq!(pattern.number("h.1.2.attn.c_attn"), None);
        assert_eq!(pattern.number("h.1.attn.c_proj"), None);
        assert_eq!(pattern.full(3), "transformer.h.3.attn.c_attn");
        assert_eq!(pattern.bare(3), "h.3.attn.c_attn");
    }

    #[test]
    fn a_pattern_without_a_hole_is_a_name() {
        assert_eq!(Pattern("lm_head").number("lm_head"), Some(0));
        assert_eq!(Pattern("lm_head").number("lm_head2"), None);
    }
}
