//! What the tests of operations share.

use burn::tensor::{Device, Distribution, Tensor};

/// Where there are operations of our own.
#[allow(deprecated, reason = "a backend is, which is supported all the same")]
pub(super) fn devices() -> Vec<Device> {
    vec![
        #[cfg(feature = "flex")]
        Device::flex(),
        #[cfg(feature = "tch")]
        Device::libtorch(),
    ]
}

/// Random numbers from -1 to 1.
pub(super) fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device)
}

/// Within 1e-5 of the largest number.
pub(super) fn close<const D: usize>(found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims());
    let error = (found - expected.clone()).abs().max().into_scalar::<f32>();
    let largest = expected.abs().max().into_scalar::<f32>();
    assert!(error <= 1e-5 * largest.max(1.0), "{error} where the largest number is {largest}");
}

/// An operation of one result on tensors that are given as rows of numbers.
type Computed<'a, const N: usize> = &'a dyn Fn([Tensor<1>; N]) -> Tensor<1>;

/// That an operation gives what its composition gives, and the same gradients of all inputs.
pub(super) fn agree<const N: usize>(
    inputs: [Tensor<1>; N],
    operation: Computed<'_, N>,
    composition: Computed<'_, N>,
) {
    close(operation(inputs.clone()), composition(inputs.clone()));
    let device = inputs[0].device().autodiff();
    let results = [operation, composition].map(|compute| {
        let inputs = inputs.clone().map(|x| Tensor::<1>::from_data(x.into_data(), &device));
        let inputs = inputs.map(Tensor::require_grad);
        let result = compute(inputs.clone());
        let weights: Vec<f32> = (0..result.dims()[0]).map(|i| (i % 7) as f32 - 2.5).collect();
        let loss = (result.clone() * Tensor::from_floats(weights.as_slice(), &device)).sum();
        let gradients = loss.backward();
        let of_inputs = inputs.map(|x| x.grad(&gradients).expect("every input has a gradient"));
        (result.inner(), of_inputs)
    });
    let [(found, of_found), (expected, of_expected)] = results;
    close(found, expected);
    of_found.into_iter().zip(of_expected).for_each(|(found, expected)| close(found, expected));
}
