//! The rules of a family's key tables that apply to one model.

use crate::hf::keys::{Key, Pattern};
use crate::parameters::ParameterInfo;

/// A model's key tables and the model properties that they depend on.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The keys of the head.
    pub head: &'static [&'static [Key]],
    /// The keys of the family's other heads.
    pub other_heads: Vec<&'static [Key]>,
    /// The keys of the backbone.
    pub backbone: &'static [&'static [Key]],
    /// The prefix of the backbone's keys in checkpoints with a head.
    pub prefix: &'static str,
    /// Whether the keys of this model have the prefix.
    pub prefixes: Prefixes,
    /// The number of attention heads.
    pub n_heads: usize,
    /// The config fields that are `true`.
    pub true_fields: Vec<String>,
    /// The number of layers per group, if the checkpoint numbers groups.
    pub group_size: usize,
}

/// Whether the keys of a backbone have a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefixes {
    /// They have it.
    Present,
    /// They do not: the checkpoint is that of a model without a head.
    Absent,
}

impl Rules {
    /// Converts the indices of a module path to those of a checkpoint path, which may have one
    /// more: the layer's group and its index within the group.
    pub(super) fn in_file(&self, checkpoint: &'static str, numbers: Vec<usize>) -> Vec<usize> {
        match (numbers.as_slice(), Pattern(checkpoint).count()) {
            ([layer], 2) => vec![layer / self.group_size, layer % self.group_size],
            _ => numbers,
        }
    }

    /// The rules that apply to a model with these parameters, those of the head first.
    pub(super) fn holding(&self, parameters: &[ParameterInfo]) -> Vec<SidedRule> {
        let is_there = |module: &'static str| {
            let module_of = |p: &ParameterInfo| p.path.rsplit_once('.').map(|(m, _)| m.to_string());
            let matches = |path: String| Pattern(module).numbers(&path).is_some();
            parameters.iter().filter_map(module_of).any(matches)
        };
        let mut holding = Vec::new();
        for (side, tables) in [(Side::Head, self.head), (Side::Backbone, self.backbone)] {
            let of_side = |rule| SidedRule { side, rule };
            for rule in tables.iter().copied().flatten() {
                match rule {
                    Key::IfModule { module, keys } if is_there(module) => {
                        holding.extend(keys.iter().map(of_side));
                    }
                    Key::IfModule { .. } => {}
                    rule => holding.extend(self.if_config(rule).map(of_side)),
                }
            }
        }
        holding
    }

    /// The rules of other heads, whatever their modules are.
    pub(super) fn of_other_heads(&self) -> Vec<&'static Key> {
        let all = self.other_heads.iter().copied().flatten();
        all.flat_map(|rule| self.if_config(rule)).flat_map(Key::each).collect()
    }

    /// Expands a rule according to the config's fields.
    fn if_config(&self, rule: &'static Key) -> impl Iterator<Item = &'static Key> + use<> {
        match rule {
            Key::IfConfig { field, keys } => {
                let holds = self.true_fields.iter().any(|f| f == field);
                if holds { keys.iter() } else { [].iter() }
            }
            Key::InGroups { keys, .. } => keys.iter(),
            rule => std::slice::from_ref(rule).iter(),
        }
    }
}

/// A rule and the key table that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct SidedRule {
    pub(super) side: Side,
    pub(super) rule: &'static Key,
}

/// The key table that a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Head,
    Backbone,
}
