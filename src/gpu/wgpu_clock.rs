//! How long the device works on each kernel, by its own clock.
//!
//! Each dispatch writes two timestamps on the device. They are read with the next download, so that nobody waits for
//! them.

use super::Pass;

/// Dispatches that can be timed between two downloads; what comes beyond is not timed.
const TIMED_MAX: usize = 1024;

/// Timestamps on the device.
pub struct Clock {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    /// Seconds per tick.
    tick: f64,
    /// Dispatches whose timestamps have not been read yet, in the order of their queries.
    timed: Vec<Timed>,
}

/// A dispatch that is timed.
#[derive(Clone, Copy)]
pub struct Timed {
    pub kernel: &'static str,
    /// What it reads and writes of its planes.
    pub bytes: u64,
    /// Its workgroups.
    pub groups: u32,
    /// Workgroups that the kernel dispatches at most.
    pub most: u32,
}

impl Clock {
    /// Bytes of the two timestamps of a dispatch.
    pub const BYTES: u64 = 16;
    /// What an adapter must offer.
    pub const FEATURE: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY;

    /// The clock of a device, if it has one.
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Option<Self> {
        let tick = f64::from(queue.get_timestamp_period()) * 1e-9;
        device.features().contains(Self::FEATURE).then(|| Self {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("clock"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * TIMED_MAX as u32,
            }),
            resolved: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("clock"),
                size: Self::BYTES * TIMED_MAX as u64,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            tick,
            timed: Vec::new(),
        })
    }

    /// Where the next dispatch writes its timestamps.
    pub fn writes(&self) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        let next = 2 * self.timed.len() as u32;
        (self.timed.len() < TIMED_MAX).then_some(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(next),
            end_of_pass_write_index: Some(next + 1),
        })
    }

    /// The dispatch was handed in. Only then its timestamps may be asked for: the device would wait for ever for those
    /// of one that was not.
    pub fn started(&mut self, timed: Timed) {
        if self.timed.len() < TIMED_MAX {
            self.timed.push(timed);
        }
    }

    /// Bytes of all timestamps that have not been read.
    pub fn bytes(&self) -> u64 {
        Self::BYTES * self.timed.len() as u64
    }

    /// Has all timestamps copied. Their queries are free again, because the queue keeps the order.
    pub fn copy(&self, encoder: &mut wgpu::CommandEncoder, to: &wgpu::Buffer, offset: u64) {
        if !self.timed.is_empty() {
            encoder.resolve_query_set(&self.queries, 0..2 * self.timed.len() as u32, &self.resolved, 0);
            encoder.copy_buffer_to_buffer(&self.resolved, 0, to, offset, self.bytes());
        }
    }

    /// The dispatches whose timestamps were copied.
    pub fn copied(&mut self) -> Vec<Timed> {
        std::mem::take(&mut self.timed)
    }

    /// Seconds between each two timestamps.
    pub fn seconds(&self, bytes: &[u8]) -> Vec<f64> {
        let ticks: Vec<u64> = bytes.chunks_exact(8).map(|word| word.try_into().map_or(0, u64::from_le_bytes)).collect();
        ticks.chunks_exact(2).map(|pair| pair[1].saturating_sub(pair[0]) as f64 * self.tick).collect()
    }
}

/// Adds a dispatch to what its kernel took so far.
pub fn add(passes: &mut Vec<Pass>, timed: Timed, seconds: f64) {
    let at = passes.iter().position(|pass| pass.kernel == timed.kernel).unwrap_or_else(|| {
        passes.push(Pass { kernel: timed.kernel, dispatches: 0, seconds: 0.0, bytes: 0 });
        passes.len() - 1
    });
    passes[at].dispatches += 1;
    passes[at].seconds += seconds;
    passes[at].bytes += timed.bytes;
}
