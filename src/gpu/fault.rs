//! Trouble on demand, for tests; not part of release builds.
//!
//! `CUPULE_FAULT=KIND@N` plants it in the first attempt at the Nth image of a run, counted from 1. With `!` behind the number
//! it hits every attempt at the image, with `+` every image from there on, with `+!` both.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const VARIABLE: &str = "CUPULE_FAULT";
/// The kernel of an attempt that is hit: by then there are results that would be lost.
const KERNEL: usize = 3;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The device is destroyed.
    Destroy,
    /// A buffer finds no memory.
    Memory,
    /// A call is invalid.
    Validation,
    /// The driver reports an internal error.
    Internal,
    /// The driver's wrapper panics.
    Panic,
    /// A call never comes back.
    Hang,
    /// Cupule itself panics, whatever the device.
    Bug,
}

struct Plan {
    fault: Fault,
    image: usize,
    every_attempt: bool,
    onwards: bool,
}

static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| plan(&std::env::var(VARIABLE).ok()?));
/// Counted from 1; of the current run, image and attempt.
static IMAGES: AtomicUsize = AtomicUsize::new(0);
static ATTEMPTS: AtomicUsize = AtomicUsize::new(0);
static KERNELS: AtomicUsize = AtomicUsize::new(0);

fn plan(text: &str) -> Option<Plan> {
    let (kind, place) = text.split_once('@')?;
    let fault = match kind {
        "destroy" => Fault::Destroy,
        "oom" => Fault::Memory,
        "validation" => Fault::Validation,
        "internal" => Fault::Internal,
        "panic" => Fault::Panic,
        "hang" => Fault::Hang,
        "bug" => Fault::Bug,
        _ => return None,
    };
    let (place, every_attempt) = place.strip_suffix('!').map_or((place, false), |place| (place, true));
    let (place, onwards) = place.strip_suffix('+').map_or((place, false), |place| (place, true));
    Some(Plan { fault, image: place.parse().ok()?, every_attempt, onwards })
}

/// Another image begins.
pub fn next_image() {
    IMAGES.fetch_add(1, Ordering::SeqCst);
    ATTEMPTS.store(0, Ordering::SeqCst);
}

/// Another attempt at the image begins.
///
/// # Panics
/// Where a bug is planned.
pub fn next_attempt() {
    ATTEMPTS.fetch_add(1, Ordering::SeqCst);
    KERNELS.store(0, Ordering::SeqCst);
    assert!(planned() != Some(Fault::Bug), "planted bug");
}

/// What is planned for the next kernel.
pub fn at_kernel() -> Option<Fault> {
    (KERNELS.fetch_add(1, Ordering::SeqCst) + 1 == KERNEL).then(planned).flatten()
}

fn planned() -> Option<Fault> {
    let plan = PLAN.as_ref()?;
    let image = IMAGES.load(Ordering::SeqCst);
    let hit = if plan.onwards { image >= plan.image } else { image == plan.image };
    (hit && (plan.every_attempt || ATTEMPTS.load(Ordering::SeqCst) == 1)).then_some(plan.fault)
}

/// Panics as a driver's wrapper might.
///
/// # Panics
/// Always.
pub fn panic() -> ! {
    panic!("planted")
}
