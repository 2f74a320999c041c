//! PackBits: runs and literals of up to 128 bytes (TIFF 6.0, section 9).

/// How much of `out` was filled.
pub(super) fn decode(stored: &[u8], out: &mut [u8]) -> usize {
    let (mut at, mut filled) = (0, 0);
    while let Some(&head) = stored.get(at) {
        at += 1;
        let room = out.len() - filled;
        if room == 0 {
            break;
        }
        match head {
            0..128 => {
                let run = &stored[at..stored.len().min(at + usize::from(head) + 1)];
                let length = run.len().min(room);
                out[filled..filled + length].copy_from_slice(&run[..length]);
                at += run.len();
                filled += length;
            }
            128 => {}
            129.. => {
                let Some(&byte) = stored.get(at) else { break };
                let length = (257 - usize::from(head)).min(room);
                out[filled..filled + length].fill(byte);
                at += 1;
                filled += length;
            }
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn apples_example_is_unpacked() {
        // From Apple's Technical Note TN1023.
        let packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let mut out = [0; 24];
        assert_eq!(decode(&packed, &mut out), 24);
        assert_eq!(out[..7], [0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa]);
        assert_eq!(out[14..], [0xaa; 10]);
        for cut in 0..packed.len() {
            assert!(decode(&packed[..cut], &mut out) < 24, "{cut}");
        }
        assert_eq!(decode(&packed, &mut out[..5]), 5);
    }
}
