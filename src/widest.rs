//! The widest instructions of the processor, chosen at run time, from one source.
//!
//! A function inside `widest!` is compiled once for every [`Level`] and the best one that the processor has is called. All of
//! them give the same bits: nothing here lets the compiler reorder sums or fuse multiplications with additions, and where a
//! function fuses them itself, its numbers are whole and exact either way.

use std::sync::LazyLock;

/// Sets of vector instructions, each holding the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the architecture has: SSE2 on x86-64, NEON on aarch64.
    Baseline,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F, BW, CD, DQ and VL.
    Avx512,
}

/// Holds the processor to fewer instructions than it has, to compare them or to get around a broken one.
const VARIABLE: &str = "CUPULE_SIMD";

static LEVEL: LazyLock<Level> = LazyLock::new(|| {
    let asked = std::env::var(VARIABLE).ok();
    let most =
        [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().find(|level| asked.as_deref() == Some(level.name()));
    most.map_or(Level::best(), |most| most.min(Level::best()))
});

impl Level {
    /// The one in use.
    pub fn current() -> Self {
        *LEVEL
    }

    /// The word for it in `CUPULE_SIMD` and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn best() -> Self {
        let avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        let avx512 = avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match (avx2, avx512) {
            (_, true) => Self::Avx512,
            (true, _) => Self::Avx2,
            _ => Self::Baseline,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn best() -> Self {
        Self::Baseline
    }
}

/// Whether a multiplication fused with an addition is one instruction where a register holds so many numbers; elsewhere it
/// is a slow function.
#[inline(always)]
pub const fn is_fused(lanes: usize) -> bool {
    lanes > 4 || cfg!(target_arch = "aarch64")
}

/// The nearest whole number, ties to the even one, of what is smaller than 2^22 either way: adding and taking away 1.5 * 2^23
/// leaves no room for a fraction. The same as `round_ties_even`, which is a function call on old processors.
#[inline(always)]
pub fn whole(value: f32) -> f32 {
    const NO_FRACTION: f32 = 12_582_912.0;
    (value + NO_FRACTION) - NO_FRACTION
}

/// Defines a function in a copy for every [`Level`]. Its body knows `LANES`, how many `f32` a register holds: 4, 8 or 16.
/// What it calls is compiled for the wider registers only where it is inlined, so loops that matter count plainly instead of
/// chaining iterators.
macro_rules! widest {
    ($(#[$about:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$about])*
        $vis fn $name($($arg: $type),*) {
            #[inline(always)]
            #[allow(clippy::too_many_arguments, clippy::needless_range_loop)]
            fn with<const LANES: usize>($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            #[allow(clippy::too_many_arguments)]
            fn avx512($($arg: $type),*) {
                with::<16>($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            #[allow(clippy::too_many_arguments)]
            fn avx2($($arg: $type),*) {
                with::<8>($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            match $crate::widest::Level::current() {
                // SAFETY: the processor was asked whether it has what these are compiled for.
                $crate::widest::Level::Avx512 => return unsafe { avx512($($arg),*) },
                $crate::widest::Level::Avx2 => return unsafe { avx2($($arg),*) },
                $crate::widest::Level::Baseline => {}
            }
            with::<4>($($arg),*)
        }
    };
}

pub(crate) use widest;

widest! {
    /// Fills a row with weighted values.
    pub fn scale(out: &mut [f32], values: &[f32], weight: f32) {
        let values = &values[..out.len()];
        for x in 0..out.len() {
            out[x] = values[x] * weight;
        }
    }
}

widest! {
    /// Adds two rows with one weight: what a symmetric filter does for each distance from its middle.
    pub fn add_pair(out: &mut [f32], before: &[f32], after: &[f32], weight: f32) {
        let (before, after) = (&before[..out.len()], &after[..out.len()]);
        for x in 0..out.len() {
            out[x] += (before[x] + after[x]) * weight;
        }
    }
}
