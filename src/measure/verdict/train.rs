//! Training of the verdict: plain Adam on small networks, the same bits from the same seed.

use super::model::{Layer, Model};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Networks that vote; their starts differ.
const MEMBERS: usize = 3;
/// Hidden units of the two inner layers.
const HIDDEN: [usize; 2] = [32, 16];
/// Examples per step.
const BATCH: usize = 128;
/// Adam's step at the start; it falls to nothing along a half cosine.
const RATE: f32 = 2e-3;
/// Pull of the weights towards 0 per step, over the rate.
const DECAY: f32 = 1e-3;
/// Adam's memories of the gradient and of its square, and the floor under its root, as its authors give them.
const BETA: (f32, f32) = (0.9, 0.999);
const FLOOR: f32 = 1e-8;

/// One outline: its features and how right it is, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub features: Vec<f32>,
    pub target: f32,
}

/// How right an outline is, from its overlap with the true one (intersection over union): 0 up to 0.5, 1 from 0.75 on.
pub fn target(iou: f64) -> f32 {
    ((iou - 0.5) / 0.25).clamp(0.0, 1.0) as f32
}

/// Trains a verdict. `passes` is how often each example is seen.
pub fn train(examples: &[Example], passes: usize, seed: u64, version: String) -> Model {
    let n = examples.first().map_or(0, |e| e.features.len());
    let (mean, deviation) = moments(examples, n);
    let mut model = Model { version, mean, deviation, members: Vec::new() };
    let scaled: Vec<(Vec<f32>, f32)> = examples.par_iter().map(|e| (model.scaled(&e.features), e.target)).collect();
    model.members =
        (0..MEMBERS as u64).into_par_iter().map(|member| train_member(&scaled, n, passes, seed, member)).collect();
    model
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
        output.extend(self.value.chunks_exact(self.inputs + 1).map(|row| {
            let sum: f32 = row.iter().zip(input).map(|(w, v)| w * v).sum();
            sum + row[self.inputs]
        }));
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

fn train_member(examples: &[(Vec<f32>, f32)], n: usize, passes: usize, seed: u64, member: u64) -> Vec<Layer> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(member);
    let sizes = [n, HIDDEN[0], HIDDEN[1], 1];
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
                values[0].clone_from(input);
                for (i, layer) in layers.iter().enumerate() {
                    let (before, after) = values.split_at_mut(i + 1);
                    layer.forward(&before[i], &mut after[0]);
                    if i + 1 < layers.len() {
                        after[0].iter_mut().for_each(|v| *v = v.max(0.0));
                    }
                }
                // Of the cross entropy by the output before the logistic function.
                let mut gradient = vec![1.0 / (1.0 + (-values[layers.len()][0]).exp()) - target];
                for i in (0..layers.len()).rev() {
                    gradient = layers[i].backward(&values[i], &gradient);
                    gradient
                        .iter_mut()
                        .zip(&values[i])
                        .for_each(|(g, v)| *g = if *v > 0.0 || i == 0 { *g } else { 0.0 });
                }
            }
            t += 1;
            let rate = RATE * 0.5 * (1.0 + (std::f32::consts::PI * t as f32 / steps).cos());
            layers.iter_mut().for_each(|layer| layer.step(rate, t, batch.len()));
        }
    }
    layers.iter().map(Trained::layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rings(seed: u64) -> Vec<Example> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..2000)
            .map(|_| {
                let (x, y) = (rng.random_range(-1.0..1.0f32), rng.random_range(-1.0..1.0f32));
                Example { features: vec![x, y], target: f32::from(u8::from(x * x + y * y < 0.5)) }
            })
            .collect()
    }

    #[test]
    fn learns_a_disc_and_gives_the_same_bits_again() {
        let model = train(&rings(1), 100, 7, "test".into());
        let fresh = rings(2);
        let right = fresh.iter().filter(|e| (model.confidence(&e.features) > 0.5) == (e.target > 0.5)).count();
        assert!(right > 1900, "{right} of 2000");
        assert_eq!(model, train(&rings(1), 100, 7, "test".into()));
        assert_ne!(model, train(&rings(1), 100, 8, "test".into()));
    }
}
