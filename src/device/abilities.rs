//! Device capabilities.

use burn::tensor::{DType, Device, Tensor};

use super::DeviceError;
use crate::models::precision::Precision;
use crate::system;

/// Checks that a device works by computing a sum. A panic of the driver becomes an error.
///
/// # Errors
///
/// The driver's error.
pub fn probe(name: &str, device: &Device) -> Result<(), DeviceError> {
    let sum = || Tensor::<1>::ones([8], device).sum().try_into_scalar::<f32>();
    let reason = match system::quietly(sum) {
        Ok(Ok(8.0)) => return Ok(()),
        Ok(Ok(other)) => format!("the sum of eight ones is {other}"),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => panic,
    };
    let reason = reason.lines().next().unwrap_or_default().to_string();
    Err(DeviceError::Broken { name: name.to_string(), reason })
}

/// The precisions that a device supports.
pub fn formats(device: &Device) -> Vec<Precision> {
    let computes = |precision: &Precision| {
        let dtype: DType = precision.dtype().into();
        *precision == Precision::F32 || device.supports_dtype(dtype)
    };
    Precision::ALL.into_iter().filter(computes).collect()
}

/// Checks that a device supports a precision.
///
/// # Errors
///
/// The precision is not supported; the error lists the supported ones.
pub fn require_format(
    name: &str,
    device: &Device,
    precision: Precision,
) -> Result<(), DeviceError> {
    let formats = formats(device);
    if formats.contains(&precision) {
        return Ok(());
    }
    Err(DeviceError::Format { name: name.to_string(), precision, formats })
}
