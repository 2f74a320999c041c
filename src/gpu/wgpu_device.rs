//! A wgpu adapter as the rest of the program sees it: each call is handed to the thread that owns the device. Only
//! reading back waits for an answer, with patience; the calls of other threads are served meanwhile.

use super::wgpu_work::{Dispatch, WgpuWork};
use super::worker::{Failure, Poster, Worker};
use super::{Condition, DeviceInfo, DeviceKind, Kernel, Pass, Plane};
use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What to do when a GPU fails in mid-run.
pub const REMEDY: &str = "run again with --device cpu, and check the driver with 'cupule devices'";
/// A call or a kernel that takes longer than this hangs; on hardware the largest kernels take well under a second.
const PATIENCE: Duration = Duration::from_secs(120);
/// The same for a driver that computes on the processor, where a kernel on a large picture has taken 10 s and other
/// programs take their share.
const PATIENCE_SOFTWARE: Duration = Duration::from_secs(600);
/// Name of the threads that own what belongs to a driver.
const THREAD: &str = "device";

/// Every adapter behind Vulkan, Metal and DirectX 12.
///
/// # Errors
/// [`Error::Device`] when a driver hangs or panics while it is asked.
pub fn adapters() -> Result<Vec<wgpu::Adapter>> {
    let enumerate = || {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::PRIMARY;
        let instance = wgpu::Instance::new(descriptor);
        Ok(pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY)))
    };
    let fault = |cause: String| Error::device(format!("the devices cannot be listed: {cause}"), REMEDY);
    let worker = Worker::start(THREAD, PATIENCE, enumerate).map_err(fault)?;
    worker.ask(|found, _| std::mem::take(found)).map_err(|failure| fault(failure.to_string()))
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

/// An open adapter.
pub struct WgpuDevice {
    info: DeviceInfo,
    worker: Worker<WgpuWork>,
    /// Raised by the driver; afterwards operations silently do nothing, so this flag is the authority.
    lost: Arc<AtomicBool>,
    /// Number of the next plane.
    next: AtomicU64,
}

/// Numbers on the device, given back when this is dropped. The buffer itself never leaves the device's thread: giving
/// it back can hang, too.
pub struct WgpuPlane {
    number: u64,
    owner: Poster<WgpuWork>,
}

impl Drop for WgpuPlane {
    fn drop(&mut self) {
        let number = self.number;
        self.owner.post(move |work| work.forget(number));
    }
}

impl WgpuDevice {
    /// Opens an adapter with all that it offers.
    pub fn open(adapter: &wgpu::Adapter) -> Result<Self> {
        let info = describe(adapter);
        let lost = Arc::new(AtomicBool::new(false));
        let patience = if info.kind == DeviceKind::Software { PATIENCE_SOFTWARE } else { PATIENCE };
        let (name, adapter, flag) = (info.name.clone(), adapter.clone(), lost.clone());
        let worker = Worker::start(THREAD, patience, move || WgpuWork::open(name, &adapter, flag))
            .map_err(|cause| Error::device(format!("device '{}' cannot be opened: {cause}", info.name), REMEDY))?;
        Ok(Self { info, worker, lost, next: AtomicU64::new(0) })
    }

    /// What it is, for the record.
    pub fn info(&self) -> DeviceInfo {
        self.info.clone()
    }

    /// Whether it can be used on after an error.
    pub fn condition(&self) -> Condition {
        match self.worker.failure() {
            Some(Failure::Hang(_)) => Condition::Hanging,
            Some(Failure::Panic(_)) => Condition::Failed,
            None if self.lost.load(Ordering::SeqCst) => Condition::Failed,
            None => Condition::Sound,
        }
    }

    fn fault(&self, what: &str, failure: &Failure) -> Error {
        Error::device(format!("device '{}' failed at {what}: {failure}", self.info.name), REMEDY)
    }

    fn plane(&self, len: usize) -> Plane {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        Plane::Gpu { plane: WgpuPlane { number, owner: self.worker.poster() }, len }
    }

    /// Brings numbers into a storage buffer.
    pub fn upload(&self, values: Vec<f32>) -> Result<Plane> {
        let plane = self.plane(values.len());
        let number = number(&plane);
        self.worker.tell(move |work| work.upload(number, &values)).map_err(|failure| self.fault("upload", &failure))?;
        Ok(plane)
    }

    /// Reads a storage buffer back.
    pub fn download(&self, plane: &WgpuPlane) -> Result<Vec<f32>> {
        let number = plane.number;
        let mut copying = None;
        let collected = move |work: &mut WgpuWork, alive: &dyn Fn()| match &mut copying {
            Some(copying) => work.collect(copying, alive),
            None => match work.copy(number) {
                Ok(begun) => {
                    copying = Some(begun);
                    None
                }
                Err(error) => Some(Err(error)),
            },
        };
        self.worker.ask_until(collected).map_err(|failure| self.fault("download", &failure))?
    }

    /// What each kernel took since the last call, as far as it is known.
    pub fn take_passes(&self) -> Vec<Pass> {
        self.worker.ask(|work, _| work.take_passes()).unwrap_or_default()
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
        let plane = self.plane(out_len);
        let dispatch = Dispatch {
            kernel: *kernel,
            params: params.to_vec(),
            inputs: inputs.iter().map(|plane| number(plane)).collect(),
            out: number(&plane),
            out_len,
            grid,
        };
        #[cfg(debug_assertions)]
        if let Some(fault) = super::fault::at_kernel() {
            self.plant(fault)?;
        }
        self.worker.tell(move |work| work.run(&dispatch)).map_err(|failure| self.fault(kernel.name, &failure))?;
        Ok(plane)
    }

    #[cfg(debug_assertions)]
    fn plant(&self, fault: super::fault::Fault) -> Result<()> {
        /// So that tests of hanging drivers don't take minutes.
        const PATIENCE_PLANTED: Duration = Duration::from_millis(200);
        let patience = if fault == super::fault::Fault::Hang { PATIENCE_PLANTED } else { PATIENCE };
        self.worker
            .ask_within(patience, move |work, _| work.plant(fault))
            .map_err(|failure| self.fault("a planted fault", &failure))?
    }
}

/// Number of a plane of this device.
fn number(plane: &Plane) -> u64 {
    match plane {
        Plane::Gpu { plane, .. } => plane.number,
        Plane::Host(_) => unreachable!("a plane never leaves the device that made it"),
    }
}
