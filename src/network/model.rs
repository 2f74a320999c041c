//! The network's weights and their file.

use super::native::BLOCK;
use serde::Deserialize;
use std::sync::OnceLock;

/// The file as embedded in the program; `scripts/train-network` makes it.
static EMBEDDED: &str = include_str!("model.json");

/// Weights of one layer, as the kernel reads them.
pub struct Layer {
    /// Per block of outputs, per input channel and tap: one weight for each output of the block.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    pub inputs: usize,
    /// Power of two that turns the layer's sums into its outputs.
    pub scale: f32,
}

/// All layers in the order in which they are applied.
pub struct Model {
    /// What it was trained on, in words and numbers.
    pub version: String,
    pub layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct File {
    version: String,
    layers: Vec<FileLayer>,
}

/// Weights in whole numbers: output by output, each input channel by channel, each of those row by row.
#[derive(Deserialize)]
struct FileLayer {
    inputs: usize,
    scale: f32,
    bias: Vec<f32>,
    weights: Vec<f32>,
}

impl Model {
    /// The network of this program.
    ///
    /// # Panics
    /// When the embedded file is broken, which a test rules out.
    pub fn embedded() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| {
            let file: File = serde_json::from_str(EMBEDDED).expect("the embedded network is valid");
            Self { version: file.version, layers: file.layers.into_iter().map(Layer::from).collect() }
        })
    }
}

impl From<FileLayer> for Layer {
    fn from(layer: FileLayer) -> Self {
        let taps = 9 * layer.inputs;
        let mut weights = vec![0.0; layer.weights.len()];
        for (o, row) in layer.weights.chunks_exact(taps).enumerate() {
            for (k, &w) in row.iter().enumerate() {
                weights[(o / BLOCK * taps + k) * BLOCK + o % BLOCK] = w;
            }
        }
        Self { weights, bias: layer.bias, inputs: layer.inputs, scale: layer.scale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest whole number up to which `f32` holds all.
    const EXACT: f32 = (1 << 24) as f32;
    /// Largest values of the network's input and of its layers' outputs.
    const TOPS: [f32; 2] = [super::super::INPUT_TOP, super::super::TOP];

    #[test]
    fn no_sum_of_the_embedded_network_is_ever_rounded() {
        let model = Model::embedded();
        for (i, layer) in model.layers.iter().enumerate() {
            let taps = 9 * layer.inputs;
            assert_eq!(layer.weights.len(), layer.bias.len() * taps);
            assert_eq!(layer.bias.len() % BLOCK, 0);
            assert_eq!(libm::log2f(layer.scale).fract(), 0.0, "layer {i}");
            let top = TOPS[usize::from(i > 0)];
            for (o, bias) in layer.bias.iter().enumerate() {
                let own =
                    layer.weights[o / BLOCK * taps * BLOCK..][..taps * BLOCK].iter().skip(o % BLOCK).step_by(BLOCK);
                assert!(own.clone().chain([bias]).all(|w| w.fract() == 0.0));
                assert!(own.map(|w| w.abs()).sum::<f32>() * top + bias.abs() < EXACT, "layer {i}, output {o}");
            }
        }
    }
}
