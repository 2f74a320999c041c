//! The networks and their file.

use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// The verdict's file as embedded in the program.
static EMBEDDED: &str = include_str!("model.json");

/// One fully connected layer; `weights` holds one row of inputs per output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

/// Some networks that were trained alike from different starts, and what their inputs are scaled by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What it was trained on, in words and numbers.
    pub version: String,
    /// Mean and standard deviation of each feature over the training set.
    pub mean: Vec<f32>,
    pub deviation: Vec<f32>,
    /// Each member is a stack of layers with rectifiers between them.
    pub members: Vec<Vec<Layer>>,
}

/// Scaled features are kept within this many standard deviations: what lies beyond was never seen in training.
const REACH: f32 = 4.0;

impl Model {
    /// The verdict of this program.
    ///
    /// # Panics
    /// When the embedded file is broken, which a test rules out.
    pub fn embedded() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| serde_json::from_str(EMBEDDED).expect("the embedded verdict is valid"))
    }

    /// Features on the scale that the networks were trained on.
    pub fn scaled(&self, features: &[f32]) -> Vec<f32> {
        features
            .iter()
            .zip(self.mean.iter().zip(&self.deviation))
            .map(|(f, (m, d))| ((f - m) / d).clamp(-REACH, REACH))
            .collect()
    }

    /// Confidence, 0 to 1: the mean of the members' answers.
    pub fn confidence(&self, features: &[f32]) -> f64 {
        let input = self.scaled(features);
        let total: f64 = self.members.iter().map(|layers| logistic(forward(layers, &input))).sum();
        total / self.members.len() as f64
    }
}

/// The single output of a stack of layers.
fn forward(layers: &[Layer], input: &[f32]) -> f32 {
    let mut values = input.to_vec();
    for (i, layer) in layers.iter().enumerate() {
        let rectify = i + 1 < layers.len();
        values = layer
            .weights
            .iter()
            .zip(&layer.bias)
            .map(|(row, bias)| {
                let sum = row.iter().zip(&values).map(|(w, v)| w * v).sum::<f32>() + bias;
                if rectify { sum.max(0.0) } else { sum }
            })
            .collect();
    }
    values[0]
}

fn logistic(x: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(x)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_model_is_whole() {
        let model = Model::embedded();
        let n = model.mean.len();
        assert!(n > 0 && model.deviation.len() == n && model.deviation.iter().all(|d| *d > 0.0));
        assert!(!model.members.is_empty());
        for layers in &model.members {
            let mut inputs = n;
            for layer in layers {
                assert!(layer.weights.iter().all(|row| row.len() == inputs));
                assert_eq!(layer.weights.len(), layer.bias.len());
                inputs = layer.bias.len();
            }
            assert_eq!(inputs, 1);
        }
    }
}
