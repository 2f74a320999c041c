// One layer of the network: a 3 x 3 convolution over a stack of planes, and over a second, finer one that is laid
// beside it. Planes are interleaved by row: row 0 of all channels, row 1 of all channels, ...
//
// All numbers are whole and below 2^24, which f32 holds exactly, so that no order of additions changes the sum.
//
// One invocation computes a block of 4 x 2 pixels in four outputs, because reads cost more than sums: a value that was
// read meets up to six taps and four outputs, and a weight eight pixels. A lane of a vector is a column of the block.
// All is written out, because an array that is indexed in a loop lives in memory.

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
    stride: u32,         // grid pixels per output pixel, 1 or 2
    scale: f32,          // a power of two
    top: f32,            // largest value of an output, which is then whole and not negative; 0: as it is
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> skip: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<f32>>;  // per 4 outputs: per input channel and tap
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const BLOCK = 4u;    // outputs of an invocation
const COLUMNS = 4u;  // px; pixels of an invocation along a row
const ROWS = 2u;     // px; the same along a column
const TAPS = 9u;

// What the three taps of a row meet at four pixels.
struct Row {
    left: vec4<f32>,
    middle: vec4<f32>,
    right: vec4<f32>,
}

// Sums of four pixels in four outputs so far.
struct Sums {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
}

fn known(x: i32, y: i32) -> bool {
    return x >= 0 && y >= 0 && x < i32(params.grid_width) && y < i32(params.grid_height);
}

// Value of a channel at a place of the grid; 0 beyond the border. Read without a branch, from inside.
fn feature(c: u32, x: i32, y: i32) -> f32 {
    let row = u32(inside(y, params.grid_height)) / params.enlarged * params.channels + c;
    let v = features[row * params.width + u32(inside(x, params.grid_width)) / params.enlarged];
    return select(0.0, v, known(x, y));
}

// The same of the second stack.
fn skipped(c: u32, x: i32, y: i32) -> f32 {
    let row = u32(inside(y, params.grid_height)) * params.skip_channels + c;
    return select(0.0, skip[row * params.grid_width + u32(inside(x, params.grid_width))], known(x, y));
}

// The row of the first stack that four pixels from x on meet.
fn feature_row(c: u32, x: i32, y: i32) -> Row {
    let v0 = feature(c, x, y);
    let v1 = feature(c, x + 1, y);
    let v2 = feature(c, x + 2, y);
    let v3 = feature(c, x + 3, y);
    let v4 = feature(c, x + 4, y);
    let v5 = feature(c, x + 5, y);
    return Row(vec4<f32>(v0, v1, v2, v3), vec4<f32>(v1, v2, v3, v4), vec4<f32>(v2, v3, v4, v5));
}

// The same where two grid pixels go into one.
fn halved_row(c: u32, x: i32, y: i32) -> Row {
    let v0 = feature(c, x, y);
    let v1 = feature(c, x + 1, y);
    let v2 = feature(c, x + 2, y);
    let v3 = feature(c, x + 3, y);
    let v4 = feature(c, x + 4, y);
    let v5 = feature(c, x + 5, y);
    let v6 = feature(c, x + 6, y);
    let v7 = feature(c, x + 7, y);
    let v8 = feature(c, x + 8, y);
    return Row(vec4<f32>(v0, v2, v4, v6), vec4<f32>(v1, v3, v5, v7), vec4<f32>(v2, v4, v6, v8));
}

// The same of the second stack, which is never halved: it is as fine as what is computed.
fn skip_row(c: u32, x: i32, y: i32) -> Row {
    let v0 = skipped(c, x, y);
    let v1 = skipped(c, x + 1, y);
    let v2 = skipped(c, x + 2, y);
    let v3 = skipped(c, x + 3, y);
    let v4 = skipped(c, x + 4, y);
    let v5 = skipped(c, x + 5, y);
    return Row(vec4<f32>(v0, v1, v2, v3), vec4<f32>(v1, v2, v3, v4), vec4<f32>(v2, v3, v4, v5));
}

fn add_row(sums: Sums, row: Row, w: u32) -> Sums {
    let l = weights[w];
    let m = weights[w + 1u];
    let r = weights[w + 2u];
    return Sums(
        sums.a + row.left * l.x + row.middle * m.x + row.right * r.x,
        sums.b + row.left * l.y + row.middle * m.y + row.right * r.y,
        sums.c + row.left * l.z + row.middle * m.z + row.right * r.z,
        sums.d + row.left * l.w + row.middle * m.w + row.right * r.w,
    );
}

// Adds three rows of taps, whose weights start at w.
fn add(sums: Sums, upper: Row, middle: Row, lower: Row, w: u32) -> Sums {
    return add_row(add_row(add_row(sums, upper, w), middle, w + 3u), lower, w + 6u);
}

fn write(x: u32, y: u32, o: u32, sum: vec4<f32>) {
    var result = (sum + bias[o]) * params.scale;
    if (params.top > 0.0) {
        result = clamp(floor(result + 0.5), vec4<f32>(0.0), vec4<f32>(params.top));
    }
    let i = (y * params.outputs + o) * params.out_width + x;
    out[i] = result.x;
    if (x + 1u < params.out_width) { out[i + 1u] = result.y; }
    if (x + 2u < params.out_width) { out[i + 2u] = result.z; }
    if (x + 3u < params.out_width) { out[i + 3u] = result.w; }
}

fn write_row(x: u32, y: u32, o: u32, sums: Sums) {
    if (y >= params.out_height) {
        return;
    }
    write(x, y, o, sums.a);
    write(x, y, o + 1u, sums.b);
    write(x, y, o + 2u, sums.c);
    write(x, y, o + 3u, sums.d);
}

@compute @workgroup_size(64)
fn convolve(@builtin(global_invocation_id) invocation: vec3<u32>) {
    let id = in_grid(invocation);
    let x = id.x * COLUMNS;
    let y = id.y * ROWS;
    if (x >= params.out_width || y >= params.out_height) {
        return;
    }
    let x0 = i32(x * params.stride) - 1;
    let y0 = i32(y * params.stride) - 1;
    var w = id.z * (params.channels + params.skip_channels) * TAPS;
    var s = Sums();  // of the upper row of the block
    var t = Sums();  // of the lower one
    if (params.stride == 1u) {
        for (var c = 0u; c < params.channels; c++) {
            let r0 = feature_row(c, x0, y0);
            let r1 = feature_row(c, x0, y0 + 1);
            let r2 = feature_row(c, x0, y0 + 2);
            let r3 = feature_row(c, x0, y0 + 3);
            s = add(s, r0, r1, r2, w);
            t = add(t, r1, r2, r3, w);
            w += TAPS;
        }
        for (var c = 0u; c < params.skip_channels; c++) {
            let r0 = skip_row(c, x0, y0);
            let r1 = skip_row(c, x0, y0 + 1);
            let r2 = skip_row(c, x0, y0 + 2);
            let r3 = skip_row(c, x0, y0 + 3);
            s = add(s, r0, r1, r2, w);
            t = add(t, r1, r2, r3, w);
            w += TAPS;
        }
    } else {
        for (var c = 0u; c < params.channels; c++) {
            let r0 = halved_row(c, x0, y0);
            let r1 = halved_row(c, x0, y0 + 1);
            let r2 = halved_row(c, x0, y0 + 2);
            let r3 = halved_row(c, x0, y0 + 3);
            let r4 = halved_row(c, x0, y0 + 4);
            s = add(s, r0, r1, r2, w);
            t = add(t, r2, r3, r4, w);
            w += TAPS;
        }
    }
    write_row(x, y, id.z * BLOCK, s);
    write_row(x, y + 1u, id.z * BLOCK, t);
}
