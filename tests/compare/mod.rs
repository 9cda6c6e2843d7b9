//! Comparisons: planning, runs, the cache and reports.

mod charts;
mod example;
mod files;
mod html;
mod numbers;
mod planning;
mod program;
mod published;
mod task_model;
mod verdicts;
