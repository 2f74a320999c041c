//! `cupule plan`.

use super::options::typed;
use super::own::SelectionOptions;
use crate::batch::{self, Selection};
use crate::error::Result;
use crate::shards;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Cut the micrographs of folders into chunks that runs on many machines can share
///
/// Writes 0001.txt, 0002.txt and so on into the folder of the plan: lists of about as many bytes each. One run for each of them,
/// 'cupule analyze --list PLAN/0007.txt --out SHARDS/0007', may be started anywhere and at any time; 'cupule merge SHARDS/*
/// --out DIR' puts their results together. The same files give the same plan.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Plan {
    /// Micrographs, or folders to search in depth (by extension; links and hidden files are passed over)
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// Most files of a chunk
    #[arg(long, value_name = "FILES", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    chunk: u32,

    /// Folder for the plan; created if missing. An earlier plan in it is replaced
    #[arg(long, short, value_name = "PLAN")]
    out: PathBuf,

    #[command(flatten)]
    selection: SelectionOptions,

    /// Print what was planned as one JSON object
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub fn run(self) -> Result<ExitCode> {
        crate::stop::listen()?;
        let wanted = self.selection.resolve()?;
        let selection = Selection::new(&wanted.include, &wanted.exclude)?;
        let inputs = batch::find(&self.inputs, None, &selection)?;
        if inputs.links > 0 {
            super::say(&format!("warning: {}", super::analyze::passed_over(inputs.links)));
        }
        let plan = shards::Plan {
            inputs: &inputs,
            files_max: self.chunk as usize,
            typed: typed(&self.inputs),
            include: wanted.include,
            exclude: wanted.exclude,
        };
        let shards::Planned { plan, files, bytes, chunks, chunk_bytes: (least, most) } = plan.write(&self.out)?;
        if self.json {
            let object = json!({ "plan": plan, "files": files, "bytes": bytes, "chunks": chunks,
                                 "chunk_bytes_min": least, "chunk_bytes_max": most });
            super::print(&format!("{object}\n"))?;
        } else {
            super::print_line(&format!(
                "{files} files, {}, in {chunks} chunks of {} to {}; lists in {}",
                size(bytes),
                size(least),
                size(most),
                self.out.display()
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A number of bytes for people, in decimal units.
fn size(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let power = (0..units.len() - 1).find(|&power| bytes < 1000u64.pow(power as u32 + 1)).unwrap_or(units.len() - 1);
    match power {
        0 => format!("{bytes} B"),
        _ => format!("{:.1} {}", bytes as f64 / 1000f64.powi(power as i32), units[power]),
    }
}
