//! Reading back: numbers, and how long the device worked until they were there.

use super::{Use, WgpuWork, one_line};
use crate::error::Result;
use crate::gpu::Pass;
use crate::gpu::wgpu_clock::{Clock, Timed, add};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

/// How long the thread waits for the device before it looks whether others have work for it.
const TURN: Duration = Duration::from_millis(1);
/// Dispatches are to take no longer than this, seconds: a fraction of the two after which Windows ends them.
const LONGEST: f64 = 0.25;
/// Dispatches become shorter by this at most, whatever the device's clock says.
const SHORTER_MAX: u32 = 64;

/// Numbers on their way back, with the timestamps of what was done before.
pub struct Copying {
    staging: wgpu::Buffer,
    bytes: u64,
    /// Where the timestamps begin.
    times: u64,
    timed: Vec<Timed>,
    mapped: Receiver<std::result::Result<(), wgpu::BufferAsyncError>>,
    /// Which piece of the work handed in it is, counted from 1.
    piece: u64,
}

impl WgpuWork {
    /// Begins to read a storage buffer back; [`Self::collect`] goes on.
    pub fn copy(&mut self, number: u64) -> Result<Copying> {
        let numbers = self.plane(number)?;
        let bytes = numbers.bytes;
        let times = bytes.next_multiple_of(8);
        let total = times + self.clock.as_ref().map_or(0, Clock::bytes);
        let staging = self.buffer("download", total, Use::Back)?;
        let (sender, mapped) = channel();
        let copied = self.guarded("download", || {
            let mut encoder = self.device.create_command_encoder(&Default::default());
            encoder.copy_buffer_to_buffer(&numbers.buffer, 0, &staging, 0, bytes);
            if let Some(clock) = &self.clock {
                clock.copy(&mut encoder, &staging, times);
            }
            let copied = self.queue.submit([encoder.finish()]);
            staging.map_async(wgpu::MapMode::Read, 0..total, move |result| drop(sender.send(result)));
            copied
        })?;
        self.note(copied);
        let timed = self.clock.as_mut().map_or(Vec::new(), Clock::copied);
        Ok(Copying { staging, bytes, times, timed, mapped, piece: self.handed_in })
    }

    /// Waits a little for the oldest piece of work that is not done, and then returns the numbers if they are there.
    /// `alive` is called for each piece that is done: the limit of patience is for each of them, and kept by whoever
    /// waits for the answer, because wgpu's is kept by sound drivers only.
    pub fn collect(&mut self, copying: &mut Copying, alive: &dyn Fn()) -> Option<Result<Vec<f32>>> {
        if let Some(oldest) = self.submitted.front() {
            let wait = wgpu::PollType::Wait { submission_index: Some(oldest.clone()), timeout: Some(TURN) };
            match self.device.poll(wait) {
                Ok(_) => {
                    self.submitted.pop_front();
                    alive();
                }
                Err(wgpu::PollError::Timeout) => {}
                Err(error) => return Some(Err(self.fault("download", &one_line(&error)))),
            }
        }
        // wgpu never calls back when the device is lost at a bad moment (gfx-rs/wgpu#9511), so nothing is waited for.
        let done = self.handed_in - self.submitted.len() as u64;
        let mapped = copying.mapped.try_recv();
        if matches!(mapped, Ok(Err(_))) {
            // Of a loss it is only told when all work has come to its end (gfx-rs/wgpu#9278).
            let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
        }
        match mapped {
            _ if self.lost.load(Ordering::SeqCst) => Some(Err(self.fault("download", "the device was lost"))),
            Ok(Ok(())) => Some(self.read(copying)),
            Ok(Err(error)) => Some(Err(self.fault("download", &one_line(&error)))),
            Err(TryRecvError::Empty) if done < copying.piece => None,
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                self.lost.store(true, Ordering::SeqCst);
                Some(Err(self.fault("download", "the driver says nothing about the numbers")))
            }
        }
    }

    fn read(&mut self, copying: &Copying) -> Result<Vec<f32>> {
        let Copying { staging, bytes, times, timed, .. } = copying;
        let seconds = match &self.clock {
            Some(clock) if !timed.is_empty() => {
                let view = staging.get_mapped_range(*times..times + Clock::BYTES * timed.len() as u64);
                clock.seconds(&view.map_err(|error| self.fault("download", &one_line(&error)))?)
            }
            _ => Vec::new(),
        };
        let view = staging.get_mapped_range(0..*bytes).map_err(|error| self.fault("download", &one_line(&error)))?;
        let values = bytemuck::pod_collect_to_vec(&view[..]);
        drop(view);
        staging.unmap();
        self.give_back(staging.clone(), Use::Back);
        for (&timed, seconds) in timed.iter().zip(seconds) {
            add(&mut self.passes, timed, seconds);
            self.shorten(timed, seconds);
        }
        Ok(values)
    }

    /// Learns how much of a kernel the device gets through. Nothing is ever made longer: a cheap layer says nothing
    /// about the next one.
    fn shorten(&mut self, Timed { kernel, most, groups, .. }: Timed, seconds: f64) {
        if seconds > LONGEST {
            let enough = ((f64::from(groups) * LONGEST / seconds) as u32).max(most / SHORTER_MAX).max(1);
            let shorter = self.shorter.entry(kernel).or_insert(enough);
            *shorter = enough.min(*shorter);
        }
    }

    /// What each kernel took since the last call.
    pub fn take_passes(&mut self) -> Vec<Pass> {
        std::mem::take(&mut self.passes)
    }
}
