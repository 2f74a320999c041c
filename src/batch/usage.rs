//! What the machine has, and what this process took of it.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Memory that this process may take, bytes: that of the machine, or less where a container or a scheduler says so; `None`
/// where nothing is known.
pub fn memory_bytes() -> Option<u64> {
    machine_bytes().into_iter().chain(group_bytes(Path::new("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"))).min()
}

#[cfg(unix)]
fn machine_bytes() -> Option<u64> {
    // SAFETY: no memory is handed over.
    let (pages, page) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    u64::try_from(pages).ok()?.checked_mul(u64::try_from(page).ok()?).filter(|bytes| *bytes > 0)
}

#[cfg(not(unix))]
fn machine_bytes() -> Option<u64> {
    None
}

/// The least limit of a process's control groups (cgroups, version 2 or 1) and those around them.
fn group_bytes(own: &Path, groups: &Path) -> Option<u64> {
    let text = fs::read_to_string(own).ok()?;
    let limits = text.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let (root, file) = match controllers {
            "" => (groups.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (groups.join("memory"), "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let own = root.join(path.trim_start_matches('/'));
        let around = own.ancestors().take_while(|group| group.starts_with(&root));
        around.filter_map(|group| fs::read_to_string(group.join(file)).ok()?.trim().parse().ok()).min()
    });
    limits.min()
}

/// What this process took so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Time of all cores.
    pub cpu: Duration,
    /// Most memory at once, bytes.
    pub peak_bytes: u64,
}

impl Usage {
    /// `None` where the system does not tell.
    #[cfg(unix)]
    pub fn now() -> Option<Self> {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the call fills the structure, whose every bit pattern is valid, and says whether it did.
        let usage = unsafe {
            if libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) != 0 {
                return None;
            }
            usage.assume_init()
        };
        let seconds = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
        // In KiB, but for Apple's systems.
        let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
        Some(Self { cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime), peak_bytes: usage.ru_maxrss as u64 * unit })
    }

    /// `None` where the system does not tell.
    #[cfg(not(unix))]
    pub fn now() -> Option<Self> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_around_a_process_counts() {
        let dir = tempfile::tempdir().unwrap();
        let (own, groups) = (dir.path().join("cgroup"), dir.path().join("groups"));
        fs::create_dir_all(groups.join("job/step")).unwrap();
        fs::create_dir_all(groups.join("memory/job")).unwrap();
        fs::write(groups.join("job/step/memory.max"), "max\n").unwrap();
        fs::write(groups.join("job/memory.max"), "4096\n").unwrap();
        fs::write(groups.join("memory/job/memory.limit_in_bytes"), "2048\n").unwrap();
        let bytes = |text: &str| {
            fs::write(&own, text).unwrap();
            group_bytes(&own, &groups)
        };
        assert_eq!(bytes("0::/job/step\n"), Some(4096));
        assert_eq!(bytes("3:cpu,memory:/job\n0::/job/step\n"), Some(2048));
        assert_eq!(bytes("0::/\n1:cpu:/job\n"), None);
        assert_eq!(group_bytes(&dir.path().join("none"), &groups), None);
    }

    #[test]
    #[cfg(unix)]
    fn a_process_takes_time_and_memory() {
        let usage = Usage::now().unwrap();
        assert!(usage.peak_bytes > 1 << 20 && usage.peak_bytes < memory_bytes().unwrap());
    }
}
