//! The `--dtype` option.

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;

use super::{Global, usage};
use crate::device;
use crate::models::precision::Precision;

/// The dtype of the model's computation.
#[derive(Args, Clone, Copy)]
pub(super) struct DtypeArg {
    /// Compute in f32, bf16 or f16, if the device supports it (`zoo devices`)
    #[arg(long, value_name = "FORMAT", default_value_t)]
    dtype: Precision,
}

impl DtypeArg {
    /// The dtype, if the device supports it.
    pub(super) fn on(self, global: &Global, device: &Device) -> Result<Precision> {
        device::require_format(&global.device, device, self.dtype).map_err(usage)?;
        Ok(self.dtype)
    }
}
