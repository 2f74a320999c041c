//! What is done on the thread that owns a wgpu device: buffers, shaders, dispatches, every error noticed.

use super::Kernel;
use super::wgpu_device::REMEDY;
use crate::error::{Error, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::TryRecvError;

/// An open device with its compiled kernels and the planes it holds.
pub struct WgpuWork {
    name: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// Compiled on first use; keyed by the shader's text so that a changed shader is another kernel.
    pipelines: RefCell<HashMap<&'static str, wgpu::ComputePipeline>>,
    planes: HashMap<u64, wgpu::Buffer>,
    /// Work handed in since the last download, in order.
    submitted: Vec<wgpu::SubmissionIndex>,
    lost: Arc<AtomicBool>,
}

/// One run of a kernel; planes by their numbers.
pub struct Dispatch {
    pub kernel: Kernel,
    pub params: Vec<u8>,
    pub inputs: Vec<u64>,
    pub out: u64,
    pub out_len: usize,
    pub grid: [usize; 3],
}

impl WgpuWork {
    /// Opens an adapter with all that it offers. The flag is raised when the device is of no use any more.
    ///
    /// # Errors
    /// In the driver's words.
    pub fn open(name: String, adapter: &wgpu::Adapter, lost: Arc<AtomicBool>) -> std::result::Result<Self, String> {
        let descriptor =
            wgpu::DeviceDescriptor { label: Some("cupule"), required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| one_line(&error))?;
        let flag = lost.clone();
        device.set_device_lost_callback(move |_, _| flag.store(true, Ordering::SeqCst));
        // The default handler panics. Every operation here is wrapped in error scopes; what escapes them means that
        // results can't be trusted any more.
        let flag = lost.clone();
        device.on_uncaptured_error(Arc::new(move |_| flag.store(true, Ordering::SeqCst)));
        let (pipelines, planes) = Default::default();
        Ok(Self { name, device, queue, pipelines, planes, submitted: Vec::new(), lost })
    }

    /// Runs work with every kind of error captured.
    fn guarded<T>(&self, what: &str, work: impl FnOnce() -> T) -> Result<T> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let value = work();
        let errors = [internal, validation, memory].map(|scope| pollster::block_on(scope.pop()));
        let error = errors.into_iter().flatten().next();
        if error.is_some() {
            // The callback that tells of a loss is only called from here (gfx-rs/wgpu#9278).
            let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
        }
        // Errors that come of the loss say nothing.
        if self.lost.load(Ordering::SeqCst) {
            return Err(Error::device(format!("device '{}' was lost at {what}", self.name), REMEDY));
        }
        match error {
            Some(error) => Err(self.refused(what, &error)),
            None => Ok(value),
        }
    }

    /// What wgpu reports. After an internal error nothing of the device can be trusted.
    fn refused(&self, what: &str, error: &wgpu::Error) -> Error {
        if matches!(error, wgpu::Error::Internal { .. }) {
            self.lost.store(true, Ordering::SeqCst);
        }
        self.fault(what, &one_line(error))
    }

    fn fault(&self, what: &str, cause: &str) -> Error {
        Error::device(format!("device '{}' failed at {what}: {cause}", self.name), REMEDY)
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
    pub fn upload(&mut self, number: u64, values: &[f32]) -> Result<()> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let buffer = self.guarded("upload", || self.filled("upload", bytemuck::cast_slice(values), usage))?;
        self.planes.insert(number, buffer);
        Ok(())
    }

    /// Gives a plane back.
    pub fn forget(&mut self, number: u64) {
        self.planes.remove(&number);
    }

    fn buffer(&self, number: u64) -> Result<&wgpu::Buffer> {
        self.planes.get(&number).ok_or_else(|| self.fault("a plane", "it is gone"))
    }

    /// Reads a storage buffer back; `alive` is called whenever a piece of earlier work is done.
    pub fn download(&mut self, number: u64, len: usize, alive: &dyn Fn()) -> Result<Vec<f32>> {
        let fault = |cause: &dyn std::error::Error| self.fault("download", &one_line(cause));
        let buffer = self.buffer(number)?;
        let size = (len * size_of::<f32>()) as u64;
        let (staging, copied) = self.guarded("download", || {
            let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("download"),
                size,
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            let mut encoder = self.device.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, size);
            let copied = self.queue.submit([encoder.finish()]);
            (staging, copied)
        })?;
        let (sender, receiver) = std::sync::mpsc::channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            let _ = sender.send(result);
        });
        // One piece of work after the other, because the limit of patience is for each of them. The wait itself needs none:
        // wgpu's is kept by sound drivers only.
        for submitted in self.submitted.iter().chain([&copied]) {
            self.device
                .poll(wgpu::PollType::Wait { submission_index: Some(submitted.clone()), timeout: None })
                .map_err(|error| fault(&error))?;
            alive();
        }
        // wgpu never calls back when the device is lost at a bad moment (gfx-rs/wgpu#9511), so nothing is waited for.
        match receiver.try_recv() {
            _ if self.lost.load(Ordering::SeqCst) => return Err(self.fault("download", "the device was lost")),
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(fault(&error)),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                self.lost.store(true, Ordering::SeqCst);
                return Err(self.fault("download", "the driver says nothing about the numbers"));
            }
        }
        let view = staging.get_mapped_range(..).map_err(|error| fault(&error))?;
        let values = bytemuck::cast_slice(&view).to_vec();
        drop(view);
        self.submitted.clear();
        Ok(values)
    }

    /// Dispatches a kernel.
    pub fn run(&mut self, dispatch: &Dispatch) -> Result<()> {
        let Dispatch { kernel, params, inputs, out_len, grid, .. } = dispatch;
        let inputs = inputs.iter().map(|&number| self.buffer(number)).collect::<Result<Vec<_>>>()?;
        let (out, submitted) = self.guarded(kernel.name, || {
            let pipeline = self.pipeline(kernel);
            let uniform = self.filled("params", params, wgpu::BufferUsages::UNIFORM);
            let out = self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(kernel.name),
                size: (out_len * size_of::<f32>()) as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            });
            let entries: Vec<_> = std::iter::once(&uniform)
                .chain(inputs)
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
            let submitted = self.queue.submit([encoder.finish()]);
            // Frees what finished submissions held; without it memory grows until the device is lost.
            let _ = self.device.poll(wgpu::PollType::Poll);
            (out, submitted)
        })?;
        self.planes.insert(dispatch.out, out);
        self.submitted.push(submitted);
        Ok(())
    }

    fn pipeline(&self, kernel: &Kernel) -> wgpu::ComputePipeline {
        self.pipelines
            .borrow_mut()
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

    /// Brings trouble about: real where wgpu can be made to have it, else as wgpu reports it.
    #[cfg(debug_assertions)]
    pub fn plant(&self, fault: super::fault::Fault) -> Result<()> {
        use super::fault::Fault;
        let what = "a planted fault";
        match fault {
            Fault::Destroy => self.device.destroy(),
            Fault::Memory => return Err(self.refused(what, &wgpu::Error::OutOfMemory { source: "planted".into() })),
            Fault::Validation => {
                let usage = wgpu::BufferUsages::empty();
                self.guarded(what, || self.filled("without a use", &[0; 4], usage))?;
            }
            Fault::Internal => {
                let (source, description) = ("planted".into(), "Internal Error".into());
                return Err(self.refused(what, &wgpu::Error::Internal { source, description }));
            }
            Fault::Panic => panic!("planted"),
            Fault::Hang => loop {
                std::thread::park();
            },
            Fault::Bug => {}
        }
        Ok(())
    }
}

/// An error without the line breaks that wgpu draws its causes with.
fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
