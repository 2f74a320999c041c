//! `cupule sample`.

use crate::error::Result;
use crate::purity::TEMPLATE;
use clap::Args;
use std::process::ExitCode;

/// Print a sample.toml to fill in, for 'analyze --sample'
#[derive(Args)]
pub struct Sample {}

impl Sample {
    pub fn run(self) -> Result<ExitCode> {
        super::print(TEMPLATE)?;
        Ok(ExitCode::SUCCESS)
    }
}
