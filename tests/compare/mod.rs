//! Comparisons: what is planned, what is run, what is kept, what is shown.

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
