//! What the figures were measured on.

use crate::widest::Level;
use serde::Serialize;

/// What can be told of the machine without asking whose it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Machine {
    /// As its maker calls it; `None` where the system does not tell.
    pub processor_model: Option<String>,
    /// As Rust calls it: `x86_64`, `aarch64`, ...
    pub processor_architecture: &'static str,
    /// Vector instructions in use: `baseline`, `avx2` or `avx512`.
    pub processor_instructions: &'static str,
    /// Cores that this program may use, as far as the system tells.
    pub processor_cores: Option<usize>,
    pub operating_system: &'static str,
}

impl Machine {
    /// The one that this runs on.
    pub fn this() -> Self {
        Self {
            processor_model: std::fs::read_to_string("/proc/cpuinfo").ok().as_deref().and_then(model),
            processor_architecture: std::env::consts::ARCH,
            processor_instructions: Level::current().name(),
            processor_cores: std::thread::available_parallelism().ok().map(usize::from),
            operating_system: std::env::consts::OS,
        }
    }
}

/// The processor's model in a text such as `/proc/cpuinfo` of Linux.
fn model(cpuinfo: &str) -> Option<String> {
    let values = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let mut models = values.filter(|(name, _)| name.trim() == "model name").map(|(_, model)| model.trim());
    models.find(|model| !model.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_told_once() {
        let text =
            "processor\t: 0\nmodel\t\t: 17\nmodel name\t: A Processor: 64 Cores\n\nprocessor\t: 1\nmodel name\t: B\n";
        assert_eq!(model(text).as_deref(), Some("A Processor: 64 Cores"));
        assert_eq!(model("processor : 0\nFeatures : fp asimd\n"), None);
    }
}
