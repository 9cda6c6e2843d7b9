//! Comparisons: planning, runs, the cache, and the published reports.

mod planning;
mod program;
mod published;
mod task_model;
