//! `cupule columns`.

use crate::error::Result;
use crate::report::columns::{documentation, documentation_json};
use clap::Args;
use std::process::ExitCode;

/// Explain every column of the tables: meaning, estimator, unit, source
#[derive(Args)]
pub struct Columns {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Columns {
    pub fn run(self) -> Result<ExitCode> {
        let text = if self.json { format!("{:#}\n", documentation_json()) } else { documentation() };
        super::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
