//! Errors, sorted by whose fault they are.
//!
//! The kind decides what happens next: an [`Error::Input`] or [`Error::Unsupported`] becomes one line and one row in
//! `images.csv` while the run goes on; the others end the run. Each message names the thing, the cause and the remedy.

use std::path::{Path, PathBuf};

/// Result with this crate's [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can go wrong, by whose fault.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A file is damaged, empty or unreadable.
    #[error("{}: {cause}; {remedy}", path.display())]
    Input { path: PathBuf, cause: String, remedy: String },
    /// A file is intact, but of a kind that is not read.
    #[error("{}: {cause}; {remedy}", path.display())]
    Unsupported { path: PathBuf, cause: String, remedy: String },
    /// An option or a configuration value makes no sense.
    #[error("{cause}; {remedy}")]
    Config { cause: String, remedy: String },
    /// Nothing among the inputs can be analysed.
    #[error("{cause}; {remedy}")]
    NoInput { cause: String, remedy: String },
    /// The asked-for device is missing or failed.
    #[error("{cause}; {remedy}")]
    Device { cause: String, remedy: String },
    /// A result cannot be written.
    #[error("{}: {cause}; {remedy}", path.display())]
    Output { path: PathBuf, cause: String, remedy: String },
    /// Another program works in the output folder.
    #[error("{}: {cause}; {remedy}", path.display())]
    Locked { path: PathBuf, cause: String, remedy: String },
    /// A signal asked the program to end; what is done is kept.
    #[error("stopped by {}; {remedy}", signal_name(*.signal))]
    Stopped { signal: i32, remedy: String },
}

impl Error {
    /// A damaged or unreadable file.
    pub fn input(path: &Path, cause: impl ToString, remedy: impl ToString) -> Self {
        Self::Input { path: path.into(), cause: cause.to_string(), remedy: remedy.to_string() }
    }

    /// A file of a kind that is not read.
    pub fn unsupported(path: &Path, cause: impl ToString, remedy: impl ToString) -> Self {
        Self::Unsupported { path: path.into(), cause: cause.to_string(), remedy: remedy.to_string() }
    }

    /// A nonsensical option.
    pub fn config(cause: impl ToString, remedy: impl ToString) -> Self {
        Self::Config { cause: cause.to_string(), remedy: remedy.to_string() }
    }

    /// No usable input.
    pub fn no_input(cause: impl ToString, remedy: impl ToString) -> Self {
        Self::NoInput { cause: cause.to_string(), remedy: remedy.to_string() }
    }

    /// A missing or failing device.
    pub fn device(cause: impl ToString, remedy: impl ToString) -> Self {
        Self::Device { cause: cause.to_string(), remedy: remedy.to_string() }
    }

    /// A result that cannot be written.
    pub fn output(path: &Path, cause: impl ToString, remedy: impl ToString) -> Self {
        Self::Output { path: path.into(), cause: cause.to_string(), remedy: remedy.to_string() }
    }

    /// A folder that another program works in.
    pub fn locked(path: &Path, cause: impl ToString, remedy: impl ToString) -> Self {
        Self::Locked { path: path.into(), cause: cause.to_string(), remedy: remedy.to_string() }
    }

    /// Process exit code: 1 an image failed, 2 configuration, 3 no usable input, 4 output, 5 device, 6 locked, and 128 more
    /// than the number of the signal that stopped it, as shells have it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::Unsupported { .. } => 1,
            Self::Config { .. } => 2,
            Self::NoInput { .. } => 3,
            Self::Output { .. } => 4,
            Self::Device { .. } => 5,
            Self::Locked { .. } => 6,
            Self::Stopped { signal, .. } => 128 + u8::try_from(*signal).unwrap_or(0),
        }
    }
}

/// Name of a signal that asks a program to end.
fn signal_name(signal: i32) -> String {
    match signal {
        1 => "SIGHUP".into(),
        2 => "SIGINT".into(),
        15 => "SIGTERM".into(),
        other => format!("signal {other}"),
    }
}
