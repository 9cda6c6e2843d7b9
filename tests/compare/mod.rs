//! Comparisons: what is planned, what is run, what is kept, what is shown.

mod planning;
mod program;
