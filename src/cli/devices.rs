//! `cupule devices`.

use crate::error::Result;
use crate::gpu::{self, DeviceKind};
use clap::Args;
use std::process::ExitCode;

/// List the devices that can compute
///
/// A hardware GPU is taken by itself; a software one (a graphics driver that computes on the processor) only when named.
#[derive(Args)]
pub struct Devices {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Devices {
    pub fn run(self) -> Result<ExitCode> {
        let devices = gpu::list();
        if self.json {
            super::print(&format!("{}\n", serde_json::json!(devices)))?;
            return Ok(ExitCode::SUCCESS);
        }
        let automatic = devices.iter().position(|d| d.kind == DeviceKind::Hardware).unwrap_or(0);
        let mut text = String::new();
        for (i, device) in devices.iter().enumerate() {
            let kind = match device.kind {
                DeviceKind::Native => "the processor, without a graphics driver",
                DeviceKind::Hardware => "hardware GPU",
                DeviceKind::Software => "software, only when named",
            };
            let mark = if i == automatic { "*" } else { " " };
            text += &format!("{mark} {}  [{}; {}; {kind}]\n", device.name, device.backend, device.driver);
        }
        text += "* is what --device auto takes.\n";
        super::print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
