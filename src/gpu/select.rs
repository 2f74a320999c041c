//! Which device to use.

use super::Device;
use crate::error::{Error, Result};
use serde::Serialize;
use std::str::FromStr;

/// What a person asked for with `--device`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceRequest {
    /// A hardware GPU if there is one, otherwise the native path.
    Auto,
    /// A hardware GPU, or an error.
    Gpu,
    /// The native path.
    Cpu,
    /// The adapter whose name contains this text, whatever its kind (ignoring case).
    Named(String),
}

impl FromStr for DeviceRequest {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Ok(match text {
            "auto" => Self::Auto,
            "gpu" => Self::Gpu,
            "cpu" => Self::Cpu,
            name => Self::Named(name.to_owned()),
        })
    }
}

/// What a device is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// The processor, without any graphics driver.
    Native,
    /// A graphics processor.
    Hardware,
    /// A graphics driver that computes on the processor, such as lavapipe: used only when named.
    Software,
}

impl DeviceKind {
    /// The word used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Hardware => "hardware",
            Self::Software => "software",
        }
    }
}

/// A device as listed by `cupule devices` and kept in `run.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    pub name: String,
    pub kind: DeviceKind,
    /// Graphics interface, e.g. `vulkan`; `none` for the native path.
    pub backend: String,
    /// Driver and its version.
    pub driver: String,
}

/// The native path's entry.
pub fn native_info() -> DeviceInfo {
    DeviceInfo {
        name: "cpu".into(),
        kind: DeviceKind::Native,
        backend: "none".into(),
        driver: std::env::consts::ARCH.into(),
    }
}

/// Every device of this machine, the native path first.
pub fn list() -> Vec<DeviceInfo> {
    #[cfg_attr(not(feature = "gpu"), allow(unused_mut))]
    let mut all = vec![native_info()];
    #[cfg(feature = "gpu")]
    all.extend(super::wgpu_device::adapters().iter().map(super::wgpu_device::describe));
    all
}

#[cfg(not(feature = "gpu"))]
pub(super) fn open(request: &DeviceRequest) -> Result<Device> {
    match request {
        DeviceRequest::Auto | DeviceRequest::Cpu => Ok(Device::Native),
        _ => Err(Error::device(
            "this program was built without GPU support",
            "use --device cpu, or a build with the 'gpu' feature",
        )),
    }
}

#[cfg(feature = "gpu")]
pub(super) fn open(request: &DeviceRequest) -> Result<Device> {
    use super::wgpu_device::{WgpuDevice, adapters, describe};
    if *request == DeviceRequest::Cpu {
        return Ok(Device::Native);
    }
    let found = adapters();
    let names = || match found.iter().map(|a| format!("'{}'", describe(a).name)).collect::<Vec<_>>() {
        names if names.is_empty() => "no GPU at all".to_owned(),
        names => names.join(", "),
    };
    let hardware = || found.iter().find(|a| describe(a).kind == DeviceKind::Hardware);
    let adapter = match request {
        DeviceRequest::Cpu => None,
        DeviceRequest::Auto => hardware(),
        DeviceRequest::Gpu => Some(hardware().ok_or_else(|| {
            Error::device(
                format!("no hardware GPU was found (found {})", names()),
                "use --device auto or cpu, or check the driver with 'cupule devices'",
            )
        })?),
        DeviceRequest::Named(wanted) => {
            Some(found.iter().find(|a| describe(a).name.to_lowercase().contains(&wanted.to_lowercase())).ok_or_else(
                || {
                    Error::device(
                        format!("no device is called '{wanted}' (found {})", names()),
                        "choose a name from 'cupule devices', or auto, gpu, cpu",
                    )
                },
            )?)
        }
    };
    match adapter {
        None => Ok(Device::Native),
        Some(adapter) => match WgpuDevice::open(adapter) {
            Ok(device) => Ok(Device::Gpu(device)),
            // `auto` promises to work; a driver that lists a GPU it cannot open must not end the run.
            Err(_) if *request == DeviceRequest::Auto => Ok(Device::Native),
            Err(error) => Err(error),
        },
    }
}
