//! Training of the verdict: plain Adam on small networks, the same bits from the same seed.

use super::model::{Layer, Likeness, Members, Model, UNCERTAINTY_LN, dot};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Networks that vote; their starts differ.
const MEMBERS: usize = 3;
/// Hidden units of the two inner layers.
const HIDDEN: [usize; 2] = [48, 24];
/// Examples per step.
const BATCH: usize = 128;
/// Adam's step at the start; it falls to nothing along a half cosine.
const RATE: f32 = 2e-3;
/// Pull of the weights towards 0 per step, over the rate.
const DECAY: f32 = 1e-3;
/// Adam's memories of the gradient and of its square, and the floor under its root, as its authors give them.
const BETA: (f32, f32) = (0.9, 0.999);
const FLOOR: f32 = 1e-8;

/// One outline: its features and what is true of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub features: Vec<f32>,
    /// How well it covers the vesicle that it covers best: intersection over union.
    pub iou: f64,
    /// Distance of that vesicle's outer edge from the steepest slope, nm; `None` where the truth doesn't show it.
    pub offset_nm: Option<f32>,
    pub likeness: Likeness,
    /// Cut off by the picture's border, so that nobody can say how right it is.
    pub touches_border: bool,
}

/// What a network learns from an example; its outputs are judged by the gradient of the loss.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// Cross entropy of one output with a chance.
    Chance(f32),
    /// Likelihood of a number (first output) with an uncertainty (second output, as a logarithm) under Student's
    /// distribution, which forgives single gross errors.
    Number(f32),
    /// Cross entropy of a softmax with one right answer.
    Choice(usize),
}

/// Degrees of freedom of that distribution.
const FREEDOM: f32 = 4.0;

impl Target {
    /// Gradient of the loss by the outputs.
    fn gradient(self, outputs: &[f32]) -> Vec<f32> {
        match self {
            Self::Chance(chance) => vec![1.0 / (1.0 + libm::expf(-outputs[0])) - chance],
            Self::Number(number) => {
                let ln = outputs[1].clamp(UNCERTAINTY_LN.0, UNCERTAINTY_LN.1);
                let off = (number - outputs[0]) / libm::expf(ln);
                let pull = (FREEDOM + 1.0) * off / (FREEDOM + off * off);
                vec![-pull / libm::expf(ln), 1.0 - pull * off]
            }
            Self::Choice(right) => {
                let largest = outputs.iter().fold(f32::MIN, |m, &o| m.max(o));
                let total: f32 = outputs.iter().map(|o| libm::expf(o - largest)).sum();
                let share = |(i, o): (usize, &f32)| libm::expf(o - largest) / total - f32::from(u8::from(i == right));
                outputs.iter().enumerate().map(share).collect()
            }
        }
    }
}

/// How right an outline is, from its overlap with the true one (intersection over union): 0 up to 0.5, 1 from 0.75 on.
pub fn rightness(iou: f64) -> f32 {
    ((iou - 0.5) / 0.25).clamp(0.0, 1.0) as f32
}

/// Least overlap at which an outline's distance from the truth says where the edge is, and not that it is another one.
const SAME_EDGE_IOU: f64 = 0.65;

/// How much more often the outlines that say where the edge is are seen than others: there is one in ten of them.
const GAUGE_PASSES: usize = 6;

/// Trains all networks on the first examples and calibrates them on `held`, which are from other scenes. `passes` is how
/// often each example is seen. `kept` tells which outlines of a held scene (`None`: nobody can say) would be kept, given
/// their confidences.
pub fn train(
    examples: &[Example],
    held: &[Vec<Option<Example>>],
    kept: impl Fn(usize, &[f64]) -> Vec<usize>,
    passes: usize,
    seed: u64,
    version: String,
) -> Model {
    let n = examples.first().map_or(0, |e| e.features.len());
    let (mean, deviation) = moments(examples, n);
    let nothing = || Members(Vec::new());
    let mut model = Model {
        version,
        mean,
        deviation,
        verdict: nothing(),
        calibration: [1.0, 0.0],
        gauge: nothing(),
        gauge_factor: 1.0,
        sorter: nothing(),
    };
    let scaled: Vec<Vec<f32>> = examples.par_iter().map(|e| model.scaled(&e.features)).collect();
    let learn = |target: &dyn Fn(&Example) -> Option<Target>, outputs: usize, passes: usize, stream: u64| {
        let pairs = examples.iter().zip(&scaled).filter_map(|(e, input)| Some((input.as_slice(), target(e)?)));
        let pairs: Vec<_> = pairs.collect();
        let member = |member| train_member(&pairs, &[n, HIDDEN[0], HIDDEN[1], outputs], passes, seed, stream + member);
        Members((0..MEMBERS as u64).into_par_iter().map(member).collect())
    };
    model.verdict = learn(&|e| Some(Target::Chance(rightness(e.iou))), 1, passes, 0);
    model.gauge =
        learn(&|e| e.offset_nm.filter(|_| e.iou >= SAME_EDGE_IOU).map(Target::Number), 2, GAUGE_PASSES * passes, 100);
    let place = |likeness| Likeness::ALL.iter().position(|l| *l == likeness).unwrap_or_default();
    model.sorter = learn(&|e| Some(Target::Choice(place(e.likeness))), Likeness::ALL.len(), passes.div_ceil(2), 200);
    calibrate(&mut model, held, kept);
    model
}

/// Fits what turns outputs into probabilities and uncertainties.
fn calibrate(model: &mut Model, held: &[Vec<Option<Example>>], kept: impl Fn(usize, &[f64]) -> Vec<usize>) {
    let (mut answers, mut misses) = (Vec::new(), Vec::new());
    for (scene, examples) in held.iter().enumerate() {
        let scaled: Vec<Option<Vec<f32>>> =
            examples.par_iter().map(|e| e.as_ref().map(|e| model.scaled(&e.features))).collect();
        let confidence: Vec<f64> = scaled.par_iter().map(|s| s.as_ref().map_or(0.0, |s| model.confidence(s))).collect();
        for i in kept(scene, &confidence) {
            let (Some(example), Some(scaled)) = (&examples[i], &scaled[i]) else { continue };
            if example.touches_border {
                continue;
            }
            answers.push((f64::from(model.verdict.outputs(scaled)[0]), example.iou >= 0.5));
            if let Some(offset_nm) = example.offset_nm.filter(|_| example.iou >= SAME_EDGE_IOU) {
                let gauged = model.offset(scaled);
                misses.push((f64::from(offset_nm) - gauged.offset_nm).abs() / gauged.uncertainty_nm);
            }
        }
    }
    model.calibration = logistic_fit(&answers);
    misses.sort_by(f64::total_cmp);
    if let Some(at) = misses.get((misses.len() as f64 * COVERED) as usize) {
        model.gauge_factor = at / 2.0;
    }
}

/// Share of the vesicles that two standard uncertainties are to hold.
const COVERED: f64 = 0.95;
/// Steps of Newton's method: it has settled after half of them.
const NEWTON_STEPS: usize = 30;

/// Slope and intercept of the logistic function that makes the answers likeliest (Platt 1999).
fn logistic_fit(answers: &[(f64, bool)]) -> [f64; 2] {
    let [mut slope, mut intercept] = [1.0, 0.0];
    for _ in 0..NEWTON_STEPS {
        // Gradient and curvature of the likelihood; a trace of ridge keeps them solvable when all answers agree.
        let (mut g, mut h) = ([0.0; 2], [1e-6, 0.0, 1e-6]);
        for &(output, right) in answers {
            let p = 1.0 / (1.0 + libm::exp(-(slope * output + intercept)));
            let (miss, w) = (p - f64::from(u8::from(right)), p * (1.0 - p));
            g = [g[0] + miss * output, g[1] + miss];
            h = [h[0] + w * output * output, h[1] + w * output, h[2] + w];
        }
        let det = h[0] * h[2] - h[1] * h[1];
        slope -= (h[2] * g[0] - h[1] * g[1]) / det;
        intercept -= (h[0] * g[1] - h[1] * g[0]) / det;
    }
    if slope.is_finite() && intercept.is_finite() && slope > 0.0 { [slope, intercept] } else { [1.0, 0.0] }
}

fn moments(examples: &[Example], n: usize) -> (Vec<f32>, Vec<f32>) {
    let count = examples.len().max(1) as f64;
    (0..n)
        .map(|i| {
            let mean = examples.iter().map(|e| f64::from(e.features[i])).sum::<f64>() / count;
            let variance = examples.iter().map(|e| (f64::from(e.features[i]) - mean).powi(2)).sum::<f64>() / count;
            (mean as f32, variance.sqrt().max(1e-6) as f32)
        })
        .unzip()
}

/// Weights of one layer as a flat row-major matrix with the bias in the last column, and Adam's memories of them.
struct Trained {
    inputs: usize,
    value: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Trained {
    fn new(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Self {
        // He's start for rectifiers: uniform with variance 2 / inputs.
        let reach = (6.0 / inputs as f32).sqrt();
        let n = outputs * (inputs + 1);
        let value =
            (0..n).map(|i| if i % (inputs + 1) == inputs { 0.0 } else { rng.random_range(-reach..reach) }).collect();
        Self { inputs, value, gradient: vec![0.0; n], first: vec![0.0; n], second: vec![0.0; n] }
    }

    fn forward(&self, input: &[f32], output: &mut Vec<f32>) {
        output.clear();
        output.extend(
            self.value.chunks_exact(self.inputs + 1).map(|row| dot(&row[..self.inputs], input) + row[self.inputs]),
        );
    }

    /// Adds one example's gradient and returns that of the input.
    fn backward(&mut self, input: &[f32], of_output: &[f32]) -> Vec<f32> {
        let mut of_input = vec![0.0; self.inputs];
        for (o, &g) in of_output.iter().enumerate().filter(|(_, g)| **g != 0.0) {
            let span = o * (self.inputs + 1)..(o + 1) * (self.inputs + 1);
            let (row, gradient) = (&self.value[span.clone()], &mut self.gradient[span]);
            for i in 0..self.inputs {
                gradient[i] += g * input[i];
                of_input[i] += g * row[i];
            }
            gradient[self.inputs] += g;
        }
        of_input
    }

    fn step(&mut self, rate: f32, t: i32, batch: usize) {
        let correction = (1.0 - BETA.1.powi(t)).sqrt() / (1.0 - BETA.0.powi(t));
        for i in 0..self.value.len() {
            let g = self.gradient[i] / batch as f32;
            self.gradient[i] = 0.0;
            self.first[i] = BETA.0 * self.first[i] + (1.0 - BETA.0) * g;
            self.second[i] = BETA.1 * self.second[i] + (1.0 - BETA.1) * g * g;
            let adam = correction * self.first[i] / (self.second[i].sqrt() + FLOOR);
            self.value[i] -= rate * (adam + DECAY * self.value[i]);
        }
    }

    fn layer(&self) -> Layer {
        let rows = self.value.chunks_exact(self.inputs + 1);
        let (weights, bias) = rows.map(|row| (row[..self.inputs].to_vec(), row[self.inputs])).unzip();
        Layer { weights, bias }
    }
}

fn train_member(examples: &[(&[f32], Target)], sizes: &[usize], passes: usize, seed: u64, member: u64) -> Vec<Layer> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(member);
    let mut layers: Vec<Trained> = sizes.windows(2).map(|s| Trained::new(s[0], s[1], &mut rng)).collect();
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let steps = (passes * examples.len().div_ceil(BATCH)) as f32;
    let mut t = 0;
    let mut values = vec![Vec::new(); layers.len() + 1];
    for _ in 0..passes {
        for i in (1..order.len()).rev() {
            order.swap(i, rng.random_range(0..=i));
        }
        for batch in order.chunks(BATCH) {
            for &e in batch {
                let (input, target) = &examples[e];
                values[0].clear();
                values[0].extend_from_slice(input);
                for (i, layer) in layers.iter().enumerate() {
                    let (before, after) = values.split_at_mut(i + 1);
                    layer.forward(&before[i], &mut after[0]);
                    if i + 1 < layers.len() {
                        after[0].iter_mut().for_each(|v| *v = v.max(0.0));
                    }
                }
                let mut gradient = target.gradient(&values[layers.len()]);
                for i in (0..layers.len()).rev() {
                    gradient = layers[i].backward(&values[i], &gradient);
                    gradient
                        .iter_mut()
                        .zip(&values[i])
                        .for_each(|(g, v)| *g = if *v > 0.0 || i == 0 { *g } else { 0.0 });
                }
            }
            t += 1;
            let rate = RATE * 0.5 * (1.0 + libm::cosf(std::f32::consts::PI * t as f32 / steps));
            layers.iter_mut().for_each(|layer| layer.step(rate, t, batch.len()));
        }
    }
    layers.iter().map(Trained::layer).collect()
}

#[cfg(test)]
mod tests;
