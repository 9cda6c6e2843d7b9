//! The activation functions.

/// An elementwise activation function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationKind {
    /// `x Φ(x)` with the error function.
    Gelu,
    /// `x σ(2 sqrt(2/π) (x + 0.044715 x³))`, its approximation through `tanh`.
    GeluTanh,
    /// `x σ(x)`
    Silu,
}
