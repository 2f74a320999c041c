//! What is done on the thread that owns a wgpu device: buffers, shaders, dispatches, every error noticed.
//!
//! Nobody waits for uploads and dispatches, so what goes wrong is kept in place of the numbers: it passes to whatever
//! is computed from them, and comes out where they are read back. So the trouble of one image never reaches another
//! that shares the device.

mod back;
#[cfg(debug_assertions)]
mod trouble;

use super::slabs::{Slab, slabs};
use super::wgpu_clock::{Clock, Timed};
use super::wgpu_device::REMEDY;
use super::wgpu_pool::{Pool, class};
use super::{Kernel, Pass};
use crate::error::{Error, Result};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Uniforms begin at multiples of this, bytes: no adapter asks for more.
const UNIFORM_STEP: usize = 256;

/// An open device with its compiled kernels and the planes it holds.
pub struct WgpuWork {
    name: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// Compiled on first use; keyed by the shader's text, so that a changed shader is another kernel, and the number of
    /// its inputs.
    pipelines: HashMap<(&'static str, usize), Pipeline>,
    planes: HashMap<u64, Result<Numbers>>,
    /// Buffers to be used again, by their [`Use`].
    pools: [Pool<wgpu::Buffer>; 3],
    /// Work that was handed in and not yet found done, in order, whosever it is.
    submitted: VecDeque<wgpu::SubmissionIndex>,
    /// Pieces of work handed in so far.
    handed_in: u64,
    clock: Option<Clock>,
    passes: Vec<Pass>,
    /// Workgroups of a dispatch at most, of kernels that were found to take long on this device.
    shorter: HashMap<&'static str, u32>,
    lost: Arc<AtomicBool>,
}

/// What a buffer is for.
#[derive(Debug, Clone, Copy)]
enum Use {
    Plane,
    Params,
    Back,
}

impl Use {
    fn flags(self) -> wgpu::BufferUsages {
        use wgpu::BufferUsages as Flags;
        match self {
            Self::Plane => Flags::STORAGE | Flags::COPY_SRC | Flags::COPY_DST,
            Self::Params => Flags::UNIFORM | Flags::COPY_DST,
            Self::Back => Flags::MAP_READ | Flags::COPY_DST,
        }
    }
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

/// A plane. The buffer is larger perhaps, so that exactly these bytes are bound: to a shader a plane ends where it
/// ends, whatever lay in the buffer before.
#[derive(Clone)]
struct Numbers {
    buffer: wgpu::Buffer,
    bytes: u64,
}

#[derive(Clone)]
struct Pipeline {
    compute: wgpu::ComputePipeline,
    /// Of the parameters and planes, and of the slab.
    layouts: [wgpu::BindGroupLayout; 2],
}

impl WgpuWork {
    /// Opens an adapter with all that it offers. The flag is raised when the device is of no use any more.
    ///
    /// # Errors
    /// In the driver's words.
    pub fn open(name: String, adapter: &wgpu::Adapter, lost: Arc<AtomicBool>) -> std::result::Result<Self, String> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("cupule"),
            required_limits: adapter.limits(),
            required_features: adapter.features() & Clock::FEATURE,
            ..Default::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| one_line(&error))?;
        let flag = lost.clone();
        device.set_device_lost_callback(move |_, _| flag.store(true, Ordering::SeqCst));
        // The default handler panics. Every operation here is wrapped in error scopes; what escapes them means that
        // results can't be trusted any more.
        let flag = lost.clone();
        device.on_uncaptured_error(Arc::new(move |_| flag.store(true, Ordering::SeqCst)));
        let clock = Clock::new(&device, &queue);
        let pools = [Use::Plane, Use::Params, Use::Back].map(|_| Pool::default());
        let (pipelines, planes, submitted, passes, shorter) = Default::default();
        Ok(Self {
            name,
            device,
            queue,
            pipelines,
            planes,
            pools,
            submitted,
            handed_in: 0,
            clock,
            passes,
            shorter,
            lost,
        })
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

    /// A buffer for so many bytes, used before if one fits. Its contents are what they are: every shader writes all of
    /// its output, and uploads and copies fill what is read of theirs.
    fn buffer(&mut self, what: &str, bytes: u64, purpose: Use) -> Result<wgpu::Buffer> {
        let size = class(bytes, self.device.limits().max_buffer_size);
        if let Some(buffer) = self.pools[purpose as usize].take(size) {
            return Ok(buffer);
        }
        let usage = purpose.flags();
        let descriptor = wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false };
        let made = self.guarded(what, || self.device.create_buffer(&descriptor));
        if made.is_ok() || !self.clear_pools() {
            return made;
        }
        // What lay idle may be the memory that was missing.
        let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.guarded(what, || self.device.create_buffer(&descriptor))
    }

    /// Lets go of all buffers that lie idle; whether there were any.
    fn clear_pools(&mut self) -> bool {
        self.pools.iter_mut().map(Pool::clear).filter(|&any| any).count() > 0
    }

    fn give_back(&mut self, buffer: wgpu::Buffer, purpose: Use) {
        self.pools[purpose as usize].give(buffer.size(), buffer);
    }

    /// Brings numbers into a storage buffer.
    pub fn upload(&mut self, number: u64, values: &[f32]) {
        let made = self.uploaded(bytemuck::cast_slice(values));
        self.planes.insert(number, made);
    }

    fn uploaded(&mut self, values: &[u8]) -> Result<Numbers> {
        let bytes = values.len() as u64;
        let buffer = self.buffer("upload", bytes, Use::Plane)?;
        self.guarded("upload", || self.queue.write_buffer(&buffer, 0, values))?;
        Ok(Numbers { buffer, bytes })
    }

    /// Gives a plane back.
    pub fn forget(&mut self, number: u64) {
        if let Some(Ok(numbers)) = self.planes.remove(&number) {
            self.give_back(numbers.buffer, Use::Plane);
        }
    }

    fn plane(&self, number: u64) -> Result<Numbers> {
        self.planes.get(&number).cloned().unwrap_or_else(|| Err(self.fault("a plane", "it is gone")))
    }

    /// Notes that work was handed in.
    fn note(&mut self, submitted: wgpu::SubmissionIndex) {
        self.submitted.push_back(submitted);
        self.handed_in += 1;
    }

    /// Dispatches a kernel.
    pub fn run(&mut self, dispatch: &Dispatch) {
        let made = self.computed(dispatch);
        self.planes.insert(dispatch.out, made);
    }

    fn computed(&mut self, dispatch: &Dispatch) -> Result<Numbers> {
        let Dispatch { kernel, params, inputs, out_len, .. } = dispatch;
        let inputs = inputs.iter().map(|&number| self.plane(number)).collect::<Result<Vec<_>>>()?;
        if *out_len == 0 || inputs.iter().any(|plane| plane.bytes == 0) {
            return Err(self.fault(kernel.name, "a plane is empty"));
        }
        let slabs = self.slabs(dispatch)?;
        let pipeline = self.pipeline(kernel, inputs.len())?;
        let bytes = (*out_len as u64).saturating_mul(size_of::<f32>() as u64);
        let out = Numbers { buffer: self.buffer(kernel.name, bytes, Use::Plane)?, bytes };

        // The parameters, then each slab.
        let mut uniforms = params.clone();
        let mut offsets = Vec::with_capacity(slabs.len());
        for slab in &slabs {
            uniforms.resize(uniforms.len().next_multiple_of(UNIFORM_STEP), 0);
            offsets.push(uniforms.len() as u32);
            uniforms.extend(bytemuck::cast_slice(&slab.uniform(kernel.workgroup)));
        }
        let uniform = self.buffer("params", uniforms.len() as u64, Use::Params)?;
        let moved = inputs.iter().map(|plane| plane.bytes).sum::<u64>() + bytes;
        let groups = self.guarded(kernel.name, || {
            self.queue.write_buffer(&uniform, 0, &uniforms);
            // So that tests notice a shader that doesn't write all of its output.
            #[cfg(debug_assertions)]
            self.queue.write_buffer(&out.buffer, 0, &vec![0xff; bytes as usize]);
            self.bind_groups(&pipeline, (&uniform, params.len()), inputs.iter().chain([&out]))
        })?;
        let all: u64 = slabs.iter().map(|slab| u64::from(slab.groups())).sum();
        for (slab, offset) in slabs.iter().zip(offsets) {
            let submitted =
                self.guarded(kernel.name, || self.dispatched(kernel.name, &pipeline, &groups, slab, offset))?;
            self.note(submitted);
            if let Some(clock) = &mut self.clock {
                let bytes = (u128::from(moved) * u128::from(slab.groups()) / u128::from(all)) as u64;
                clock.started(Timed { kernel: kernel.name, bytes, groups: slab.groups(), most: kernel.groups });
            }
        }
        self.give_back(uniform, Use::Params);
        Ok(out)
    }

    /// The slabs of a kernel's grid.
    fn slabs(&self, Dispatch { kernel, grid, .. }: &Dispatch) -> Result<Vec<Slab>> {
        let mut groups = [0; 3];
        for axis in 0..3 {
            let workgroup = kernel.workgroup[axis];
            let count = grid[axis].div_ceil(kernel.block[axis] as usize).div_ceil(workgroup as usize);
            // Invocations are numbered with 32 bits.
            groups[axis] = u32::try_from(count)
                .ok()
                .filter(|count| count.checked_mul(workgroup).is_some())
                .ok_or_else(|| self.fault(kernel.name, "its grid is too large"))?;
        }
        let most = self.shorter.get(kernel.name).map_or(kernel.groups, |&shorter| shorter.min(kernel.groups));
        Ok(slabs(groups, most, self.device.limits().max_compute_workgroups_per_dimension).collect())
    }

    fn bind_groups<'a>(
        &self,
        pipeline: &Pipeline,
        (uniform, params): (&wgpu::Buffer, usize),
        planes: impl Iterator<Item = &'a Numbers>,
    ) -> [wgpu::BindGroup; 2] {
        let part = |buffer, bytes| {
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size: wgpu::BufferSize::new(bytes) })
        };
        let planes = planes.map(|plane| part(&plane.buffer, plane.bytes));
        let planes: Vec<_> = std::iter::once(part(uniform, params as u64))
            .chain(planes)
            .enumerate()
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding: binding as u32, resource })
            .collect();
        let slab = [wgpu::BindGroupEntry { binding: 0, resource: part(uniform, Slab::BYTES) }];
        let group = |layout, entries| {
            self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries })
        };
        [group(&pipeline.layouts[0], &planes), group(&pipeline.layouts[1], &slab)]
    }

    fn dispatched(
        &self,
        name: &str,
        pipeline: &Pipeline,
        [planes, uniform]: &[wgpu::BindGroup; 2],
        slab: &Slab,
        offset: u32,
    ) -> wgpu::SubmissionIndex {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some(name),
                timestamp_writes: self.clock.as_ref().and_then(Clock::writes),
            });
            pass.set_pipeline(&pipeline.compute);
            pass.set_bind_group(0, planes, &[]);
            pass.set_bind_group(1, uniform, &[offset]);
            let [x, y, z] = slab.count;
            pass.dispatch_workgroups(x, y, z);
        }
        let submitted = self.queue.submit([encoder.finish()]);
        // Frees what finished submissions held; without it memory grows until the device is lost.
        let _ = self.device.poll(wgpu::PollType::Poll);
        submitted
    }

    fn pipeline(&mut self, kernel: &Kernel, inputs: usize) -> Result<Pipeline> {
        if let Some(pipeline) = self.pipelines.get(&(kernel.source, inputs)) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.guarded(kernel.name, || self.compiled(kernel, inputs))?;
        self.pipelines.insert((kernel.source, inputs), pipeline.clone());
        Ok(pipeline)
    }

    /// The layouts are told rather than taken from the shader, because a shader that is never cut may ignore its slab.
    fn compiled(&self, kernel: &Kernel, inputs: usize) -> Pipeline {
        use wgpu::BufferBindingType::{Storage, Uniform};
        let entry = |binding, ty, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
            count: None,
        };
        let planes = (0..=inputs).map(|i| Storage { read_only: i < inputs });
        let planes: Vec<_> =
            std::iter::once(Uniform).chain(planes).zip(0..).map(|(ty, binding)| entry(binding, ty, false)).collect();
        let layouts = [planes, vec![entry(0, Uniform, true)]].map(|entries| {
            let descriptor = wgpu::BindGroupLayoutDescriptor { label: Some(kernel.name), entries: &entries };
            self.device.create_bind_group_layout(&descriptor)
        });
        let layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(kernel.name),
            bind_group_layouts: &layouts.each_ref().map(Some),
            immediate_size: 0,
        });
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(kernel.name),
            source: wgpu::ShaderSource::Wgsl(kernel.source.into()),
        });
        let compute = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(kernel.name),
            compilation_options: Default::default(),
            cache: None,
        });
        Pipeline { compute, layouts }
    }
}

/// An error without the line breaks that wgpu draws its causes with.
fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
