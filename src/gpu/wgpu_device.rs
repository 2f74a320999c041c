//! Kernels on a wgpu adapter.

use super::{DeviceInfo, DeviceKind, Kernel, Plane};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What to do when a GPU fails in mid-run.
const REMEDY: &str = "run again with --device cpu, and check the driver with 'cupule devices'";
/// A dispatch that takes longer than this is a driver that hangs; the largest kernels take well under a second.
const HANG: Duration = Duration::from_secs(120);

/// Every adapter behind Vulkan, Metal and DirectX 12.
pub fn adapters() -> Vec<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::PRIMARY;
    pollster::block_on(wgpu::Instance::new(descriptor).enumerate_adapters(wgpu::Backends::PRIMARY))
}

/// An adapter's entry in the list of devices.
pub fn describe(adapter: &wgpu::Adapter) -> DeviceInfo {
    let info = adapter.get_info();
    let kind = if info.device_type == wgpu::DeviceType::Cpu { DeviceKind::Software } else { DeviceKind::Hardware };
    DeviceInfo {
        name: info.name,
        kind,
        backend: info.backend.to_str().to_owned(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
    }
}

/// An open adapter with its compiled kernels.
pub struct WgpuDevice {
    info: DeviceInfo,
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// Compiled on first use; keyed by the shader's text so that a changed shader is another kernel.
    pipelines: Mutex<HashMap<&'static str, wgpu::ComputePipeline>>,
    /// Raised by the driver; afterwards operations silently do nothing, so this flag is the authority.
    lost: Arc<AtomicBool>,
}

impl WgpuDevice {
    /// Opens an adapter with all that it offers.
    pub fn open(adapter: &wgpu::Adapter) -> Result<Self> {
        let info = describe(adapter);
        let descriptor =
            wgpu::DeviceDescriptor { label: Some("cupule"), required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| Error::device(format!("device '{}' cannot be opened: {error}", info.name), REMEDY))?;
        let lost = Arc::new(AtomicBool::new(false));
        let flag = lost.clone();
        device.set_device_lost_callback(move |_, _| flag.store(true, Ordering::SeqCst));
        // The default handler panics. Every operation here is wrapped in error scopes; what escapes them means that
        // results can't be trusted any more.
        let flag = lost.clone();
        device.on_uncaptured_error(Arc::new(move |_| flag.store(true, Ordering::SeqCst)));
        Ok(Self { info, device, queue, pipelines: Mutex::default(), lost })
    }

    /// What it is, for the record.
    pub fn info(&self) -> DeviceInfo {
        self.info.clone()
    }

    /// Runs work with every kind of error captured.
    fn guarded<T>(&self, what: &str, work: impl FnOnce() -> T) -> Result<T> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let value = work();
        let errors = [internal, validation, memory].map(|scope| pollster::block_on(scope.pop()));
        if let Some(error) = errors.into_iter().flatten().next() {
            return Err(Error::device(format!("device '{}' failed at {what}: {error}", self.info.name), REMEDY));
        }
        if self.lost.load(Ordering::SeqCst) {
            return Err(Error::device(format!("device '{}' was lost at {what}", self.info.name), REMEDY));
        }
        Ok(value)
    }

    /// A buffer with contents. wgpu's own `create_buffer_init` panics where a buffer could not be made; here the error
    /// is left to the scopes of [`Self::guarded`].
    fn filled(&self, label: &str, contents: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let size = contents.len() as u64;
        let label = Some(label);
        let buffer =
            self.device.create_buffer(&wgpu::BufferDescriptor { label, size, usage, mapped_at_creation: size > 0 });
        if let Ok(mut view) = buffer.get_mapped_range_mut(..) {
            view.copy_from_slice(contents);
        }
        buffer.unmap();
        buffer
    }

    /// Brings numbers into a storage buffer.
    pub fn upload(&self, values: &[f32]) -> Result<Plane> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let buffer = self.guarded("upload", || self.filled("upload", bytemuck::cast_slice(values), usage))?;
        Ok(Plane::Gpu { buffer, len: values.len() })
    }

    /// Reads a storage buffer back.
    pub fn download(&self, buffer: &wgpu::Buffer, len: usize) -> Result<Vec<f32>> {
        let size = (len * size_of::<f32>()) as u64;
        let fault =
            |cause: String| Error::device(format!("device '{}' failed at download: {cause}", self.info.name), REMEDY);
        let staging = self.guarded("download", || {
            let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("download"),
                size,
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            let mut encoder = self.device.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, size);
            self.queue.submit([encoder.finish()]);
            staging
        })?;
        let (sender, receiver) = std::sync::mpsc::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            let _ = sender.send(result);
        });
        self.device
            .poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(HANG) })
            .map_err(|error| fault(error.to_string()))?;
        match receiver.recv() {
            Ok(Ok(())) if !self.lost.load(Ordering::SeqCst) => {}
            Ok(Ok(())) => return Err(fault("the device was lost".into())),
            Ok(Err(error)) => return Err(fault(error.to_string())),
            Err(error) => return Err(fault(error.to_string())),
        }
        let view = staging.get_mapped_range(..).map_err(|error| fault(error.to_string()))?;
        Ok(bytemuck::cast_slice(&view).to_vec())
    }

    /// Dispatches a kernel.
    pub fn run(
        &self,
        kernel: &Kernel,
        params: &[u8],
        inputs: &[&Plane],
        out_len: usize,
        grid: [usize; 3],
    ) -> Result<Plane> {
        let buffer = self.guarded(kernel.name, || {
            let pipeline = self.pipeline(kernel);
            let uniform = self.filled("params", params, wgpu::BufferUsages::UNIFORM);
            let out = self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(kernel.name),
                size: (out_len * size_of::<f32>()) as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            });
            let buffers = inputs.iter().map(|plane| match plane {
                Plane::Gpu { buffer, .. } => buffer,
                Plane::Host(_) => unreachable!("a plane never leaves the device that made it"),
            });
            let entries: Vec<_> = std::iter::once(&uniform)
                .chain(buffers)
                .chain([&out])
                .enumerate()
                .map(|(binding, buffer)| wgpu::BindGroupEntry {
                    binding: binding as u32,
                    resource: buffer.as_entire_binding(),
                })
                .collect();
            let bind_group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(kernel.name),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            let mut encoder = self.device.create_command_encoder(&Default::default());
            {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                    label: Some(kernel.name),
                    timestamp_writes: None,
                });
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &bind_group, &[]);
                // More groups than fit a number are more than any device takes, which then says so.
                let groups = |axis: usize| grid[axis].div_ceil(kernel.workgroup[axis] as usize);
                let [x, y, z] = [0, 1, 2].map(|axis| u32::try_from(groups(axis)).unwrap_or(u32::MAX));
                pass.dispatch_workgroups(x, y, z);
            }
            self.queue.submit([encoder.finish()]);
            // Frees what finished submissions held; without it memory grows until the device is lost.
            let _ = self.device.poll(wgpu::PollType::Poll);
            out
        })?;
        Ok(Plane::Gpu { buffer, len: out_len })
    }

    fn pipeline(&self, kernel: &Kernel) -> wgpu::ComputePipeline {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pipelines
            .entry(kernel.source)
            .or_insert_with(|| {
                let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                    label: Some(kernel.name),
                    source: wgpu::ShaderSource::Wgsl(kernel.source.into()),
                });
                self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                    label: Some(kernel.name),
                    layout: None,
                    module: &module,
                    entry_point: Some(kernel.name),
                    compilation_options: Default::default(),
                    cache: None,
                })
            })
            .clone()
    }
}
