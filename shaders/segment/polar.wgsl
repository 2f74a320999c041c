// Reward for the outline to pass through each of a few positions around a prior radius, along each ray of each candidate:
// the saturated radial derivative, signed so that the candidate's polarity is positive.

struct Params {
    width: u32,      // of the part of the picture that is here, px
    height: u32,
    left: i32,       // where the whole picture begins and ends, in pixels of the part
    top: i32,
    right: i32,
    bottom: i32,
    candidates: u32,
    rays: u32,
    positions: u32,  // radial positions per ray, centred on the prior
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<u32>;   // saturated, packed
@group(0) @binding(2) var<storage, read> candidate: array<f32>;  // see CANDIDATE
@group(0) @binding(3) var<storage, read> prior: array<f32>;      // radius per candidate and ray, px
@group(0) @binding(4) var<storage, read> direction: array<f32>;  // cos, sin per ray
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

// Numbers of a candidate: pixel (x, y), place in it (x, y; 0 is its centre, 1 the next one's), radial step (px), sign. Pixel
// and place are told apart so that rounding does not depend on where the part begins.
const CANDIDATE = 6u;

// Whether a pixel and a place in it lie behind the border in front of a pixel.
fn after(v: i32, place: f32, border: i32) -> bool {
    return v >= border || (v == border - 1 && place >= 0.5);
}

fn before(v: i32, place: f32, border: i32) -> bool {
    return v < border - 1 || (v == border - 1 && place <= 0.5);
}

// Which of two neighbouring pixels counts how much; the border pixel is repeated outwards.
fn share(v: i32, place: f32, last: i32) -> f32 {
    return select(select(place, 1.0, v > last), 0.0, v < 0);
}

fn outward(at: u32, along: vec2<f32>) -> f32 {
    let g = unpacked(gradient[at]);
    return g.x * along.x + g.y * along.y;
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
    let c = CANDIDATE * id.y;
    let from_prior = (f32(position) - 0.5 * f32(params.positions - 1u)) * candidate[c + 4u];
    let radius = prior[id.y * params.rays + ray] + from_prior;
    let along = vec2<f32>(direction[2u * ray], direction[2u * ray + 1u]);
    let x = candidate[c + 2u] + radius * along.x;
    let y = candidate[c + 3u] + radius * along.y;
    let fx = x - floor(x);
    let fy = y - floor(y);
    let x0 = i32(floor(x)) + i32(candidate[c]);
    let y0 = i32(floor(y)) + i32(candidate[c + 1u]);
    // Beyond the border nothing is known, and nothing lies between the pixels of a picture one pixel wide.
    let known = after(x0, fx, params.left) && after(y0, fy, params.top) && before(x0, fx, params.right)
        && before(y0, fy, params.bottom);
    var reward = 0.0;
    if (params.width >= 2u && params.height >= 2u) {
        if (radius < 1.0) {
            reward = -1.0;  // a radius below one pixel is no outline
        } else if (known) {
            let last_x = i32(params.width) - 2;
            let last_y = i32(params.height) - 2;
            let beside = share(x0, fx, last_x);
            let below = share(y0, fy, last_y);
            let at = index(clamp(x0, 0, last_x), clamp(y0, 0, last_y), params.width);
            let upper = outward(at, along) * (1.0 - beside) + outward(at + 1u, along) * beside;
            let under = at + params.width;
            let lower = outward(under, along) * (1.0 - beside) + outward(under + 1u, along) * beside;
            reward = -candidate[c + 5u] / TOP * (upper * (1.0 - below) + lower * below);
        }
    }
    out[(id.y * params.rays + ray) * params.positions + position] = reward;
}
