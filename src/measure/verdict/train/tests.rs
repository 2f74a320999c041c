//! Training finds what was planted, and the same each time.

use super::*;

/// Right inside a disc; the edge's offset is the first feature, its noise grows with the second.
fn discs(seed: u64) -> Vec<Example> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut one = || {
        let (x, y) = (rng.random_range(-1.0..1.0f32), rng.random_range(-1.0..1.0f32));
        let inside = x * x + y * y < 0.5;
        let noise = (0..12).map(|_| rng.random_range(-0.5..0.5f32)).sum::<f32>();
        Example {
            features: vec![x, y],
            iou: if inside { 0.9 } else { 0.1 },
            offset_nm: inside.then_some(2.0 + x + noise * libm::expf(0.2 * y) * 0.5),
            likeness: if inside { Likeness::Vesicle } else { Likeness::Dot },
            touches_border: false,
        }
    };
    (0..2000).map(|_| one()).collect()
}

fn trained(seed: u64) -> Model {
    let held = discs(3).into_iter().map(Some).collect();
    train(&discs(1), &[held], |_, confidence| (0..confidence.len()).collect(), 60, seed, "test".into())
}

#[test]
fn learns_and_gives_the_same_bits_again() {
    let model = trained(7);
    let fresh: Vec<(Example, Vec<f32>)> =
        discs(2).into_iter().map(|e| (e.clone(), model.scaled(&e.features))).collect();
    let right = |e: &Example| e.iou > 0.5;
    let count = fresh.iter().filter(|(e, s)| (model.confidence(s) > 0.5) == right(e)).count();
    assert!(count > 1850, "{count} of 2000");
    let sorted = fresh.iter().filter(|(e, s)| (model.likeness(s)[0] > 0.5) == right(e)).count();
    assert!(sorted > 1850, "{sorted} of 2000");
    let gauged: Vec<f64> = fresh
        .iter()
        .filter_map(|(e, s)| {
            let gauged = model.offset(s);
            Some((f64::from(e.offset_nm?) - gauged.offset_nm).abs() / gauged.uncertainty_nm)
        })
        .collect();
    let covered = gauged.iter().filter(|&&off| off < 2.0).count() as f64 / gauged.len() as f64;
    assert!((0.9..0.99).contains(&covered), "{covered}");
    assert_eq!(model, trained(7));
    assert_ne!(model, trained(8));
}

#[test]
fn the_logistic_fit_finds_what_was_planted() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let answers: Vec<(f64, bool)> = (0..20_000)
        .map(|_| {
            let output = rng.random_range(-4.0..4.0f64);
            (output, rng.random_range(0.0..1.0) < 1.0 / (1.0 + libm::exp(-(0.6 * output - 0.4))))
        })
        .collect();
    let [slope, intercept] = logistic_fit(&answers);
    assert!((slope - 0.6).abs() < 0.03 && (intercept + 0.4).abs() < 0.05, "{slope} {intercept}");
}

/// Losses whose gradients [`Target::gradient`] gives, written down on their own.
fn loss(target: Target, outputs: &[f64]) -> f64 {
    match target {
        Target::Chance(chance) => {
            let p = 1.0 / (1.0 + libm::exp(-outputs[0]));
            -f64::from(chance) * libm::log(p) - (1.0 - f64::from(chance)) * libm::log(1.0 - p)
        }
        Target::Number(number) => {
            let (freedom, off) = (f64::from(FREEDOM), (f64::from(number) - outputs[0]) / libm::exp(outputs[1]));
            outputs[1] + (freedom + 1.0) / 2.0 * libm::log(1.0 + off * off / freedom)
        }
        Target::Choice(right) => libm::log(outputs.iter().map(|o| libm::exp(*o)).sum::<f64>()) - outputs[right],
    }
}

#[test]
fn gradients_are_those_of_the_losses() {
    let cases: [(Target, &[f64]); 7] = [
        (Target::Chance(0.3), &[0.7]),
        (Target::Chance(1.0), &[-1.5]),
        (Target::Number(2.0), &[0.5, 0.3]),
        (Target::Number(-3.0), &[0.5, -0.8]),
        (Target::Choice(0), &[0.2, 1.4, -0.6]),
        (Target::Choice(2), &[0.2, 1.4, -0.6]),
        (Target::Choice(1), &[3.0, 2.0, 1.0]),
    ];
    for (target, outputs) in cases {
        let found = target.gradient(&outputs.iter().map(|&o| o as f32).collect::<Vec<_>>());
        for (i, found) in found.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = outputs.to_vec();
                moved[i] += step;
                loss(target, &moved)
            };
            let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((f64::from(*found) - expected).abs() < 1e-4, "{target:?} {i}: {found} {expected}");
        }
    }
}

/// Two inputs and three outputs: weights of each output, then its bias.
fn layer() -> Trained {
    let value = vec![1.0, 2.0, 0.5, -1.0, 3.0, 0.0, 0.25, -0.5, 1.0];
    Trained { inputs: 2, gradient: vec![0.0; 9], first: vec![0.0; 9], second: vec![0.0; 9], value }
}

#[test]
fn a_layer_passes_values_on_and_gradients_back() {
    let (mut layer, mut output) = (layer(), vec![9.0; 7]);
    layer.forward(&[2.0, 4.0], &mut output);
    assert_eq!(output, [10.5, 10.0, -0.5]);
    // Twice, because examples add up.
    for _ in 0..2 {
        assert_eq!(layer.backward(&[2.0, 4.0], &[1.0, 0.0, -2.0]), [0.5, 3.0]);
    }
    assert_eq!(layer.gradient, [4.0, 8.0, 2.0, 0.0, 0.0, 0.0, -8.0, -16.0, -4.0]);
    let kept = layer.layer();
    assert_eq!(
        (kept.weights[1].as_slice(), kept.bias.as_slice()),
        ([-1.0, 3.0].as_slice(), [0.5, 0.0, 1.0].as_slice())
    );
}

#[test]
fn steps_are_adams() {
    // The first step has the length of the rate whatever the gradient, the mean over the batch.
    let mut layer = layer();
    let before = layer.value.clone();
    layer.gradient = vec![8.0, -4e3, 0.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0];
    layer.step(0.01, 1, 4);
    for (i, sign) in [(0, 1.0), (1, -1.0), (2, 0.0)] {
        let expected = before[i] - 0.01 * (sign + DECAY * before[i]);
        assert!((layer.value[i] - expected).abs() < 1e-6, "{i}: {}", layer.value[i]);
    }
    assert!((layer.first[0] - 0.2).abs() < 1e-6 && (layer.second[0] - 0.004).abs() < 1e-6);
    assert_eq!(layer.gradient, [0.0; 9]);
    // What is remembered fades: with no gradient in the second step.
    let halfway = layer.value[0];
    layer.step(0.01, 2, 4);
    assert!((layer.first[0] - 0.18).abs() < 1e-6 && (layer.second[0] - 0.003_996).abs() < 1e-6);
    let adam = (1.0 - 0.999f32.powi(2)).sqrt() / (1.0 - 0.9f32.powi(2)) * 0.18 / 0.003_996f32.sqrt();
    let expected = halfway - 0.01 * (adam + DECAY * halfway);
    assert!((layer.value[0] - expected).abs() < 1e-6, "{} {expected}", layer.value[0]);
}

#[test]
fn layers_start_with_the_spread_that_rectifiers_need() {
    let start = Trained::new(50, 40, &mut ChaCha8Rng::seed_from_u64(1));
    let (weights, biases): (Vec<_>, Vec<_>) = start.value.iter().enumerate().partition(|(i, _)| i % 51 != 50);
    assert_eq!((biases.len(), start.gradient.len()), (40, 40 * 51));
    assert!(biases.iter().all(|(_, b)| **b == 0.0));
    let variance = weights.iter().map(|(_, w)| *w * *w).sum::<f32>() / 2000.0;
    assert!((variance - 2.0 / 50.0).abs() < 0.003, "{variance}");
}

#[test]
fn a_small_network_learns_what_no_line_parts() {
    // Opposite quadrants are alike.
    let points: Vec<[f32; 2]> =
        (0..256).map(|i| [(i % 16) as f32 / 8.0 - 0.94, (i / 16) as f32 / 8.0 - 0.94]).collect();
    let right = |p: &[f32; 2]| p[0] * p[1] > 0.0;
    let chance = |p: &[f32; 2]| Target::Chance(if right(p) { 1.0 } else { 0.0 });
    let examples: Vec<(&[f32], Target)> = points.iter().map(|p| (p.as_slice(), chance(p))).collect();
    let learned = |seed, member| train_member(&examples, &[2, 8, 4, 1], 120, seed, member);
    let members = Members(vec![learned(5, 0)]);
    let count = points.iter().filter(|p| (members.outputs(*p)[0] > 0.0) == right(p)).count();
    assert!(count > 210, "{count} of 256");
    let one = |seed, member| train_member(&examples[..20], &[2, 3, 1], 1, seed, member);
    assert_eq!(one(5, 0), one(5, 0));
    assert!(one(5, 0) != one(5, 1) && one(5, 0) != one(6, 0));
}

#[test]
fn what_covers_by_half_begins_to_be_right() {
    assert_eq!([0.2, 0.5, 0.625, 0.75, 0.9].map(rightness), [0.0, 0.0, 0.5, 1.0, 1.0]);
}

fn example(features: [f32; 2], iou: f64, offset_nm: Option<f32>) -> Example {
    Example { features: features.to_vec(), iou, offset_nm, likeness: Likeness::Dot, touches_border: false }
}

#[test]
fn features_are_scaled_by_mean_and_deviation() {
    let examples = [[1.0, 7.0], [3.0, 7.0], [5.0, 7.0], [7.0, 7.0]].map(|f| example(f, 0.0, None));
    let (mean, deviation) = moments(&examples, 2);
    assert_eq!(mean, [4.0, 7.0]);
    // A feature that never changes is not divided by nothing.
    assert_eq!(deviation, [5f32.sqrt(), 1e-6]);
}

/// A model that answers with its first feature, and is sure of an edge to 1 nm.
fn plain() -> Model {
    let one = |weights: &[[f32; 2]]| {
        let weights: Vec<Vec<f32>> = weights.iter().map(|row| row.to_vec()).collect();
        Members(vec![vec![Layer { bias: vec![0.0; weights.len()], weights }]])
    };
    Model {
        version: String::new(),
        mean: vec![0.0; 2],
        deviation: vec![1.0; 2],
        verdict: one(&[[1.0, 0.0]]),
        calibration: [1.0, 0.0],
        gauge: one(&[[0.0, 0.0]; 2]),
        gauge_factor: 1.0,
        sorter: one(&[[0.0, 0.0]; 7]),
    }
}

#[test]
fn calibration_makes_chances_of_answers_and_covers_95_percent() {
    // Of the outlines that answer 1 four in five are right, of those that answer -1 three in ten.
    let answers = |answer: f32, right: usize, of: usize| {
        (0..of).map(move |i| Some(example([answer, 0.0], if i < right { 0.5 } else { 0.1 }, Some(900.0))))
    };
    let mut scene: Vec<Option<Example>> = answers(1.0, 40, 50).chain(answers(-1.0, 15, 50)).collect();
    // Edges that are off by 1 to 100 tenths of a nanometre: the 96th is the first beyond 95 %.
    let offs: Vec<Option<Example>> = (1..=100u8)
        .map(|i| Some(example([0.0, 0.0], if i % 2 == 0 { 0.65 } else { 0.4 }, Some(f32::from(i) / 10.0))))
        .collect();
    // What touches the border, what nobody can say and what is not kept teach nothing.
    let border = Example { touches_border: true, ..example([1.0, 0.0], 0.1, Some(500.0)) };
    scene.extend([Some(border), None, Some(example([9.0, 0.0], 0.0, Some(700.0)))]);
    let mut model = plain();
    calibrate(&mut model, &[scene, offs], |scene, confidence| {
        if scene == 1 { (0..confidence.len()).collect() } else { (0..confidence.len() - 1).collect() }
    });
    let mut parted = plain();
    let [slope, intercept] = model.calibration;
    // Half of the answers of 0 are right, which pulls nothing but the intercept.
    assert!(slope > 0.9 && slope < 1.3 && intercept > -0.1 && intercept < 0.3, "{slope} {intercept}");
    // Every other one of them counts: 0.2 to 10 nm, of which 9.6 nm is the 48th of 50.
    assert!((model.gauge_factor - 9.6 / 2.0).abs() < 1e-6, "{}", model.gauge_factor);
    let scene: Vec<Option<Example>> = answers(1.0, 40, 50).chain(answers(-1.0, 15, 50)).collect();
    calibrate(&mut parted, &[scene], |_, confidence| (0..confidence.len()).collect());
    let [slope, intercept] = parted.calibration;
    assert!((slope + intercept - libm::log(4.0)).abs() < 1e-4, "{slope} {intercept}");
    assert!((intercept - slope - libm::log(3.0 / 7.0)).abs() < 1e-4, "{slope} {intercept}");
    assert_eq!(parted.gauge_factor, 1.0);
}

#[test]
fn answers_that_tell_the_wrong_way_round_are_left_as_they_are() {
    let wrong: Vec<(f64, bool)> = (0..100).map(|i| (f64::from(i) / 50.0 - 1.0, i % 3 == 0 && i < 50)).collect();
    assert_eq!(logistic_fit(&wrong), [1.0, 0.0]);
    assert_eq!(logistic_fit(&[]), [1.0, 0.0]);
}

#[test]
fn a_trained_model_is_whole_and_asks_about_every_held_scene() {
    let examples: Vec<Example> = discs(1).into_iter().take(40).collect();
    let held: Vec<Vec<Option<Example>>> = (2..4).map(|s| discs(s).into_iter().take(9).map(Some).collect()).collect();
    let asked = std::sync::Mutex::new(Vec::new());
    let kept = |scene, confidence: &[f64]| {
        asked.lock().unwrap().push((scene, confidence.len()));
        Vec::new()
    };
    let model = train(&examples, &held, kept, 1, 7, "short".into());
    assert_eq!(asked.into_inner().unwrap(), [(0, 9), (1, 9)]);
    assert_eq!((model.version.as_str(), model.calibration, model.gauge_factor), ("short", [1.0, 0.0], 1.0));
    let sizes = |members: &Members| members.0.iter().map(|m| m.last().unwrap().bias.len()).collect::<Vec<_>>();
    assert_eq!(
        [sizes(&model.verdict), sizes(&model.gauge), sizes(&model.sorter)],
        [vec![1; MEMBERS], vec![2; MEMBERS], vec![Likeness::ALL.len(); MEMBERS]]
    );
    let all = [&model.verdict, &model.gauge, &model.sorter].map(|m| m.0.clone()).concat();
    assert!((1..all.len()).all(|i| all[..i].iter().all(|m| m[0] != all[i][0])), "two networks start alike");
}
