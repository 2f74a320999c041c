// One layer of the network: a 3 x 3 convolution over a stack of planes, and over a second, finer one that is laid beside
// it. Planes are interleaved by row: row 0 of all channels, row 1 of all channels, ...
//
// All numbers are whole and below 2^24, which f32 holds exactly, so that no order of additions changes the sum.

struct Params {
    grid_width: u32,     // of the grid that is convolved, px
    grid_height: u32,
    width: u32,          // of the first stack, px
    channels: u32,       // of the first stack
    enlarged: u32,       // grid pixels per pixel of the first stack along each axis
    skip_channels: u32,  // of the second stack, which has the grid's size
    out_width: u32,
    out_height: u32,
    outputs: u32,        // a multiple of 4
    stride: u32,         // grid pixels per output pixel
    scale: f32,          // a power of two
    top: f32,            // largest value of an output, which is then whole and not negative; 0: as it is
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> skip: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;  // per 4 outputs: per input channel and tap: 4 weights
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const BLOCK = 4u;
const TAPS = 9u;

// Value of a channel at a place of the grid; 0 beyond the border.
fn value(c: u32, x: i32, y: i32) -> f32 {
    if (x < 0 || y < 0 || x >= i32(params.grid_width) || y >= i32(params.grid_height)) {
        return 0.0;
    }
    if (c < params.channels) {
        let row = u32(y) / params.enlarged * params.channels + c;
        return features[row * params.width + u32(x) / params.enlarged];
    }
    return skip[(u32(y) * params.skip_channels + c - params.channels) * params.grid_width + u32(x)];
}

@compute @workgroup_size(64)
fn convolve(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    let inputs = params.channels + params.skip_channels;
    let x0 = i32(id.x * params.stride) - 1;
    let y0 = i32(id.y * params.stride) - 1;
    var sum = vec4<f32>(0.0);
    var w = id.z * inputs * TAPS * BLOCK;
    for (var c = 0u; c < inputs; c++) {
        for (var tap = 0u; tap < TAPS; tap++) {
            let v = value(c, x0 + i32(tap % 3u), y0 + i32(tap / 3u));
            sum += v * vec4<f32>(weights[w], weights[w + 1u], weights[w + 2u], weights[w + 3u]);
            w += BLOCK;
        }
    }
    for (var i = 0u; i < BLOCK; i++) {
        let o = id.z * BLOCK + i;
        var result = (sum[i] + bias[o]) * params.scale;
        if (params.top > 0.0) {
            result = clamp(floor(result + 0.5), 0.0, params.top);
        }
        out[(id.y * params.outputs + o) * params.out_width + id.x] = result;
    }
}
