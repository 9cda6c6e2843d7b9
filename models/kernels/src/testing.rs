//! Shared code for the tests of kernels.

use burn::tensor::{Device, Distribution, FloatDType, Tensor};

/// The devices with custom kernels.
#[allow(deprecated, reason = "a supported backend is deprecated")]
pub(crate) fn devices() -> Vec<Device> {
    vec![
        #[cfg(feature = "flex")]
        Device::flex(),
        #[cfg(feature = "tch")]
        Device::libtorch(),
    ]
}

/// Random values from -1 to 1.
pub(crate) fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), device)
}

/// Casts to f32.
pub(crate) fn to_f32<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.cast(FloatDType::F32)
}

/// Asserts equality within 1e-5 of the largest element.
pub(crate) fn close<const D: usize>(found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims());
    let error = (found - expected.clone()).abs().max().into_scalar::<f32>();
    let largest = expected.abs().max().into_scalar::<f32>();
    assert!(error <= 1e-5 * largest.max(1.0), "{error} with a largest element of {largest}");
}

/// An operation with one result, on flattened tensors.
type Computed<'a, const N: usize> = &'a dyn Fn([Tensor<1>; N]) -> Tensor<1>;

/// Asserts that an operation and its composition have the same result, and the same gradients for
/// all inputs.
pub(crate) fn agree<const N: usize>(
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
