//! Devices as values: the one file that knows which backends are compiled in.

mod abilities;
mod fusion;

use burn::tensor::Device;
use thiserror::Error;

use crate::models::precision::Precision;
use crate::system;
pub use abilities::{formats, probe, require_format};
pub use fusion::without_fusion;

/// A backend of Burn, as `--device` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// The name, which is the cargo feature's too.
    pub name: &'static str,
    /// What it runs on.
    pub summary: &'static str,
    /// Whether it is compiled into this program.
    pub is_compiled: bool,
}

/// Every backend, the default first.
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

/// Why there is no such device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// No backend has that name.
    #[error("unknown device {name:?}; compiled in: {}; others: {}", compiled(), others())]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The backend exists, but not in this program.
    #[error(
        "{name:?} is not compiled in (there is {}); add it with: cargo run --release --features {name} -- … --device {name}",
        compiled()
    )]
    NotCompiled {
        /// The backend.
        name: &'static str,
    },
    /// What follows the backend's name is not understood.
    #[error("{text:?} is not a device of {backend}; expected {expected}")]
    BadIndex {
        /// What was asked for.
        text: String,
        /// The backend.
        backend: &'static str,
        /// What would be understood.
        expected: &'static str,
    },
    /// Its driver does not do what it should.
    #[error("{name} does not work here: {reason}")]
    Broken {
        /// The device.
        name: String,
        /// What the driver said.
        reason: String,
    },
    /// It cannot compute in that format.
    #[error("{name} does not compute in {precision}; it computes in {}", join(formats))]
    Format {
        /// The device.
        name: String,
        /// What was asked for.
        precision: Precision,
        /// What there is.
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

/// The name of the device that is used where none is asked for: the first that is compiled in.
pub fn default_name() -> &'static str {
    BACKENDS.iter().find(|backend| backend.is_compiled).map_or("flex", |backend| backend.name)
}

/// The device of that name: a backend, then the number of a GPU where there can be several, such as
/// `flex`, `wgpu:1`, `tch`, `tch:cuda:0` or `cuda:0`.
///
/// # Errors
///
/// Lists what is compiled in, and the cargo line that adds what was asked for.
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
        return Err(bad("no number; the CPU is one device"));
    }
    open(backend.name, rest).ok_or_else(|| {
        bad(match backend.name {
            "tch" => "tch, tch:cuda:N or tch:mps",
            _ => "a number, such as wgpu:0",
        })
    })
}

/// The device that all others are compared with.
///
/// # Errors
///
/// It is not compiled in.
pub fn reference() -> Result<Device, DeviceError> {
    parse("flex")
}

/// The devices of a compiled backend: one, or as many as there are GPUs of its kind.
pub fn names(backend: &str) -> Vec<String> {
    match system::quietly(|| count(backend)) {
        Ok(Some(count)) if count > 1 => (0..count).map(|i| format!("{backend}:{i}")).collect(),
        _ => vec![backend.to_string()],
    }
}

/// How many devices a backend numbers; `None` where it numbers none, or leaves the choice to the driver.
fn count(backend: &str) -> Option<usize> {
    match backend {
        #[cfg(feature = "cuda")]
        "cuda" => Some(Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec().len()),
        #[cfg(feature = "rocm")]
        "rocm" => Some(Device::enumerate(burn::tensor::DeviceType::Rocm).into_vec().len()),
        _ => None,
    }
}

/// Whether Burn fuses several operations into one kernel on that device; `None` where it never does.
pub fn fuses(name: &str) -> Option<bool> {
    let backend = name.split(':').next().unwrap_or(name);
    let compiles_kernels = !matches!(backend, "flex" | "ndarray" | "tch");
    let limit = burn::runtime_config().fusion().beam_search.max_explorations;
    compiles_kernels.then(|| cfg!(feature = "fusion") && limit != Some(0))
}

/// What a device is: the name of a GPU, or that of the processor.
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

/// The device of a compiled backend; `None` where `rest` is not understood.
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

/// The system's own graphics interface. Where there is nothing but OpenGL, the wgpu library deadlocks
/// sooner or later, so that is not taken.
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
    fn an_unknown_device_is_answered_with_what_there_is() {
        let error = parse("gpu").unwrap_err().to_string();
        assert!(error.contains("unknown device \"gpu\""), "{error}");
        assert!(error.contains(default_name()), "{error}");
    }

    #[test]
    fn an_absent_device_is_answered_with_the_line_that_adds_it() {
        for backend in BACKENDS.iter().filter(|backend| !backend.is_compiled) {
            let error = parse(backend.name).unwrap_err().to_string();
            assert!(error.contains(&format!("--features {}", backend.name)), "{error}");
        }
    }

    #[cfg(feature = "flex")]
    #[test]
    fn a_cpu_has_no_number() {
        assert!(matches!(parse("flex:0"), Err(DeviceError::BadIndex { .. })));
        assert!(matches!(parse("flex:"), Err(DeviceError::BadIndex { .. })));
        assert!(parse("flex").is_ok());
    }
}
