//! How far a shader may be from its native twin, on any adapter, and why.
//!
//! WGSL lets a driver fuse `a * b + c`, reassociate sums and divide 2.5 units in the last place off, so only whole
//! numbers can be promised bit for bit. (On lavapipe nearly all kernels are; what was measured is printed by each test.)

/// What one kernel is allowed.
pub struct Tolerance {
    pub kernel: &'static str,
    /// Largest difference, in units of the kernel's output.
    pub difference: f32,
    /// Share of values that may be further off.
    pub strays: f64,
    pub reason: &'static str,
}

pub const TOLERANCES: [Tolerance; 10] = [
    Tolerance {
        kernel: "bin",
        difference: 1.0,
        strays: 0.0,
        reason: "a mean that lies on a half may be rounded to either whole number",
    },
    Tolerance { kernel: "nlm", difference: 0.0, strays: 0.0, reason: "whole numbers throughout" },
    Tolerance { kernel: "resample", difference: 0.0, strays: 0.0, reason: "whole numbers throughout" },
    Tolerance {
        kernel: "convolve",
        difference: 0.0,
        strays: 0.0,
        reason: "whole numbers below 2^24 and powers of two: no sum is rounded, in whatever order and fused or not",
    },
    Tolerance {
        kernel: "halve",
        difference: 0.02,
        strays: 0.0,
        reason: "a sum of four values of up to 65535, whose last place is 0.008, in any order",
    },
    Tolerance {
        kernel: "blur",
        difference: 0.05,
        strays: 0.0,
        reason: "a dozen products of values of up to 65535 are summed, fused or not",
    },
    Tolerance {
        kernel: "gradient",
        difference: 3.1e-5,
        strays: 0.0,
        reason: "square root and division are a few last places off, and then rounded to the next 32767th or the one beside it",
    },
    Tolerance {
        kernel: "vote",
        difference: 3.1e-5,
        strays: 0.0,
        reason: "a mean over 32 directions of sums of two products, rounded to the next 32767th or the one beside it",
    },
    Tolerance {
        kernel: "polar",
        difference: 2e-4,
        strays: 1e-3,
        reason: "coordinates are rounded to 1e-5 px where neighbours differ by up to 2; strays: a point that lies on the \
                 picture's border is known or not",
    },
    Tolerance {
        kernel: "contour",
        difference: 1e-4,
        strays: 0.0,
        reason: "paths are whole numbers and equal; only the sub-pixel shift along a ray divides",
    },
];

/// What the kernel of this name is allowed.
pub fn of(kernel: &str) -> &'static Tolerance {
    TOLERANCES.iter().find(|t| t.kernel == kernel).unwrap_or_else(|| panic!("'{kernel}' has no tolerance"))
}

impl Tolerance {
    /// Compares what the adapter computed with what the native twin did; the text tells the numbers either way.
    pub fn compare(&self, case: &str, actual: &[f32], expected: &[f32]) -> Result<String, String> {
        let mut differing = 0;
        let mut largest = 0.0f32;
        let mut beyond = Vec::new();
        for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
            let difference = (a - e).abs();
            differing += usize::from(a != e);
            // Not finite is never right, and NaN is beyond every tolerance.
            let close = difference <= self.difference && a.is_finite();
            if !close {
                beyond.push(i);
            }
            largest = if difference > largest || difference.is_nan() { difference } else { largest };
        }
        let n = expected.len();
        let numbers = format!(
            "{} on {case}: {differing} of {n} values differ, by up to {largest:e}; {} by more than {:e}",
            self.kernel,
            beyond.len(),
            self.difference
        );
        if actual.len() == n && n > 0 && beyond.len() as f64 <= self.strays * n as f64 {
            return Ok(numbers);
        }
        let shown: Vec<String> = beyond
            .iter()
            .take(8)
            .map(|&i| format!("  [{i}] actual {:?}, expected {:?}", actual[i], expected[i]))
            .collect();
        Err(format!("{numbers} ({}); lengths {} and {n}\n{}", self.reason, actual.len(), shown.join("\n")))
    }
}

#[test]
fn every_kernel_has_one_tolerance() {
    let kernels: Vec<_> = cupule::gpu::kernels::ALL.iter().map(|k| k.name).collect();
    assert_eq!(TOLERANCES.map(|t| t.kernel).to_vec(), kernels);
}

#[test]
fn a_comparison_tells_every_kind_of_difference() {
    let exact = Tolerance { kernel: "test", difference: 0.0, strays: 0.0, reason: "" };
    assert!(exact.compare("", &[1.0, 2.0], &[1.0, 2.0]).is_ok());
    for (actual, expected) in [
        (vec![1.0, 2.0], vec![1.0, 2.5]),
        (vec![1.0, f32::NAN], vec![1.0, 2.0]),
        (vec![1.0, f32::NAN], vec![1.0, f32::NAN]),
        (vec![f32::INFINITY], vec![f32::INFINITY]),
        (vec![1.0], vec![1.0, 2.0]),
        (vec![], vec![]),
    ] {
        assert!(exact.compare("", &actual, &expected).is_err(), "{actual:?} {expected:?}");
    }
    let strays = Tolerance { strays: 0.5, ..exact };
    assert!(strays.compare("", &[1.0, 2.0], &[1.0, 3.0]).is_ok());
    assert!(strays.compare("", &[1.0, 2.0], &[2.0, 3.0]).is_err());
}
