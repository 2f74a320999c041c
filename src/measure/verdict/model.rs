//! The networks and their file.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::OnceLock;

/// The verdict's file as embedded in the program.
static EMBEDDED: &str = include_str!("model.json");

/// One fully connected layer; `weights` holds one row of inputs per output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    pub weights: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

/// Networks that answer the same question and were trained alike from different starts; each is a stack of layers with
/// rectifiers between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Members(pub Vec<Vec<Layer>>);

/// What an outline is compared with by [`Model::likeness`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    Vesicle,
    OpenRim,
    Aggregate,
    Precipitate,
    Dot,
    Debris,
    /// Something else, or nothing.
    Other,
}

impl Likeness {
    /// All, in the order of the network's outputs.
    pub const ALL: [Self; 7] =
        [Self::Vesicle, Self::OpenRim, Self::Aggregate, Self::Precipitate, Self::Dot, Self::Debris, Self::Other];
}

/// Where the membrane's outer edge lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offset {
    /// Distance from the steepest slope outwards, nm.
    pub offset_nm: f64,
    /// Its standard uncertainty, nm.
    pub uncertainty_nm: f64,
}

/// All that was learned, and what its inputs are scaled by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What it was trained on, in words and numbers.
    pub version: String,
    /// Mean and standard deviation of each feature over the training set.
    pub mean: Vec<f32>,
    pub deviation: Vec<f32>,
    /// Is the outline a vesicle's? One output, before the logistic function.
    pub verdict: Members,
    /// Slope and intercept that turn the verdict's mean output into one whose logistic function is a probability, fitted on
    /// scenes that were not trained on.
    pub calibration: [f64; 2],
    /// Where is the outer edge? Distance from the steepest slope, nm, and the logarithm of its uncertainty.
    pub gauge: Members,
    /// Factor on that uncertainty with which two of them hold 95 % of the vesicles not trained on.
    pub gauge_factor: f64,
    /// What does it look like? One output for each of [`Likeness::ALL`], before the softmax.
    pub sorter: Members,
}

/// Scaled features are kept within this many standard deviations: what lies beyond was never seen in training.
const REACH: f32 = 4.0;
/// Range of the edge's offset, nm: what a blurred membrane can make of it.
const OFFSET_NM: (f64, f64) = (-4.0, 10.0);
/// Range of the logarithm of its uncertainty (nm).
pub const UNCERTAINTY_LN: (f32, f32) = (-2.5, 2.5);

impl Model {
    /// The verdict of this program.
    ///
    /// # Panics
    /// When the embedded file is broken, which a test rules out.
    pub fn embedded() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| serde_json::from_str(EMBEDDED).expect("the embedded verdict is valid"))
    }

    /// A verdict that 'cupule train' wrote.
    ///
    /// # Errors
    /// [`Error::Config`] when the file can't be read, is no verdict, or was made for other features.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |cause: String| {
            Error::config(
                format!("the verdict '{}' can't be used: {cause}", path.display()),
                "make it with 'cupule train'",
            )
        };
        let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
        let model: Self = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        model.check().map_err(wrong)?;
        Ok(model)
    }

    /// Whether its parts fit together and, unless it is the program's own, the features of this version.
    fn check(&self) -> std::result::Result<(), String> {
        let n = self.mean.len();
        if n != Self::embedded().mean.len() {
            return Err(format!("it is about {n} features, this version has {}", Self::embedded().mean.len()));
        }
        self.whole()
    }

    fn whole(&self) -> std::result::Result<(), String> {
        let n = self.mean.len();
        let scales = self.deviation.len() == n && self.deviation.iter().all(|d| *d > 0.0);
        let calibrated = self.calibration[0] > 0.0 && self.gauge_factor > 0.0;
        let fits = |members: &Members, outputs: usize| {
            let member = |layers: &Vec<Layer>| {
                let mut inputs = n;
                layers.iter().all(|layer| {
                    let fits = layer.weights.iter().all(|row| row.len() == inputs);
                    inputs = layer.bias.len();
                    fits && layer.weights.len() == inputs
                }) && inputs == outputs
            };
            !members.0.is_empty() && members.0.iter().all(member)
        };
        let networks = fits(&self.verdict, 1) && fits(&self.gauge, 2) && fits(&self.sorter, Likeness::ALL.len());
        if scales && calibrated && networks { Ok(()) } else { Err("its parts do not fit together".into()) }
    }

    /// Features on the scale that the networks were trained on.
    pub fn scaled(&self, features: &[f32]) -> Vec<f32> {
        features
            .iter()
            .zip(self.mean.iter().zip(&self.deviation))
            .map(|(f, (m, d))| ((f - m) / d).clamp(-REACH, REACH))
            .collect()
    }

    /// Confidence, 0 to 1: the chance that an outline with these (scaled) features covers a vesicle by half.
    pub fn confidence(&self, scaled: &[f32]) -> f64 {
        let [slope, intercept] = self.calibration;
        let output = f64::from(self.verdict.outputs(scaled)[0]);
        1.0 / (1.0 + libm::exp(-(slope * output + intercept)))
    }

    /// Where the outer edge is, from scaled features.
    pub fn offset(&self, scaled: &[f32]) -> Offset {
        let outputs = self.gauge.outputs(scaled);
        let uncertainty = outputs[1].clamp(UNCERTAINTY_LN.0, UNCERTAINTY_LN.1);
        Offset {
            offset_nm: f64::from(outputs[0]).clamp(OFFSET_NM.0, OFFSET_NM.1),
            uncertainty_nm: libm::exp(f64::from(uncertainty)) * self.gauge_factor,
        }
    }

    /// Share of each of [`Likeness::ALL`], together 1, from scaled features.
    pub fn likeness(&self, scaled: &[f32]) -> [f64; Likeness::ALL.len()] {
        let outputs = self.sorter.outputs(scaled);
        let largest = outputs.iter().fold(f32::MIN, |m, &o| m.max(o));
        let mut shares = [0.0; Likeness::ALL.len()];
        shares.iter_mut().zip(&outputs).for_each(|(s, o)| *s = libm::exp(f64::from(o - largest)));
        let total: f64 = shares.iter().sum();
        shares.map(|s| s / total)
    }
}

impl Members {
    /// Mean of the members' answers.
    pub fn outputs(&self, input: &[f32]) -> Vec<f32> {
        let mut total = Vec::new();
        for layers in &self.0 {
            let answer = forward(layers, input);
            total.resize(answer.len(), 0.0);
            total.iter_mut().zip(answer).for_each(|(t, a): (&mut f32, f32)| *t += a);
        }
        total.iter().map(|t| t / self.0.len() as f32).collect()
    }
}

/// Sum of products, in eight interleaved sums so that the processor can add them side by side.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (mut sums, whole) = ([0.0f32; 8], a.len().min(b.len()) / 8 * 8);
    for (a, b) in a[..whole].chunks_exact(8).zip(b[..whole].chunks_exact(8)) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(s, (a, b))| *s += a * b);
    }
    sums.iter().sum::<f32>() + a[whole..].iter().zip(&b[whole..]).map(|(a, b)| a * b).sum::<f32>()
}

fn forward(layers: &[Layer], input: &[f32]) -> Vec<f32> {
    let mut values = input.to_vec();
    for (i, layer) in layers.iter().enumerate() {
        let rectify = i + 1 < layers.len();
        values = layer
            .weights
            .iter()
            .zip(&layer.bias)
            .map(|(row, bias)| {
                let sum = dot(row, &values) + bias;
                if rectify { sum.max(0.0) } else { sum }
            })
            .collect();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_model_is_whole() {
        assert_eq!(Model::embedded().whole(), Ok(()));
    }

    fn layer(weights: &[&[f32]], bias: &[f32]) -> Layer {
        Layer { weights: weights.iter().map(|row| row.to_vec()).collect(), bias: bias.to_vec() }
    }

    /// A model of two features whose networks are single layers.
    fn small() -> Model {
        let sorter: Vec<&[f32]> = vec![&[0.0, 0.0]; 7];
        Model {
            version: "test".into(),
            mean: vec![1.0, -2.0],
            deviation: vec![2.0, 0.5],
            verdict: Members(vec![vec![layer(&[&[1.0, 0.0]], &[0.5])], vec![layer(&[&[3.0, 2.0]], &[0.5])]]),
            calibration: [2.0, -1.0],
            gauge: Members(vec![vec![layer(&[&[1.0, 0.0], &[0.0, 1.0]], &[0.0, 0.0])]]),
            gauge_factor: 1.5,
            sorter: Members(vec![vec![layer(&sorter, &[2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])]]),
        }
    }

    #[test]
    fn answers_are_those_computed_by_hand() {
        let model = small();
        assert_eq!(model.scaled(&[5.0, -2.5]), [2.0, -1.0]);
        assert_eq!(model.scaled(&[100.0, -100.0]), [4.0, -4.0]);
        // Mean of 0.75 and 1.75, slope 2, intercept -1.
        let expected = 1.0 / (1.0 + libm::exp(-1.5));
        assert!((model.confidence(&[0.25, 0.25]) - expected).abs() < 1e-7);
        let gauged = |a, b| model.offset(&[a, b]);
        assert_eq!(gauged(3.0, 0.0), Offset { offset_nm: 3.0, uncertainty_nm: 1.5 });
        assert_eq!((gauged(99.0, 0.0).offset_nm, gauged(-99.0, 0.0).offset_nm), (10.0, -4.0));
        assert!((gauged(0.0, 1.0).uncertainty_nm - 1.5 * libm::exp(1.0)).abs() < 1e-9);
        assert!((gauged(0.0, -9.0).uncertainty_nm - 1.5 * libm::exp(-2.5)).abs() < 1e-9);
        let shares = model.likeness(&[0.0, 0.0]);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(
            (shares[0] / shares[1] - libm::exp(1.0)).abs() < 1e-9
                && (shares[1] / shares[6] - libm::exp(1.0)).abs() < 1e-9
        );
    }

    #[test]
    fn inner_layers_are_rectified_and_the_last_one_is_not() {
        let two = [layer(&[&[1.0], &[-1.0]], &[0.0, 0.5]), layer(&[&[2.0, -3.0]], &[0.25])];
        assert_eq!(forward(&two, &[2.0]), [4.25]);
        assert_eq!(forward(&two, &[-2.0]), [0.25 - 3.0 * 2.5]);
    }

    #[test]
    fn a_product_of_any_length_is_the_sum_of_its_parts() {
        for n in 0..20u8 {
            let a: Vec<f32> = (0..n).map(|i| f32::from(i) + 1.0).collect();
            let b: Vec<f32> = (0..n).map(|i| 3.0 - f32::from(i)).collect();
            assert_eq!(dot(&a, &b), a.iter().zip(&b).map(|(a, b)| a * b).sum::<f32>(), "{n}");
        }
        assert_eq!(dot(&[1.0; 20], &[2.0; 9]), 18.0);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        assert_eq!(small().whole(), Ok(()));
        let ill: [fn(&mut Model); 12] = [
            |m| m.deviation = vec![1.0],
            |m| m.deviation[1] = 0.0,
            |m| m.calibration[0] = 0.0,
            |m| m.calibration[0] = f64::NAN,
            |m| m.gauge_factor = 0.0,
            |m| m.verdict.0.clear(),
            |m| m.verdict.0[1][0].weights[0] = vec![1.0],
            |m| m.verdict.0[1][0].bias = vec![1.0, 2.0],
            |m| m.gauge.0[0][0].weights.truncate(1),
            |m| m.gauge = m.verdict.clone(),
            |m| m.sorter = m.gauge.clone(),
            |m| m.verdict.0[0].push(layer(&[&[1.0, 1.0]], &[0.0])),
        ];
        for (number, spoil) in ill.iter().enumerate() {
            let mut model = small();
            spoil(&mut model);
            assert!(model.whole().is_err(), "{number}");
        }
        // A second layer whose inputs are the outputs of the first fits.
        let mut deep = small();
        deep.verdict.0[0].push(layer(&[&[1.0]], &[0.0]));
        assert_eq!(deep.whole(), Ok(()));
        assert!(small().check().unwrap_err().contains("2 features"), "{:?}", small().check());
        assert_eq!(Model::embedded().check(), Ok(()));
    }

    #[test]
    fn a_verdict_is_read_back_and_another_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("verdict.json");
        std::fs::write(&path, EMBEDDED).unwrap();
        assert_eq!(&Model::read(&path).unwrap(), Model::embedded());
        std::fs::write(&path, serde_json::to_string(&small()).unwrap()).unwrap();
        assert!(Model::read(&path).is_err());
        let broken = Model { gauge_factor: -1.0, ..Model::embedded().clone() };
        std::fs::write(&path, serde_json::to_string(&broken).unwrap()).unwrap();
        assert!(Model::read(&path).unwrap_err().to_string().contains("fit together"));
    }
}
