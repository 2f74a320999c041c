//! Trouble on demand, for tests.

use super::WgpuWork;
use crate::error::Result;
use crate::gpu::fault::{self, Fault};

impl WgpuWork {
    /// Brings trouble about: real where wgpu can be made to have it, else as wgpu reports it.
    pub fn plant(&self, planted: Fault) -> Result<()> {
        let what = "a planted fault";
        match planted {
            Fault::Destroy => self.device.destroy(),
            Fault::Memory => return Err(self.refused(what, &wgpu::Error::OutOfMemory { source: "planted".into() })),
            Fault::Validation => {
                let (size, usage) = (4, wgpu::BufferUsages::empty());
                let useless = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
                self.guarded(what, || self.device.create_buffer(&useless))?;
            }
            Fault::Internal => {
                let (source, description) = ("planted".into(), "Internal Error".into());
                return Err(self.refused(what, &wgpu::Error::Internal { source, description }));
            }
            Fault::Panic => fault::panic(),
            Fault::Hang => loop {
                std::thread::park();
            },
            Fault::Bug => {}
        }
        Ok(())
    }
}
