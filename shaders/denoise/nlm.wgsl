// Non-local means in whole numbers: bit for bit the same on every device, in any order of summation.
//
// Values are 0 to 65535; patches are compared on the upper 12 bits so that a sum of 25 squares fits 32 bits.

struct Params {
    width: u32,
    height: u32,
    search_radius: u32,  // px; a window of 2 r + 1
    distance_max: u32,   // summed squared patch difference from which a patch has no weight
    weight_shift: u32,   // weight = (distance_max - distance) >> weight_shift, at most 255
}

const PATCH_RADIUS = 2;     // px; 5 x 5
const COMPARED_SHIFT = 4u;  // 16 -> 12 bits

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grey: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn value(x: i32, y: i32) -> u32 {
    return u32(grey[index(inside(x, params.width), inside(y, params.height), params.width)]);
}

fn patch_distance(x: i32, y: i32, dx: i32, dy: i32) -> u32 {
    var sum = 0u;
    for (var j = -PATCH_RADIUS; j <= PATCH_RADIUS; j++) {
        for (var i = -PATCH_RADIUS; i <= PATCH_RADIUS; i++) {
            // Both pixels are pulled inside on their own, as the native twin's padded picture does it.
            let a = i32(value(x + i, y + j) >> COMPARED_SHIFT);
            let b = i32(value(x + dx + i, y + dy + j) >> COMPARED_SHIFT);
            sum += u32((a - b) * (a - b));
        }
    }
    return sum;
}

@compute @workgroup_size(64)
fn nlm(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y);
    let r = i32(params.search_radius);
    var weights = 0u;
    var sum = 0u;
    for (var dy = -r; dy <= r; dy++) {
        for (var dx = -r; dx <= r; dx++) {
            let distance = patch_distance(x, y, dx, dy);
            let weight = select(0u, (params.distance_max - distance) >> params.weight_shift, distance < params.distance_max);
            weights += weight;
            sum += weight * value(x + dx, y + dy);
        }
    }
    out[id.y * params.width + id.x] = f32(select(value(x, y), (sum + weights / 2u) / max(weights, 1u), weights > 0u));
}
