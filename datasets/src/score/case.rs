//! Case sensitivity.

/// Case sensitivity: whether `A` and `a` are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// Case-sensitive.
    #[default]
    Mixed,
    /// Texts are lowercased first.
    Lower,
}

impl Case {
    /// The value in sacreBLEU's signatures.
    pub(super) fn signature(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Lower => "lc",
        }
    }

    pub(super) fn apply(self, text: &str) -> String {
        match self {
            Self::Mixed => text.to_owned(),
            Self::Lower => text.to_lowercase(),
        }
    }
}
