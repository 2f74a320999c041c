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

/// Every device of this machine, the native path first. A driver that fails while it is asked lists nothing.
pub fn list() -> Vec<DeviceInfo> {
    #[cfg_attr(not(feature = "gpu"), allow(unused_mut))]
    let mut all = vec![native_info()];
    #[cfg(feature = "gpu")]
    all.extend(super::wgpu_device::adapters().iter().flatten().map(super::wgpu_device::describe));
    all
}

/// A device that was chosen; it can be opened again when it failed.
pub enum Choice {
    /// The processor.
    Native,
    /// An adapter.
    #[cfg(feature = "gpu")]
    Gpu(wgpu::Adapter),
}

impl Choice {
    /// What it is, for the record.
    pub fn info(&self) -> DeviceInfo {
        match self {
            Self::Native => native_info(),
            #[cfg(feature = "gpu")]
            Self::Gpu(adapter) => super::wgpu_device::describe(adapter),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`Error::Device`] when the driver refuses or hangs.
    pub fn open(&self) -> Result<Device> {
        match self {
            Self::Native => Ok(Device::Native),
            #[cfg(feature = "gpu")]
            Self::Gpu(adapter) => super::wgpu_device::WgpuDevice::open(adapter).map(Device::Gpu),
        }
    }

    /// Finds and opens the device that was asked for. `auto` promises to work: where a driver can't be asked, or lists a GPU
    /// that it can't open, it comes to the processor and says why.
    ///
    /// # Errors
    /// [`Error::Device`] when a device that was explicitly asked for is not there or can't be opened.
    pub fn opened(request: &DeviceRequest) -> Result<(Self, Device, Option<Error>)> {
        let found = Self::of(request).and_then(|choice| choice.open().map(|device| (choice, device, None)));
        match found {
            Err(error) if *request == DeviceRequest::Auto => Ok((Self::Native, Device::Native, Some(error))),
            found => found,
        }
    }

    /// Finds the device that was asked for.
    ///
    /// # Errors
    /// [`Error::Device`] when it is not there.
    #[cfg(not(feature = "gpu"))]
    fn of(request: &DeviceRequest) -> Result<Self> {
        match request {
            DeviceRequest::Auto | DeviceRequest::Cpu => Ok(Self::Native),
            _ => Err(Error::device(
                "this program was built without GPU support",
                "use --device cpu, or a build with the 'gpu' feature",
            )),
        }
    }

    /// Finds the device that was asked for.
    ///
    /// # Errors
    /// [`Error::Device`] when it is not there.
    #[cfg(feature = "gpu")]
    fn of(request: &DeviceRequest) -> Result<Self> {
        use super::wgpu_device::{adapters, describe};
        if *request == DeviceRequest::Cpu {
            return Ok(Self::Native);
        }
        let found = adapters()?;
        let names = || match found.iter().map(|a| format!("'{}'", describe(a).name)).collect::<Vec<_>>() {
            names if names.is_empty() => "no GPU at all".to_owned(),
            names => names.join(", "),
        };
        let missing = |cause: String, remedy| Error::device(format!("{cause} (found {})", names()), remedy);
        let chosen = match request {
            DeviceRequest::Named(wanted) => {
                let called = |a: &&wgpu::Adapter| describe(a).name.to_lowercase().contains(&wanted.to_lowercase());
                Some(found.iter().find(called).ok_or_else(|| {
                    let remedy = "choose a name from 'cupule devices', or auto, gpu, cpu";
                    missing(format!("no device is called '{wanted}'"), remedy)
                })?)
            }
            _ => found.iter().find(|a| describe(a).kind == DeviceKind::Hardware),
        };
        match chosen {
            Some(adapter) => Ok(Self::Gpu(adapter.clone())),
            None if *request == DeviceRequest::Auto => Ok(Self::Native),
            None => {
                let remedy = "use --device auto or cpu, or check the driver with 'cupule devices'";
                Err(missing("no hardware GPU was found".into(), remedy))
            }
        }
    }
}
