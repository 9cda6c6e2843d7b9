//! Displays the progress of the runs.

mod shown;
mod state;
mod view;

pub(super) use shown::Shown;
