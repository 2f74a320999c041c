// The best closed outline of each candidate by dynamic programming over its rays. Scores are whole numbers, so equal
// rewards give equal paths on every device. Closure: two turns are run and the middle one is kept.

struct Params {
    candidates: u32,
    rays: u32,        // at most 64
    positions: u32,   // at most 64
    penalty: f32,     // reward lost per position of radial step between neighbouring rays
}

const SCORE_SCALE = 4096.0;   // whole numbers per unit of reward
const STEP_MAX = 2;           // positions between neighbouring rays
const FORBIDDEN = -1000000;   // below any sum of two turns
const TURN_MAX = 128u;        // rays of two turns
const WORDS = 16u;            // 128 steps of 4 bits
const CANDIDATE = 6u;         // numbers of a candidate, as in polar.wgsl; the fifth is the radial step

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> reward: array<f32>;
@group(0) @binding(2) var<storage, read> candidate: array<f32>;
@group(0) @binding(3) var<storage, read> prior: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;  // per candidate: radius per ray, then the mean reward

var<workgroup> score: array<i32, 64>;
var<workgroup> steps: array<u32, 1024>;  // WORDS words per position
var<workgroup> path: array<i32, 128>;

fn reward_at(c: u32, ray: u32, position: i32) -> f32 {
    return reward[(c * params.rays + ray) * params.positions + u32(position)];
}

@compute @workgroup_size(64)
fn contour(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let c = slab.first_group.x + group.x;
    let j = i32(local.x);
    let positions = i32(params.positions);
    let turn = 2u * params.rays;
    let penalty = i32(round(params.penalty * SCORE_SCALE));
    let alive = c < params.candidates && j < positions;
    var word = 0u;

    score[j] = select(FORBIDDEN, 0, alive);
    workgroupBarrier();
    for (var k = 0u; k < turn; k++) {
        var best = FORBIDDEN;
        var best_step = 0;
        if (alive) {
            // No step first, then the smaller ones: the order decides ties.
            for (var i = 0; i <= 2 * STEP_MAX; i++) {
                let size = (i + 1) / 2;
                let step = select(size, -size, i % 2 == 1);
                let source = j + step;
                if (source >= 0 && source < positions) {
                    let sum = score[source] - penalty * size;
                    if (sum > best) {
                        best = sum;
                        best_step = step;
                    }
                }
            }
            best += i32(round(reward_at(c, k % params.rays, j) * SCORE_SCALE));
        }
        workgroupBarrier();
        score[j] = best;
        word |= u32(best_step + STEP_MAX) << (4u * (k % 8u));
        if (k % 8u == 7u) {
            steps[u32(j) * WORDS + k / 8u] = word;
            word = 0u;
        }
        workgroupBarrier();
    }
    if (turn % 8u != 0u) {
        steps[u32(j) * WORDS + turn / 8u] = word;
    }
    workgroupBarrier();

    if (local.x == 0u && c < params.candidates) {
        var position = 0;
        for (var i = 1; i < positions; i++) {
            if (score[i] > score[position]) {
                position = i;
            }
        }
        for (var back = 0u; back < turn; back++) {
            let k = turn - 1u - back;
            path[k] = position;
            let packed = steps[u32(position) * WORDS + k / 8u];
            position += i32((packed >> (4u * (k % 8u))) & 15u) - STEP_MAX;
        }
        let first = params.rays / 2u;
        var total = 0.0;
        for (var i = 0u; i < params.rays; i++) {
            let k = first + i;
            let ray = k % params.rays;
            let p = path[k];
            let here = reward_at(c, ray, p);
            var shift = 0.0;
            if (p > 0 && p < positions - 1) {
                let below = reward_at(c, ray, p - 1);
                let above = reward_at(c, ray, p + 1);
                let bend = below - 2.0 * here + above;
                if (bend < 0.0) {
                    shift = clamp(0.5 * (below - above) / bend, -0.5, 0.5);
                }
            }
            let from_prior = (f32(p) + shift - 0.5 * f32(params.positions - 1u)) * candidate[CANDIDATE * c + 4u];
            out[c * (params.rays + 1u) + ray] = prior[c * params.rays + ray] + from_prior;
            total += here;
        }
        out[c * (params.rays + 1u) + params.rays] = total / f32(params.rays);
    }
}
