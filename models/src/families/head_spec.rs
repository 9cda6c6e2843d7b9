//! A head of a family, as data.

use super::Task;
use crate::hf::keys::Key;

/// A class of `transformers`: the task of its head, and the head's keys.
#[derive(Debug, Clone, Copy)]
pub struct HeadSpec {
    /// The task.
    pub task: Task,
    /// The class in `architectures`.
    pub class: &'static str,
    /// The head's keys in a checkpoint, in tables that heads may share.
    pub keys: &'static [&'static [Key]],
}

/// See [`HeadSpec`].
pub(super) const fn head(
    task: Task,
    class: &'static str,
    keys: &'static [&'static [Key]],
) -> HeadSpec {
    HeadSpec { task, class, keys }
}

impl HeadSpec {
    /// Whether it is the class with this name, without regard to case: an early spelling is
    /// `LLaMAForCausalLM`.
    pub fn is_class(&self, name: &str) -> bool {
        self.class.eq_ignore_ascii_case(name)
    }
}
