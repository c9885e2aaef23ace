//! Ways to cut what arrives into pieces.

/// Byte by byte.
pub(crate) fn one_by_one(data: &[u8]) -> Vec<&[u8]> {
    data.chunks(1).collect()
}

/// In pieces that the data itself decides: the same for the same data. Some are empty.
pub(crate) fn drawn(data: &[u8]) -> Vec<&[u8]> {
    let (mut chunks, mut rest, mut state) = (Vec::new(), data, 0xcbf2_9ce4_8422_2325_u64);
    while !rest.is_empty() {
        state = (state ^ u64::from(rest[0])).wrapping_mul(0x0100_0000_01b3);
        let (chunk, after) = rest.split_at((state >> 40) as usize % 7.min(rest.len() + 1));
        chunks.push(chunk);
        rest = after;
        state = state.wrapping_add(1);
    }
    chunks
}
