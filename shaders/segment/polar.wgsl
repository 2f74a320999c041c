// Reward for the outline to pass through each of a few positions around a prior radius, along each ray of each candidate:
// the saturated radial derivative, signed so that the candidate's polarity is positive.

struct Params {
    width: u32,
    height: u32,
    candidates: u32,
    rays: u32,
    positions: u32,  // radial positions per ray, centred on the prior
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;   // saturated; x plane, then y plane
@group(0) @binding(2) var<storage, read> candidate: array<f32>;  // x, y (pixel indices), radial step (px), sign
@group(0) @binding(3) var<storage, read> prior: array<f32>;      // radius per candidate and ray, px
@group(0) @binding(4) var<storage, read> direction: array<f32>;  // cos, sin per ray
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

fn bilinear(plane: u32, x: f32, y: f32) -> f32 {
    let x0 = floor(x);
    let y0 = floor(y);
    let fx = x - x0;
    let fy = y - y0;
    let w = params.width;
    let u0 = inside(i32(x0), w);
    let u1 = inside(i32(x0) + 1, w);
    let v0 = inside(i32(y0), params.height);
    let v1 = inside(i32(y0) + 1, params.height);
    let upper = gradient[plane + index(u0, v0, w)] * (1.0 - fx) + gradient[plane + index(u1, v0, w)] * fx;
    let lower = gradient[plane + index(u0, v1, w)] * (1.0 - fx) + gradient[plane + index(u1, v1, w)] * fx;
    return upper * (1.0 - fy) + lower * fy;
}

@compute @workgroup_size(64)
fn polar(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    // x: position and ray, y: candidate
    let ray = id.x / params.positions;
    let position = id.x % params.positions;
    if (ray >= params.rays || id.y >= params.candidates) {
        return;
    }
    let c = 4u * id.y;
    let from_prior = (f32(position) - 0.5 * f32(params.positions - 1u)) * candidate[c + 2u];
    let radius = prior[id.y * params.rays + ray] + from_prior;
    let dx = direction[2u * ray];
    let dy = direction[2u * ray + 1u];
    let x = candidate[c] + radius * dx;
    let y = candidate[c + 1u] + radius * dy;
    var reward = -1.0;  // a radius below one pixel is no outline
    if (radius >= 1.0) {
        reward = 0.0;   // beyond the border nothing is known
        if (x >= -0.5 && y >= -0.5 && x <= f32(params.width) - 0.5 && y <= f32(params.height) - 0.5) {
            let outward = bilinear(0u, x, y) * dx + bilinear(params.width * params.height, x, y) * dy;
            reward = -candidate[c + 3u] * outward;
        }
    }
    out[(id.y * params.rays + ray) * params.positions + position] = reward;
}
