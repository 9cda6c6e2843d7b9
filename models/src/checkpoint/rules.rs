//! The rules of a family's key tables that hold for one model.

use crate::hf::keys::{Key, Pattern};
use crate::parameters::ParameterInfo;

/// A model's key tables, and what they need to know of it.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The keys of the head.
    pub head: &'static [Key],
    /// The keys of the family's other heads.
    pub other_heads: Vec<&'static [Key]>,
    /// The keys of the backbone.
    pub backbone: &'static [&'static [Key]],
    /// What the keys of the backbone begin with beside a head.
    pub prefix: &'static str,
    /// Whether they do in this file.
    pub prefixes: Prefixes,
    /// Attention heads.
    pub n_heads: usize,
    /// Fields of the config that are `true`.
    pub true_fields: Vec<String>,
    /// The layers of a group, where the file numbers groups.
    pub group_size: usize,
}

/// Whether the keys of a backbone have their prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefixes {
    /// They do.
    Present,
    /// The file is that of a model without a head.
    Absent,
}

impl Rules {
    /// The numbers of a module path for a checkpoint path, which may have one more: a layer's
    /// group, and its place there.
    pub(super) fn in_file(&self, checkpoint: &'static str, numbers: Vec<usize>) -> Vec<usize> {
        match (numbers.as_slice(), Pattern(checkpoint).count()) {
            ([layer], 2) => vec![layer / self.group_size, layer % self.group_size],
            _ => numbers,
        }
    }

    /// The rules that hold for a model with these parameters, those of the head first.
    pub(super) fn holding(&self, parameters: &[ParameterInfo]) -> Vec<(Side, &'static Key)> {
        let is_there = |module: &'static str| {
            let module_of = |p: &ParameterInfo| p.path.rsplit_once('.').map(|(m, _)| m.to_string());
            let matches = |path: String| Pattern(module).numbers(&path).is_some();
            parameters.iter().filter_map(module_of).any(matches)
        };
        let backbone = self.backbone.iter().copied().flatten().map(|rule| (Side::Backbone, rule));
        let all = self.head.iter().map(|rule| (Side::Head, rule)).chain(backbone);
        let mut holding = Vec::new();
        for (side, rule) in all {
            match rule {
                Key::IfModule { module, keys } if is_there(module) => {
                    holding.extend(keys.iter().map(|rule| (side, rule)));
                }
                Key::IfModule { .. } => {}
                rule => holding.extend(self.if_config(rule).map(|rule| (side, rule))),
            }
        }
        holding
    }

    /// The rules of other heads, whichever modules they have.
    pub(super) fn of_other_heads(&self) -> Vec<&'static Key> {
        let all = self.other_heads.iter().copied().flatten();
        all.flat_map(|rule| self.if_config(rule)).flat_map(Key::each).collect()
    }

    /// The rules that one stands for, by the config's fields.
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

/// Which table a rule is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Head,
    Backbone,
}
