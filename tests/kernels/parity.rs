//! Each shader computes what its native twin computes, and the comparison would notice if it didn't.

use crate::device::with_adapter;
use crate::faults::faulty;
use crate::pictures::{Dice, Picture, pictures};
use crate::tolerance;
use bytemuck::Pod;
use cupule::calibrate::native::BinParams;
use cupule::denoise::native::{self, NlmParams, SEARCH_RADIUS_MAX};
use cupule::gpu::{Device, Kernel, Plane, kernels};
use cupule::network::native::{BLOCK, ConvolveParams, ResampleParams, SAMPLES};
use cupule::segment::RAYS;
use cupule::segment::native::{
    BlurParams, ContourParams, GradientParams, HalveParams, PolarParams, TOP, VoteParams, unpacked as of_word,
};
use std::f32::consts::TAU;

/// Runs a kernel on a device and brings back what it filled.
type Run = Box<dyn Fn(&Device, &Kernel) -> Vec<f32>>;

/// One dispatch that can be repeated on any device, with any version of the kernel.
pub struct Case {
    pub name: String,
    pub run: Run,
}

/// The two numbers of each word.
fn unpacked(words: Vec<f32>) -> Vec<f32> {
    words.into_iter().flat_map(|word| <[f32; 2]>::from(of_word(word.to_bits()))).map(|v| v / TOP).collect()
}

/// The same of a case that fills words of two numbers.
fn packed(case: Case) -> Case {
    Case { run: Box::new(move |device, kernel| unpacked((case.run)(device, kernel))), ..case }
}

fn case<P: Pod>(name: String, params: P, inputs: Vec<Vec<f32>>, out_len: usize, grid: [usize; 3]) -> Case {
    let run = move |device: &Device, kernel: &Kernel| {
        let planes: Vec<Plane> = inputs.iter().map(|values| device.upload(values.clone()).unwrap()).collect();
        let inputs: Vec<&Plane> = planes.iter().collect();
        let out = device.run(kernel, &params, &inputs, out_len, grid).unwrap();
        device.download(&out).unwrap().into_owned()
    };
    Case { name, run: Box::new(run) }
}

/// Native twin, shader and faulty shader on all cases of all pictures.
fn check(kernel: &Kernel) {
    let cases: Vec<Case> = pictures().iter().flat_map(|picture| cases(kernel, picture)).collect();
    with_adapter(|device| {
        let tolerance = tolerance::of(kernel.name);
        let faulty = faulty(kernel);
        let mut failures = Vec::new();
        let mut noticed = 0;
        for case in &cases {
            let expected = (case.run)(&Device::Native, kernel);
            match tolerance.compare(&case.name, &(case.run)(device, kernel), &expected) {
                Ok(numbers) => println!("{numbers}"),
                Err(numbers) => failures.push(numbers),
            }
            noticed += usize::from(tolerance.compare(&case.name, &(case.run)(device, &faulty), &expected).is_err());
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        assert!(noticed > 0, "{}: nobody noticed the planted fault in {} cases", kernel.name, cases.len());
    });
}

/// The dispatches of a kernel on a picture, with parameters as the stages give them and beyond.
pub fn cases(kernel: &Kernel, picture: &Picture) -> Vec<Case> {
    match kernel.name {
        "bin" => bin_cases(picture),
        "nlm" => nlm_cases(picture),
        "resample" => resample_cases(picture),
        "convolve" => convolve_cases(picture),
        "halve" => halve_cases(picture),
        "blur" => blur_cases(picture),
        "gradient" => gradient_cases(picture),
        "vote" => vote_cases(picture),
        "polar" => polar_cases(picture),
        "contour" => contour_cases(picture),
        other => panic!("'{other}' is tried on nothing"),
    }
}

#[test]
fn bin() {
    check(&kernels::BIN);
}

#[test]
fn nlm() {
    check(&kernels::NLM);
}

#[test]
fn resample() {
    check(&kernels::RESAMPLE);
}

#[test]
fn convolve() {
    check(&kernels::CONVOLVE);
}

#[test]
fn halve() {
    check(&kernels::HALVE);
}

#[test]
fn blur() {
    check(&kernels::BLUR);
}

#[test]
fn gradient() {
    check(&kernels::GRADIENT);
}

#[test]
fn vote() {
    check(&kernels::VOTE);
}

#[test]
fn polar() {
    check(&kernels::POLAR);
}

#[test]
fn contour() {
    check(&kernels::CONTOUR);
}

fn bin_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    for factor in (1..=3).filter(|&f| f <= picture.width.min(picture.height)) {
        let (out_width, out_height) = (picture.width / factor, picture.height / factor);
        // The film's middle third of the range, with clipping on both sides; then plain means, many of them halves.
        for (offset, scale) in [(-21845.0, 0.7), (30000.25, 2.0), (0.0, 1.0)] {
            let params = BinParams {
                width: picture.width as u32,
                out_width: out_width as u32,
                out_height: out_height as u32,
                factor: factor as u32,
                offset,
                scale: scale / (factor * factor) as f32,
            };
            let name = format!("{} by {factor}, {scale} from {offset}", picture.name);
            let grid = [out_width, out_height, 1];
            cases.push(case(name, params, vec![picture.grey.clone()], out_width * out_height, grid));
        }
    }
    cases
}

fn nlm_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    // No filter, one that keeps edges, one that takes in nearly everything with the largest sums.
    for (radius, distance_max) in [(5, 0), (5, 3_000_000), (3, 40_000_000), (SEARCH_RADIUS_MAX, i32::MAX as u32)] {
        let params = NlmParams {
            width: picture.width as u32,
            height: picture.height as u32,
            search_radius: radius as u32,
            distance_max,
            weight_shift: (32 - distance_max.leading_zeros()).saturating_sub(8),
        };
        let grid = [picture.width.div_ceil(native::BLOCK), picture.height.div_ceil(native::BLOCK), 1];
        let name = format!("{}, radius {radius}, distance {distance_max}", picture.name);
        cases.push(case(name, params, vec![picture.grey.clone()], picture.grey.len(), grid));
    }
    cases
}

fn resample_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    // Finer, equal and coarser than the picture; the last positions reach its right and lower border.
    for ratio in [0.52, 1.0, 1.9, 2.86] {
        let out = |size: usize| ((size as f64 / ratio) as usize).max(1);
        let (out_width, out_height) = (out(picture.width), out(picture.height));
        let params = ResampleParams {
            width: picture.width as u32,
            height: picture.height as u32,
            out_width: out_width as u32,
            out_height: out_height as u32,
        };
        let table = |count: usize, size: usize| -> Vec<f32> {
            let last = ((size - 1) * 256) as f64;
            let samples = (0..count * SAMPLES).map(|i| ((i as f64 + 0.5) / SAMPLES as f64 * ratio - 0.5) * 256.0);
            let fixed = samples.map(|position| position.round().clamp(0.0, last) as usize);
            // The very last pixel with a weight on its missing neighbour, which repeats it.
            let fixed = fixed.map(|f| if f == (size - 1) * 256 { f + 77 } else { f });
            fixed.flat_map(|f| [(f / 256) as f32, (f % 256) as f32]).collect()
        };
        let inputs = vec![picture.grey.clone(), table(out_width, picture.width), table(out_height, picture.height)];
        let name = format!("{}, {ratio} pixels a pixel", picture.name);
        cases.push(case(name, params, inputs, out_width * out_height, [out_width, out_height, 1]));
    }
    cases
}

/// Layers as the network has them: the first, halving, plain, beside a finer stack, and the last, which is not cut off.
fn convolve_cases(picture: &Picture) -> Vec<Case> {
    let mut dice = Dice(3);
    let mut whole = |count: usize, low: f32, high: f32| -> Vec<f32> {
        (0..count).map(|_| (low + (high - low) * dice.unit()).round()).collect()
    };
    let (width, height) = (picture.width, picture.height);
    let mut cases = Vec::new();
    for (name, channels, skip_channels, outputs, stride, top) in [
        ("first", 1, 0, 8, 1, 255.0),
        ("halving", 5, 0, 4, 2, 255.0),
        ("plain", 3, 0, 12, 1, 255.0),
        ("beside", 6, 3, 8, 1, 255.0),
        ("last", 4, 0, 4, 1, 0.0),
    ] {
        let enlarged = if skip_channels > 0 { 2 } else { 1 };
        let (own_width, own_height) = (width.div_ceil(enlarged), height.div_ceil(enlarged));
        let (out_width, out_height) = (width.div_ceil(stride), height.div_ceil(stride));
        let params = ConvolveParams {
            grid_width: width as u32,
            grid_height: height as u32,
            width: own_width as u32,
            channels: channels as u32,
            enlarged: enlarged as u32,
            skip_channels: skip_channels as u32,
            out_width: out_width as u32,
            out_height: out_height as u32,
            outputs: outputs as u32,
            stride: stride as u32,
            scale: 1.0 / 128.0,
            top,
        };
        // The first layer sees the picture, as 12 bits with a sign; the others see 8 bits.
        let features = if name == "first" {
            picture.grey.iter().map(|v| (v / 16.0).floor() - 2048.0).collect()
        } else {
            whole(channels * own_width * own_height, 0.0, 255.0)
        };
        let skip = whole((skip_channels * width * height).max(1), 0.0, 255.0);
        let weights = whole(outputs * (channels + skip_channels) * 9, -127.0, 127.0);
        let bias = whole(outputs, -9000.0, 9000.0);
        let name = format!("{}, {name}", picture.name);
        let grid = [out_width, out_height, outputs / BLOCK];
        let inputs = vec![features, skip, weights, bias];
        cases.push(case(name, params, inputs, outputs * out_width * out_height, grid));
    }
    cases
}

fn halve_cases(picture: &Picture) -> Vec<Case> {
    let (out_width, out_height) = (picture.width.div_ceil(2), picture.height.div_ceil(2));
    let params = HalveParams {
        width: picture.width as u32,
        height: picture.height as u32,
        out_width: out_width as u32,
        out_height: out_height as u32,
    };
    let inputs = vec![picture.grey.clone()];
    vec![case(picture.name.into(), params, inputs, out_width * out_height, [out_width, out_height, 1])]
}

/// Half a Gaussian, the centre first.
fn gaussian(sigma: f32) -> Vec<f32> {
    let raw: Vec<f32> =
        (0..=(3.0 * sigma).ceil() as usize).map(|k| libm::expf(-0.5 * (k as f32 / sigma).powi(2))).collect();
    let total = raw[0] + 2.0 * raw[1..].iter().sum::<f32>();
    raw.iter().map(|w| w / total).collect()
}

fn blur_case(picture: &Picture, grey: Vec<f32>, sigma: f32, axis: u32) -> Case {
    let weights = gaussian(sigma);
    let params = BlurParams {
        width: picture.width as u32,
        height: picture.height as u32,
        radius: weights.len() as u32 - 1,
        axis,
    };
    let name = format!("{}, sigma {sigma} along {}", picture.name, ["x", "y"][axis as usize]);
    case(name, params, vec![grey, weights], picture.width * picture.height, [picture.width, picture.height, 1])
}

fn blur_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    for (sigma, axis) in [(0.7, 0), (1.0, 1), (2.3, 0), (2.3, 1)] {
        cases.push(blur_case(picture, picture.grey.clone(), sigma, axis));
    }
    cases
}

fn gradient_case(picture: &Picture, grey: Vec<f32>, half_saturation: f32) -> Case {
    let params = GradientParams { width: picture.width as u32, height: picture.height as u32, half_saturation };
    let name = format!("{}, half saturation {half_saturation}", picture.name);
    case(name, params, vec![grey], picture.width * picture.height, [picture.width, picture.height, 1])
}

fn gradient_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    let smooth = smooth(picture);
    // A half saturation of 0 is that of a picture without noise.
    for half_saturation in [700.0, 0.0] {
        cases.push(packed(gradient_case(picture, smooth.clone(), half_saturation)));
    }
    cases
}

fn smooth(picture: &Picture) -> Vec<f32> {
    let run = |grey, axis| (blur_case(picture, grey, 1.0, axis).run)(&Device::Native, &kernels::BLUR);
    run(run(picture.grey.clone(), 0), 1)
}

/// The saturated gradient that `vote` and `polar` read.
fn saturated(picture: &Picture) -> Vec<f32> {
    (gradient_case(picture, smooth(picture), 700.0).run)(&Device::Native, &kernels::GRADIENT)
}

fn vote_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    for radius in [2.0f32, 5.0, 9.7] {
        let factors = [0.84, 1.0, 1.19];
        let ring = (0..32).flat_map(|d| {
            let (sin, cos) = libm::sincosf(TAU * d as f32 / 32.0);
            let offsets = factors.iter().flat_map(move |f| [radius * f * cos, radius * f * sin].map(f32::round));
            [cos, sin].into_iter().chain(offsets)
        });
        let params = VoteParams {
            width: picture.width as u32,
            height: picture.height as u32,
            directions: 32,
            radii: factors.len() as u32,
        };
        let name = format!("{}, radius {radius}", picture.name);
        let inputs = vec![saturated(picture), ring.collect()];
        let grid = [picture.width, picture.height, 1];
        cases.push(packed(case(name, params, inputs, picture.width * picture.height, grid)));
    }
    cases
}

/// Candidates and their priors: in the middle, on every border, in a corner, outside, too small.
struct Candidates {
    /// Pixel, place in it, radial step, sign.
    candidate: Vec<f32>,
    prior: Vec<f32>,
    count: usize,
}

fn candidates(picture: &Picture, rays: usize, positions: usize) -> Candidates {
    let (w, h) = (picture.width as f32, picture.height as f32);
    let places = [
        (0.5 * w, 0.5 * h, 8.0),
        (0.31 * w, 0.63 * h, 5.3),
        (0.0, 0.4 * h, 7.0),
        (w - 1.0, 0.6 * h, 7.0),
        (0.5 * w, 0.0, 9.5),
        (0.3 * w, h - 1.0, 6.0),
        (-3.2, -2.7, 10.0),
        (w + 40.0, h + 40.0, 6.0),
        (0.25 * w, 0.25 * h, 0.8),
        // As wide as the picture, and wider.
        (0.5 * w, 0.5 * h, 0.5 * w),
        (0.5 * w, 0.5 * h, w),
    ];
    let mut dice = Dice(7);
    let mut candidate = Vec::new();
    let mut prior = Vec::new();
    for (i, &(x, y, radius)) in places.iter().enumerate() {
        // As in a first pass (0.5 to 1.7 radii), and as in a refining one.
        let step = if positions > 21 { 1.2 * radius / (positions - 1) as f32 } else { 0.25 };
        let x = x + dice.unit() * 0.01;
        let sign = if i % 2 == 0 { 1.0 } else { -1.0 };
        candidate.extend([x.floor(), y.floor(), x - x.floor(), y - y.floor(), step, sign]);
        let lobes = |ray: usize| 1.0 + 0.05 * libm::sinf(3.0 * TAU * ray as f32 / rays as f32);
        prior.extend((0..rays).map(|ray| 1.1 * radius * lobes(ray)));
    }
    Candidates { candidate, prior, count: places.len() }
}

/// The whole picture, or a part that begins above and left of which there is more of it, and ends before its end.
fn polar_case(picture: &Picture, at: &Candidates, rays: usize, positions: usize, cut: i32) -> Case {
    let params = PolarParams {
        width: picture.width as u32,
        height: picture.height as u32,
        left: -cut,
        top: -2 * cut,
        right: picture.width as i32 + 3 * cut,
        bottom: picture.height as i32 + cut,
        candidates: at.count as u32,
        rays: rays as u32,
        positions: positions as u32,
    };
    let direction = (0..rays).flat_map(|k| {
        let (sin, cos) = libm::sincosf(TAU * k as f32 / rays as f32);
        [cos, sin]
    });
    let inputs = vec![saturated(picture), at.candidate.clone(), at.prior.clone(), direction.collect()];
    let name = format!("{}, cut by {cut}, {rays} rays of {positions}", picture.name);
    case(name, params, inputs, at.count * rays * positions, [rays * positions, at.count, 1])
}

/// Rays and positions: the two passes of `segment`, the largest that fit, and numbers that fill no word and no workgroup.
const SHAPES: [(usize, usize); 4] = [(RAYS, 41), (RAYS, 21), (64, 64), (30, 7)];

fn polar_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    for (rays, positions) in SHAPES {
        for cut in [0, 5] {
            cases.push(polar_case(picture, &candidates(picture, rays, positions), rays, positions, cut));
        }
    }
    cases
}

fn contour_cases(picture: &Picture) -> Vec<Case> {
    let mut cases = Vec::new();
    for (rays, positions) in SHAPES {
        let at = candidates(picture, rays, positions);
        let reward = (polar_case(picture, &at, rays, positions, 0).run)(&Device::Native, &kernels::POLAR);
        // As configured; free, where ties abound; dear, where outlines hardly bend.
        for penalty in [0.03, 0.0, 0.8] {
            let params =
                ContourParams { candidates: at.count as u32, rays: rays as u32, positions: positions as u32, penalty };
            let name = format!("{}, {rays} rays of {positions}, penalty {penalty}", picture.name);
            let inputs = vec![reward.clone(), at.candidate.clone(), at.prior.clone()];
            cases.push(case(name, params, inputs, at.count * (rays + 1), [at.count * 64, 1, 1]));
        }
    }
    cases
}
