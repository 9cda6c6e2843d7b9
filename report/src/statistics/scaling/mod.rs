//! Scaling laws: the loss as a function of compute, parameters or tokens.
//!
//! ```text
//! loss = a · C^−b + c      a ≥ 0, b > 0, c ≥ 0
//! ```
//!
//! fitted by least squares of relative errors, Σ ((fit − loss) / loss)². For a fixed b the problem
//! is linear in a and c, so only b is searched, and the best fit does not depend on an initial
//! guess. Hoffmann et al. minimize a Huber loss of logarithms instead, which is equivalent for
//! small errors and gives outliers less weight. Here there are few runs, each trained for this fit:
//! none should silently lose its weight, and intervals need a likelihood.
//!
//! An interval contains all values of a parameter with which some curve fits nearly as well as the
//! best (profile likelihood, with Student's t for the unknown noise):
//!
//! ```text
//! squares ≤ least squares · (1 + t(0.975; n − 3)² / (n − 3))
//! ```
//!
//! Unlike an error estimate at the best fit, the interval can be asymmetric, end at 0, or be open:
//! c is often poorly determined, and the interval shows that. Bootstrap resampling does not work
//! with so few runs.
//!
//! Reference: Kaplan et al. 2020, <https://arxiv.org/abs/2001.08361>; Hoffmann et al. 2022, §3.3,
//! <https://arxiv.org/abs/2203.15556>; variable projection: Golub & Pereyra 1973,
//! <https://doi.org/10.1137/0710036>

mod estimate;
mod fit;
mod region;
mod search;
mod slice;

pub use estimate::Estimate;
pub use fit::{ScalingFit, ScalingPrediction, fit_scaling};
