// Indexing, borders and slabs, in front of every shader.

// Position of a pixel in a row-major plane.
fn index(x: i32, y: i32, width: u32) -> u32 {
    return u32(y) * width + u32(x);
}

// Nearest position inside a picture: the border pixel is repeated outwards.
fn inside(v: i32, size: u32) -> i32 {
    return clamp(v, 0, i32(size) - 1);
}

// What 1 is packed as.
const TOP = 32767.0;

// Two numbers of -1 to 1 as whole ones of 16 bits in one word, the first one in the lower half.
fn packed(x: f32, y: f32) -> u32 {
    return (u32(i32(round(x * TOP))) & 0xffffu) | (u32(i32(round(y * TOP))) << 16u);
}

// The two numbers of a word, times TOP.
fn unpacked(word: u32) -> vec2<f32> {
    return vec2<f32>(f32(bitcast<i32>(word << 16u) >> 16u), f32(bitcast<i32>(word) >> 16u));
}

// The part of the grid that a dispatch computes: a long one is cut into slabs.
struct Slab {
    first: vec3<u32>,        // its first invocation
    first_group: vec3<u32>,  // its first workgroup
}

@group(1) @binding(0) var<uniform> slab: Slab;

// Position in the whole grid of an invocation of this dispatch.
fn in_grid(invocation: vec3<u32>) -> vec3<u32> {
    return slab.first + invocation;
}
