//! Comparisons: planning, runs, the cache, and the published reports.

mod objectives;
mod planning;
mod program;
mod published;
mod weights;
