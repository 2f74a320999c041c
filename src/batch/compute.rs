//! Where an image is analysed, and what is done when a device fails: once more on the same device opened afresh, then on
//! the processor. No image is lost to a driver.

use super::guarded;
use crate::caught::caught;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::gpu::{Choice, Condition, Device, DeviceInfo, DeviceRequest, Pass};
use crate::image::Micrograph;
use crate::measure::Model;
use crate::pipeline::{self, Analysis};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Images in a row that failed in the first attempt, after which the device is not tried any more: a folder of pictures
/// that are too large for it, or a device that works only when opened afresh.
const TROUBLED_MAX: usize = 5;
/// Hangs in a run after which the device is not tried any more, in a row or not: each costs minutes.
const HANGS_MAX: usize = 3;

/// Where images are analysed, several at once.
pub struct Compute {
    state: Mutex<State>,
    /// The device of the run.
    info: DeviceInfo,
    /// Why this is the processor where a GPU was hoped for; told with each image.
    opening: Option<String>,
}

struct State {
    /// The device of the next image.
    choice: Arc<Choice>,
    /// Absent until it is opened (again).
    open: Option<Arc<Device>>,
    /// Images in a row whose first attempt failed.
    troubled: usize,
    /// Hangs so far.
    hangs: usize,
}

/// How an attempt failed.
struct Trouble {
    cause: String,
    condition: Condition,
}

impl Compute {
    /// Opens the device that was asked for.
    ///
    /// # Errors
    /// [`Error::Device`] when a device that was explicitly asked for is missing or can't be opened.
    pub fn open(request: &DeviceRequest) -> Result<Self> {
        let (choice, device, trouble) = Choice::opened(request)?;
        let info = choice.info();
        let state = State { choice: Arc::new(choice), open: Some(Arc::new(device)), troubled: 0, hangs: 0 };
        Ok(Self { state: Mutex::new(state), info, opening: trouble.map(cause) })
    }

    /// The device that was opened for the run.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// What the device computed since it was asked last; nothing where it has no clock, or failed.
    pub fn take_passes(&self) -> Vec<Pass> {
        self.state().open.as_ref().map(|device| device.take_passes()).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Analyses an image, wherever that is possible, and says where that was; what went wrong on the way is added to its
    /// warnings. The image's name is for messages.
    ///
    /// # Errors
    /// [`Error::Input`] when this program panics on the image.
    pub fn analyze(
        &self,
        name: &Path,
        micrograph: &Micrograph,
        config: &Config,
        model: &Model,
        warnings: &mut Vec<String>,
    ) -> Result<(Analysis, DeviceInfo)> {
        let work = |device: &Device| {
            #[cfg(debug_assertions)]
            crate::gpu::fault::next_attempt();
            pipeline::analyze(micrograph, config, model, device)
        };
        #[cfg(debug_assertions)]
        crate::gpu::fault::next_image();
        if let Some(cause) = &self.opening {
            warnings.push(format!("{cause}; analysed on the processor"));
        }
        if matches!(*self.state().choice, Choice::Native) {
            return natively(name, work);
        }
        let first = match self.attempt(work) {
            Ok(analysis) => {
                self.state().troubled = 0;
                return Ok(analysis);
            }
            Err(trouble) => trouble,
        };
        match self.attempt(work) {
            Ok(analysis) => {
                let end = self.state().judge(&[&first]);
                warnings.push(format!("{}; analysed on the same device, opened afresh{end}", first.cause));
                Ok(analysis)
            }
            Err(second) => {
                // What fails on the processor, too, is no fault of the device.
                let analysis = natively(name, work)?;
                let end = self.state().judge(&[&first, &second]);
                let causes = if first.cause == second.cause {
                    format!("{}, twice", first.cause)
                } else {
                    format!("{}, and opened afresh: {}", first.cause, second.cause)
                };
                warnings.push(format!("{causes}; analysed on the processor{end}"));
                Ok(analysis)
            }
        }
    }

    /// Analyses on the chosen device. Only a device in good order is kept open; images that others are analysing on it go on
    /// as long as it lets them.
    fn attempt(
        &self,
        work: impl FnOnce(&Device) -> Result<Analysis>,
    ) -> std::result::Result<(Analysis, DeviceInfo), Trouble> {
        let device = self.state().device()?;
        let trouble = match caught(|| work(&device)) {
            Ok(Ok(analysis)) => return Ok((analysis, device.info())),
            Ok(Err(error)) => Trouble { cause: cause(error), condition: device.condition() },
            // Perhaps over what the device computed.
            Err(panic) => Trouble { cause: format!("internal error: {panic}"), condition: Condition::Failed },
        };
        self.state().open.take_if(|open| Arc::ptr_eq(open, &device));
        Err(trouble)
    }
}

fn natively(name: &Path, work: impl FnOnce(&Device) -> Result<Analysis>) -> Result<(Analysis, DeviceInfo)> {
    let analysis = guarded(name, || work(&Device::Native))?;
    Ok((analysis, Choice::Native.info()))
}

impl State {
    /// The device, opened afresh where it failed before.
    fn device(&mut self) -> std::result::Result<Arc<Device>, Trouble> {
        if let Some(device) = &self.open {
            return Ok(device.clone());
        }
        let opened = self.choice.open();
        let device = Arc::new(opened.map_err(|error| Trouble { cause: cause(error), condition: Condition::Failed })?);
        self.open = Some(device.clone());
        Ok(device)
    }

    /// Decides after the failed attempts at an image whether the device is tried again; otherwise says why not.
    fn judge(&mut self, attempts: &[&Trouble]) -> String {
        self.troubled += 1;
        self.hangs += attempts.iter().filter(|trouble| trouble.condition == Condition::Hanging).count();
        let reason = match attempts {
            [_, second] if second.condition != Condition::Sound => "the device failed again when opened afresh".into(),
            _ if self.hangs >= HANGS_MAX => format!("the device hung {} times", self.hangs),
            _ if self.troubled >= TROUBLED_MAX => format!("the device failed on {} images in a row", self.troubled),
            _ => return String::new(),
        };
        (self.choice, self.open) = (Arc::new(Choice::Native), None);
        format!("; later images of this run are analysed on the processor, because {reason}")
    }
}

/// Cause of an error of a device, without the remedy: it was applied.
fn cause(error: Error) -> String {
    match error {
        Error::Device { cause, .. } => cause,
        other => other.to_string(),
    }
}
