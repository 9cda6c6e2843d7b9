//! How a run shows its progress.

/// How progress is displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// burn-train's terminal dashboard.
    #[cfg(feature = "dashboard")]
    Dashboard,
    /// Lines on standard error, or no output.
    Plain(Verbosity),
}

/// Whether progress is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Lines on standard error.
    Lines,
    /// No output.
    Quiet,
}
