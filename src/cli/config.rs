//! `cupule config`.

use super::options::Layers;
use super::settings::SETTINGS;
use crate::config::{self, Profile};
use crate::error::Result;
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// Print the settings that 'analyze' would work with, each with where its value came from
///
/// The text is TOML that --config takes. Layers, from weak to strong: defaults, --profile, --config, variables such as
/// CUPULE_DENOISE__STRENGTH, --set, options of their own.
#[derive(Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Config {
    /// Also say what each setting is
    #[arg(long)]
    explain: bool,

    /// List the profiles instead
    #[arg(long)]
    profiles: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    layers: Layers,
}

impl Config {
    pub fn run(self) -> Result<ExitCode> {
        let text = match (self.profiles, self.json) {
            (true, json) => profiles(json),
            (false, true) => format!("{:#}\n", config::json(&SETTINGS, &self.layers.resolve()?)?),
            (false, false) => {
                let version = env!("CARGO_PKG_VERSION");
                let resolved = self.layers.resolve()?;
                let body = config::toml(&SETTINGS, &resolved, self.explain)?;
                format!("# Settings of cupule {version}, each with where its value came from.\n\n{body}")
            }
        };
        super::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn profiles(as_json: bool) -> String {
    let all = Profile::all().iter();
    if as_json {
        let all: Vec<_> =
            all.map(|profile| json!({"name": profile.name, "about": profile.about(), "toml": profile.text})).collect();
        return format!("{:#}\n", serde_json::Value::from(all));
    }
    let width = all.clone().map(|profile| profile.name.len()).max().unwrap_or_default();
    all.map(|profile| format!("{:width$}  {}\n", profile.name, profile.about())).collect()
}
