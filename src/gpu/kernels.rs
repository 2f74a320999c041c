//! Every shader of the program, each beside its native twin. The only place that embeds WGSL.

use super::Kernel;
use crate::{calibrate, denoise, network, segment};

macro_rules! kernel {
    ($name:literal, $folder:literal, $native:path, $workgroup:expr) => {
        Kernel {
            name: $name,
            source: concat!(
                include_str!("../../shaders/common.wgsl"),
                include_str!(concat!("../../shaders/", $folder, "/", $name, ".wgsl"))
            ),
            native: $native,
            workgroup: $workgroup,
            block: [1; 3],
            groups: GROUPS,
        }
    };
}

/// Workgroups of a dispatch at most, of a kernel that does little per pixel: a picture of 2048 x 2048.
const GROUPS: u32 = 1 << 16;

impl Kernel {
    /// The kernel with fewer workgroups in a dispatch. The numbers below leave an integrated GPU of 0.4 TFLOPS at a
    /// third of its peak some 0.2 s, with the largest parameters, and fill the largest GPUs all the same.
    const fn at_most(self, groups: u32) -> Self {
        Self { groups, ..self }
    }

    /// The kernel with more than one position of the grid per invocation.
    const fn in_blocks(self, block: [u32; 3]) -> Self {
        Self { block, ..self }
    }
}

/// Threads of a workgroup over a picture: 64 wide so that neighbours read neighbours.
const PICTURE: [u32; 3] = [64, 1, 1];

pub static BIN: Kernel = kernel!("bin", "calibrate", calibrate::native::bin, PICTURE);
pub static NLM: Kernel = kernel!("nlm", "denoise", denoise::native::nlm, [8, 8, 1]).at_most(1 << 12);
pub static RESAMPLE: Kernel = kernel!("resample", "network", network::native::resample, PICTURE);
pub static CONVOLVE: Kernel =
    kernel!("convolve", "network", network::native::convolve, PICTURE).in_blocks([4, 2, 1]).at_most(1 << 13);
pub static HALVE: Kernel = kernel!("halve", "segment", segment::native::halve, PICTURE);
pub static BLUR: Kernel = kernel!("blur", "segment", segment::native::blur, PICTURE);
pub static GRADIENT: Kernel = kernel!("gradient", "segment", segment::native::gradient, PICTURE);
pub static VOTE: Kernel = kernel!("vote", "segment", segment::native::vote, PICTURE).at_most(1 << 14);
pub static POLAR: Kernel = kernel!("polar", "segment", segment::native::polar, [64, 1, 1]);
/// One workgroup solves one outline: its threads are the radial positions.
pub static CONTOUR: Kernel = kernel!("contour", "segment", segment::native::contour, [64, 1, 1]).at_most(1 << 12);

/// All of them, in the order in which the pipeline uses them.
pub static ALL: [&Kernel; 10] = [&BIN, &NLM, &RESAMPLE, &CONVOLVE, &HALVE, &BLUR, &GRADIENT, &VOTE, &POLAR, &CONTOUR];
