//! Devices as values: the only file that depends on which backends are compiled in.

mod abilities;
mod fusion;

use burn::tensor::Device;
use thiserror::Error;

use crate::models::precision::Precision;
use crate::system;
pub use abilities::{formats, probe, require_format};
pub use fusion::without_fusion;

/// A backend of Burn, under its `--device` name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// The name, identical to the cargo feature.
    pub name: &'static str,
    /// The hardware that it runs on.
    pub summary: &'static str,
    /// Whether it is compiled into this binary.
    pub is_compiled: bool,
}

/// Every backend; the default comes first.
pub static BACKENDS: &[Backend] = &[
    Backend { name: "flex", summary: "the CPU, in pure Rust", is_compiled: cfg!(feature = "flex") },
    Backend {
        name: "ndarray",
        summary: "the CPU, Burn's older backend",
        is_compiled: cfg!(feature = "ndarray"),
    },
    Backend { name: "wgpu", summary: "any GPU, through WGSL", is_compiled: cfg!(feature = "wgpu") },
    Backend {
        name: "vulkan",
        summary: "GPUs with Vulkan, through SPIR-V",
        is_compiled: cfg!(feature = "vulkan"),
    },
    Backend {
        name: "metal",
        summary: "Apple's GPUs, through Metal",
        is_compiled: cfg!(feature = "metal"),
    },
    Backend {
        name: "webgpu",
        summary: "GPUs through WebGPU",
        is_compiled: cfg!(feature = "webgpu"),
    },
    Backend { name: "tch", summary: "LibTorch 2.9", is_compiled: cfg!(feature = "tch") },
    Backend { name: "cuda", summary: "NVIDIA's GPUs", is_compiled: cfg!(feature = "cuda") },
    Backend { name: "rocm", summary: "AMD's GPUs", is_compiled: cfg!(feature = "rocm") },
];

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// No backend has that name.
    #[error("unknown device {name:?}; compiled in: {}; others: {}", compiled(), others())]
    Unknown {
        /// The requested device.
        name: String,
    },
    /// The backend exists, but is not compiled into this binary.
    #[error(
        "{name:?} is not compiled in (compiled in: {}); add it with: cargo run --release --features {name} -- … --device {name}",
        compiled()
    )]
    NotCompiled {
        /// The backend.
        name: &'static str,
    },
    /// The part after the backend's name is invalid.
    #[error("{text:?} is not a device of {backend}; expected {expected}")]
    BadIndex {
        /// The requested device.
        text: String,
        /// The backend.
        backend: &'static str,
        /// The accepted values.
        expected: &'static str,
    },
    /// The driver does not work.
    #[error("{name} does not work here: {reason}")]
    Broken {
        /// The device.
        name: String,
        /// The driver's error.
        reason: String,
    },
    /// The device does not support this precision.
    #[error("{name} does not support {precision}; it supports {}", join(formats))]
    Format {
        /// The device.
        name: String,
        /// The requested precision.
        precision: Precision,
        /// The supported precisions.
        formats: Vec<Precision>,
    },
}

fn join(formats: &[Precision]) -> String {
    formats.iter().map(Precision::to_string).collect::<Vec<_>>().join(", ")
}

fn listed(is_compiled: bool) -> String {
    let backends = BACKENDS.iter().filter(|backend| backend.is_compiled == is_compiled);
    let names: Vec<&str> = backends.map(|backend| backend.name).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn compiled() -> String {
    listed(true)
}

fn others() -> String {
    listed(false)
}

/// The name of the default device: the first backend that is compiled in.
pub fn default_name() -> &'static str {
    BACKENDS.iter().find(|backend| backend.is_compiled).map_or("flex", |backend| backend.name)
}

/// Parses a device name: a backend, followed by a device index where there can be several, such as
/// `flex`, `wgpu:1`, `tch`, `tch:cuda:0` or `cuda:0`.
///
/// # Errors
///
/// The error lists the compiled backends and the cargo command that adds the requested one.
pub fn parse(text: &str) -> Result<Device, DeviceError> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let Some(backend) = BACKENDS.iter().find(|backend| backend.name == name) else {
        return Err(DeviceError::Unknown { name: text.to_string() });
    };
    if !backend.is_compiled {
        return Err(DeviceError::NotCompiled { name: backend.name });
    }
    let bad = |expected| DeviceError::BadIndex {
        text: text.to_string(),
        backend: backend.name,
        expected,
    };
    if matches!(backend.name, "flex" | "ndarray") && text != name {
        return Err(bad("no index; the CPU is one device"));
    }
    open(backend.name, rest).ok_or_else(|| {
        bad(match backend.name {
            "tch" => "tch, tch:cuda:N or tch:mps",
            _ => "an index, such as wgpu:0",
        })
    })
}

/// The reference device, to which all others are compared.
///
/// # Errors
///
/// The reference backend is not compiled in.
pub fn reference() -> Result<Device, DeviceError> {
    parse("flex")
}

/// The device names of a compiled backend: one, or one for each GPU of its kind.
pub fn names(backend: &str) -> Vec<String> {
    match system::quietly(|| count(backend)) {
        Ok(Some(count)) if count > 1 => (0..count).map(|i| format!("{backend}:{i}")).collect(),
        _ => vec![backend.to_string()],
    }
}

/// The number of devices of a backend; `None` if it has no device indices or leaves the choice to
/// the driver.
fn count(backend: &str) -> Option<usize> {
    match backend {
        #[cfg(feature = "cuda")]
        "cuda" => Some(Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec().len()),
        #[cfg(feature = "rocm")]
        "rocm" => Some(Device::enumerate(burn::tensor::DeviceType::Rocm).into_vec().len()),
        _ => None,
    }
}

/// Whether Burn fuses several operations into one kernel on this device; `None` for backends
/// without fusion.
pub fn fuses(name: &str) -> Option<bool> {
    let backend = name.split(':').next().unwrap_or(name);
    let compiles_kernels = !matches!(backend, "flex" | "ndarray" | "tch");
    let limit = burn::runtime_config().fusion().beam_search.max_explorations;
    compiles_kernels.then(|| cfg!(feature = "fusion") && limit != Some(0))
}

/// The hardware name of a device: the GPU's name, or the processor's.
pub fn hardware(device: &Device) -> String {
    gpu_name(device).unwrap_or_else(system::processor)
}

#[cfg(any(
    feature = "wgpu",
    feature = "vulkan",
    feature = "metal",
    feature = "webgpu",
    feature = "cuda",
    feature = "rocm"
))]
fn gpu_name(device: &Device) -> Option<String> {
    device.identity().map(|identity| identity.name)
}

#[cfg(not(any(
    feature = "wgpu",
    feature = "vulkan",
    feature = "metal",
    feature = "webgpu",
    feature = "cuda",
    feature = "rocm"
)))]
fn gpu_name(_device: &Device) -> Option<String> {
    None
}

/// Opens a device of a compiled backend; `None` if `rest` is invalid.
#[allow(deprecated, reason = "Burn will drop ndarray and tch; this version has them")]
fn open(backend: &str, rest: &str) -> Option<Device> {
    #[allow(unused_variables, reason = "a program with CPU backends alone has no numbered devices")]
    let number = || if rest.is_empty() { Some(None) } else { rest.parse::<usize>().ok().map(Some) };
    match backend {
        #[cfg(feature = "flex")]
        "flex" => Some(Device::flex()),
        #[cfg(feature = "ndarray")]
        "ndarray" => Some(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(wgpu(number()?)),
        #[cfg(feature = "vulkan")]
        "vulkan" => Some(Device::vulkan(gpu(number()?))),
        #[cfg(feature = "metal")]
        "metal" => Some(Device::metal(gpu(number()?))),
        #[cfg(feature = "webgpu")]
        "webgpu" => Some(Device::webgpu(gpu(number()?))),
        #[cfg(feature = "tch")]
        "tch" => match rest.split_once(':') {
            None if rest.is_empty() => Some(Device::libtorch()),
            None if rest == "mps" => Some(Device::libtorch_mps()),
            Some(("cuda", index)) => index.parse::<usize>().ok().map(Device::libtorch_cuda),
            _ => None,
        },
        #[cfg(feature = "cuda")]
        "cuda" => number().map(|index| Device::cuda(index.unwrap_or(0))),
        #[cfg(feature = "rocm")]
        "rocm" => number().map(|index| Device::rocm(index.unwrap_or(0))),
        _ => None,
    }
}

/// Uses the system's native graphics API. With OpenGL only, the wgpu library eventually deadlocks,
/// so OpenGL is never selected.
#[cfg(feature = "wgpu")]
fn wgpu(index: Option<usize>) -> Device {
    use burn::backend::{CubeDevice, WgpuBackend, WgpuDevice, WgpuDeviceKind};
    let kind = index.map_or(WgpuDeviceKind::DefaultDevice, WgpuDeviceKind::DiscreteGpu);
    let has_its_own = cfg!(any(target_os = "macos", target_os = "windows"));
    let interface = if has_its_own { WgpuBackend::Auto } else { WgpuBackend::Vulkan };
    Device::new(CubeDevice::Wgpu(WgpuDevice::new(kind).on(interface)))
}

#[cfg(any(feature = "vulkan", feature = "metal", feature = "webgpu"))]
fn gpu(index: Option<usize>) -> burn::tensor::DeviceKind {
    index.map_or(burn::tensor::DeviceKind::DefaultDevice, burn::tensor::DeviceKind::DiscreteGpu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_device_error_lists_the_compiled_backends() {
        let error = parse("gpu").unwrap_err().to_string();
        assert!(error.contains("unknown device \"gpu\""), "{error}");
        assert!(error.contains(default_name()), "{error}");
    }

    #[test]
    fn missing_backend_error_contains_the_cargo_command() {
        for backend in BACKENDS.iter().filter(|backend| !backend.is_compiled) {
            let error = parse(backend.name).unwrap_err().to_string();
            assert!(error.contains(&format!("--features {}", backend.name)), "{error}");
        }
    }

    #[cfg(feature = "flex")]
    #[test]
    fn cpu_backends_have_no_index() {
        assert!(matches!(parse("flex:0"), Err(DeviceError::BadIndex { .. })));
        assert!(matches!(parse("flex:"), Err(DeviceError::BadIndex { .. })));
        assert!(parse("flex").is_ok());
    }
}
