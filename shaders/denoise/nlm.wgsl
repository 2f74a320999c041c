// Non-local means in whole numbers: bit for bit the same on every device, in any order of summation.
//
// Values are 0 to 65535; patches are compared on the upper 12 bits so that a sum of 25 squares fits 32 bits.
//
// One invocation computes a block of 4 x 4 pixels: 16 patches lie on the same eight rows of eight values, so that each
// is read once per offset instead of 6 times. A lane of a vector is a column of the block. A workgroup of 32 x 32
// pixels reads its part of the picture once, with the border repeated outwards.

struct Params {
    width: u32,
    height: u32,
    search_radius: u32,  // px; a window of 2 r + 1
    distance_max: u32,   // summed squared patch difference from which a patch has no weight
    weight_shift: u32,   // weight = (distance_max - distance) >> weight_shift, at most 255
}

const BLOCK = 4;            // px; pixels of an invocation along each axis
const PATCH_RADIUS = 2;     // px; 5 x 5
const COMPARED_SHIFT = 4u;  // 16 -> 12 bits
const GROUP = 8;            // invocations of a workgroup along each axis
const REACH = 9;            // px; the largest search radius, 7, and a patch's
const TILE = 50;            // px; what a workgroup reads along each axis: GROUP * BLOCK + 2 * REACH

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grey: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> tile: array<u32, 2500>;  // TILE * TILE

// Eight neighbouring values of a row.
struct Row {
    left: vec4<u32>,
    right: vec4<u32>,
}

// Weights and weighted values of four pixels, summed over the offsets so far.
struct Sums {
    weight: vec4<u32>,
    value: vec4<u32>,
}

fn four(i: i32) -> vec4<u32> {
    return vec4<u32>(tile[i], tile[i + 1], tile[i + 2], tile[i + 3]);
}

// The row of values that the patches of four pixels lie on, of which the first is at x and y of the tile.
fn row(x: i32, y: i32) -> Row {
    let i = y * TILE + x - PATCH_RADIUS;
    return Row(four(i), four(i + BLOCK));
}

// The values of the four pixels themselves.
fn own(r: Row) -> vec4<u32> {
    return vec4<u32>(r.left.zw, r.right.xy);
}

fn squares(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
    let difference = vec4<i32>(a >> vec4<u32>(COMPARED_SHIFT)) - vec4<i32>(b >> vec4<u32>(COMPARED_SHIFT));
    return vec4<u32>(difference * difference);
}

// What one row adds to the distances of four patches: sums of five neighbouring squares.
fn row_distance(a: Row, b: Row) -> vec4<u32> {
    let l = squares(a.left, b.left);
    let r = squares(a.right, b.right);
    return l + vec4<u32>(l.yzw, r.x) + vec4<u32>(l.zw, r.xy) + vec4<u32>(l.w, r.xyz) + r;
}

fn add(sums: Sums, distance: vec4<u32>, value: vec4<u32>) -> Sums {
    let room = vec4<u32>(params.distance_max) - min(distance, vec4<u32>(params.distance_max));
    let weight = room >> vec4<u32>(params.weight_shift);
    return Sums(sums.weight + weight, sums.value + weight * value);
}

fn write(x: u32, y: u32, sums: Sums, unfiltered: vec4<u32>) {
    if (y >= params.height) {
        return;
    }
    let mean = (sums.value + sums.weight / 2u) / max(sums.weight, vec4<u32>(1u));
    let filtered = vec4<f32>(select(unfiltered, mean, sums.weight > vec4<u32>(0u)));
    let i = y * params.width + x;
    out[i] = filtered.x;
    if (x + 1u < params.width) { out[i + 1u] = filtered.y; }
    if (x + 2u < params.width) { out[i + 2u] = filtered.z; }
    if (x + 3u < params.width) { out[i + 3u] = filtered.w; }
}

@compute @workgroup_size(8, 8)
fn nlm(@builtin(global_invocation_id) invocation: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let id = in_grid(invocation);
    let left = i32(id.x - local.x) * BLOCK - REACH;
    let upper = i32(id.y - local.y) * BLOCK - REACH;
    for (var i = i32(local.y) * GROUP + i32(local.x); i < TILE * TILE; i += GROUP * GROUP) {
        let u = inside(left + i % TILE, params.width);
        let v = inside(upper + i / TILE, params.height);
        tile[i] = u32(grey[index(u, v, params.width)]);
    }
    workgroupBarrier();
    if (id.x * u32(BLOCK) >= params.width || id.y * u32(BLOCK) >= params.height) {
        return;
    }
    let x = i32(local.x) * BLOCK + REACH;
    let y = i32(local.y) * BLOCK + REACH;
    // All is written out, because an array that is indexed in a loop lives in memory.
    let a0 = row(x, y - 2);
    let a1 = row(x, y - 1);
    let a2 = row(x, y);
    let a3 = row(x, y + 1);
    let a4 = row(x, y + 2);
    let a5 = row(x, y + 3);
    let a6 = row(x, y + 4);
    let a7 = row(x, y + 5);
    var s0 = Sums();
    var s1 = Sums();
    var s2 = Sums();
    var s3 = Sums();
    let radius = i32(params.search_radius);
    for (var dy = -radius; dy <= radius; dy++) {
        for (var dx = -radius; dx <= radius; dx++) {
            let u = x + dx;
            let v = y + dy;
            let d0 = row_distance(a0, row(u, v - 2));
            let d1 = row_distance(a1, row(u, v - 1));
            let b2 = row(u, v);
            let d2 = row_distance(a2, b2);
            let b3 = row(u, v + 1);
            let d3 = row_distance(a3, b3);
            let b4 = row(u, v + 2);
            let d4 = row_distance(a4, b4);
            let b5 = row(u, v + 3);
            let d5 = row_distance(a5, b5);
            let d6 = row_distance(a6, row(u, v + 4));
            let d7 = row_distance(a7, row(u, v + 5));
            let shared_by_all = d3 + d4;
            s0 = add(s0, d0 + d1 + d2 + shared_by_all, own(b2));
            s1 = add(s1, d1 + d2 + shared_by_all + d5, own(b3));
            s2 = add(s2, d2 + shared_by_all + d5 + d6, own(b4));
            s3 = add(s3, shared_by_all + d5 + d6 + d7, own(b5));
        }
    }
    let px = id.x * u32(BLOCK);
    let py = id.y * u32(BLOCK);
    write(px, py, s0, own(a2));
    write(px, py + 1u, s1, own(a3));
    write(px, py + 2u, s2, own(a4));
    write(px, py + 3u, s3, own(a5));
}
