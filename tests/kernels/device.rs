//! The one adapter that all tests share: drivers have crashed when parallel tests each owned one.

use cupule::gpu::{self, Device, DeviceKind, DeviceRequest};
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Part of the name of the adapter to test; any if unset, hardware first.
const CHOICE: &str = "CUPULE_TEST_DEVICE";
/// Set to 1 where an adapter is known to be there: a test without one then fails.
const REQUIRE: &str = "REQUIRE_GPU";

static ADAPTER: OnceLock<Option<Mutex<Device>>> = OnceLock::new();

/// Lets one test at a time use the adapter. Without any, the test is skipped aloud, or fails when one is required.
pub fn with_adapter(work: impl FnOnce(&Device)) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    match ADAPTER.get_or_init(open) {
        // A test that failed says nothing about the device.
        Some(device) => work(&device.lock().unwrap_or_else(PoisonError::into_inner)),
        None if std::env::var(REQUIRE).is_ok_and(|v| v == "1") => panic!("{REQUIRE}=1, but there is no adapter"),
        None => say(&format!("SKIPPED {test}: there is no GPU adapter, not even a software one")),
    }
}

fn open() -> Option<Mutex<Device>> {
    let mut adapters: Vec<_> = gpu::list().into_iter().filter(|d| d.kind != DeviceKind::Native).collect();
    adapters.sort_by_key(|d| d.kind != DeviceKind::Hardware);
    let name = std::env::var(CHOICE).ok().or_else(|| Some(adapters.first()?.name.clone()))?;
    match Device::open(&DeviceRequest::Named(name)) {
        Ok(device) => {
            let info = device.info();
            say(&format!(
                "adapter under test: {} [{}; {}; {}]",
                info.name,
                info.backend,
                info.driver,
                info.kind.name()
            ));
            Some(Mutex::new(device))
        }
        // A name that was typed must be right; an adapter that is listed must open.
        Err(error) => panic!("no adapter to test: {error}"),
    }
}

/// Written past the test harness, which would swallow it.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
