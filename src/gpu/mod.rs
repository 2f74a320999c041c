//! Devices and kernels; no science.
//!
//! A [`Kernel`] is a WGSL shader and its native twin of the same name; a [`Device`] runs either. Stages list their
//! kernels once and never ask which device they run on. Every kernel reads some planes of `f32` and fills one.
//!
//! On a GPU only [`Device::download`] waits: what was uploaded and run before it is handed over at once, and an error
//! on the way belongs to the planes that come of it. Threads may share a device, each with planes of its own.

#[cfg(debug_assertions)]
pub mod fault;
pub mod kernels;
mod select;
#[cfg(feature = "gpu")]
mod slabs;
pub mod tiles;
#[cfg(feature = "gpu")]
mod wgpu_clock;
#[cfg(feature = "gpu")]
mod wgpu_device;
#[cfg(feature = "gpu")]
mod wgpu_pool;
#[cfg(feature = "gpu")]
mod wgpu_work;
#[cfg(feature = "gpu")]
mod worker;

pub use select::{Choice, DeviceInfo, DeviceKind, DeviceRequest, list};

use crate::error::Result;
use bytemuck::Pod;
use rayon::prelude::*;
use std::borrow::Cow;

/// One computation in two languages.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// Name of the shader's file and entry point, and of the native twin.
    pub name: &'static str,
    /// WGSL text, with `shaders/common.wgsl` in front.
    pub source: &'static str,
    /// The twin: parameters as the shader's uniform struct sees them, input planes, output plane.
    pub native: fn(params: &[u8], inputs: &[&[f32]], out: &mut [f32]),
    /// Workgroup size of the shader.
    pub workgroup: [u32; 3],
    /// Positions of the grid that one invocation of the shader computes along each axis.
    pub block: [u32; 3],
    /// Workgroups of a dispatch at most, so that even a slow GPU gets through it well before a system takes it for
    /// hanging. More of them are dispatched one slab after the other, which changes no result.
    pub groups: u32,
}

/// What a kernel took of a device, over some of its dispatches.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    pub kernel: &'static str,
    pub dispatches: usize,
    /// By the device's own clock.
    pub seconds: f64,
    /// Read and written, if each number were moved once.
    pub bytes: u64,
}

/// Numbers that live on a device.
pub enum Plane {
    Host(Vec<f32>),
    #[cfg(feature = "gpu")]
    Gpu {
        plane: wgpu_device::WgpuPlane,
        len: usize,
    },
}

impl Plane {
    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        match self {
            Self::Host(values) => values.len(),
            #[cfg(feature = "gpu")]
            Self::Gpu { len, .. } => *len,
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What can be expected of a device after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The work was too much or wrong; other work may go well.
    Sound,
    /// It was lost, or can't be trusted any more.
    Failed,
    /// It did not answer in time, and won't be waited for again.
    Hanging,
}

/// Where kernels run.
pub enum Device {
    /// The processor, through the native twins.
    Native,
    /// A wgpu adapter, through the shaders.
    #[cfg(feature = "gpu")]
    Gpu(wgpu_device::WgpuDevice),
}

impl Device {
    /// Opens the device that was asked for.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when it is not there or cannot be opened.
    pub fn open(request: &DeviceRequest) -> Result<Self> {
        Choice::opened(request).map(|(_, device, _)| device)
    }

    /// What it is, for the record.
    pub fn info(&self) -> DeviceInfo {
        match self {
            Self::Native => select::native_info(),
            #[cfg(feature = "gpu")]
            Self::Gpu(device) => device.info(),
        }
    }

    /// Whether it can be used on after an error.
    pub fn condition(&self) -> Condition {
        match self {
            Self::Native => Condition::Sound,
            #[cfg(feature = "gpu")]
            Self::Gpu(device) => device.condition(),
        }
    }

    /// What each kernel took since the last call, in the order of first use. Only what was there at a download is
    /// known, and nothing where the device has no clock.
    pub fn take_passes(&self) -> Vec<Pass> {
        match self {
            Self::Native => Vec::new(),
            #[cfg(feature = "gpu")]
            Self::Gpu(device) => device.take_passes(),
        }
    }

    /// Brings numbers onto the device.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn upload(&self, values: Vec<f32>) -> Result<Plane> {
        match self {
            Self::Native => Ok(Plane::Host(values)),
            #[cfg(feature = "gpu")]
            Self::Gpu(device) => device.upload(values),
        }
    }

    /// Reads numbers back, as soon as they are there.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device was lost, or ran out of memory or refused the work at any step
    /// that led to these numbers.
    pub fn download<'a>(&self, plane: &'a Plane) -> Result<Cow<'a, [f32]>> {
        match plane {
            Plane::Host(values) => Ok(Cow::Borrowed(values)),
            #[cfg(feature = "gpu")]
            Plane::Gpu { plane, .. } => match self {
                Self::Gpu(device) => device.download(plane).map(Cow::Owned),
                Self::Native => unreachable!("a plane never leaves the device that made it"),
            },
        }
    }

    /// Runs a kernel over a grid and returns the plane that it fills, all of it. What goes wrong with the work itself
    /// comes out at the download of the plane, or of one that was computed from it.
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device is known to be of no use any more.
    pub fn run<P: Pod>(
        &self,
        kernel: &Kernel,
        params: &P,
        inputs: &[&Plane],
        out_len: usize,
        grid: [usize; 3],
    ) -> Result<Plane> {
        match self {
            Self::Native => {
                let _ = (grid, kernel.block, kernel.groups); // the twins know their own
                let host: Vec<&[f32]> = inputs
                    .iter()
                    .map(|plane| match plane {
                        Plane::Host(values) => values.as_slice(),
                        #[cfg(feature = "gpu")]
                        Plane::Gpu { .. } => unreachable!("a plane never leaves the device that made it"),
                    })
                    .collect();
                // By all threads: for large planes this takes as long as some kernels.
                let mut out = Vec::new();
                (0..out_len).into_par_iter().with_min_len(1 << 18).map(|_| 0.0).collect_into_vec(&mut out);
                (kernel.native)(bytemuck::bytes_of(params), &host, &mut out);
                Ok(Plane::Host(out))
            }
            #[cfg(feature = "gpu")]
            Self::Gpu(device) => device.run(kernel, bytemuck::bytes_of(params), inputs, out_len, grid),
        }
    }
}
