//! The layout's rules.
