//! One planted fault per kernel. Each changes a single token of the shader, most of them at a border or in a tie, and a
//! comparison that doesn't notice it is worth nothing.

use cupule::gpu::Kernel;

struct Fault {
    kernel: &'static str,
    /// Must occur exactly once in the shader.
    text: &'static str,
    fault: &'static str,
}

const FAULTS: [Fault; 10] = [
    // Pixels of a row of the block are read from its diagonal.
    Fault { kernel: "bin", text: "id.x * params.factor + i]", fault: "id.x * params.factor + j]" },
    // The right border is where the lower one is.
    Fault { kernel: "nlm", text: "% TILE, params.width)", fault: "% TILE, params.height)" },
    // The right neighbour of the last column is the next row's first pixel.
    Fault { kernel: "resample", text: "min(x0 + 1u, params.width - 1u)", fault: "min(x0 + 1u, params.width)" },
    // The right border is a pixel too far away.
    Fault { kernel: "convolve", text: "x < i32(params.grid_width)", fault: "x <= i32(params.grid_width)" },
    // The lower neighbour is the one after.
    Fault { kernel: "halve", text: "inside(y0 + 1, params.height)", fault: "inside(y0 + 2, params.height)" },
    // The outermost weight is left out.
    Fault { kernel: "blur", text: "k <= i32(params.radius)", fault: "k < i32(params.radius)" },
    // The difference is lopsided.
    Fault { kernel: "gradient", text: "inside(y - 1, params.height)", fault: "inside(y - 2, params.height)" },
    // One column beyond the right border counts, which is the next row's first pixel.
    Fault { kernel: "vote", text: "x < i32(params.width)", fault: "x <= i32(params.width)" },
    // The right neighbour is the one after.
    Fault { kernel: "polar", text: "outward(at + 1u, along)", fault: "outward(at + 2u, along)" },
    // Steps of two positions are forgotten.
    Fault { kernel: "contour", text: "const STEP_MAX = 2;", fault: "const STEP_MAX = 1;" },
];

/// The kernel with its planted fault; the native twin is right.
pub fn faulty(kernel: &Kernel) -> Kernel {
    let fault = FAULTS.iter().find(|f| f.kernel == kernel.name).unwrap_or_else(|| panic!("{} lacks one", kernel.name));
    assert_eq!(kernel.source.matches(fault.text).count(), 1, "{}: '{}'", kernel.name, fault.text);
    // Kernels live as long as the program, so their text does too.
    let source = kernel.source.replace(fault.text, fault.fault).leak();
    Kernel { source, ..*kernel }
}
