//! Rising positions as bytes: the distances between them, seven bits a byte, lowest first.

use watershed_core::Position;

use crate::log::tail::Run;

/// Appends the positions after the first to `out`.
pub(super) fn encode(positions: &[Position], out: &mut Vec<u8>) {
    for pair in positions.windows(2) {
        let mut distance = pair[1] - pair[0];
        while distance >= 0x80 {
            out.push(distance as u8 | 0x80);
            distance >>= 7;
        }
        out.push(distance as u8);
    }
}

/// The run that starts with `version` at `first`; none where the bytes are not what [`encode`] writes.
pub(super) fn decode(version: u64, first: Position, bytes: &[u8]) -> Option<Run> {
    let mut positions = vec![first];
    let (mut at, mut distance, mut shift) = (first, 0_u64, 0);
    for byte in bytes {
        distance |= u64::from(byte & 0x7F).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            at = at.checked_add(distance).filter(|_| distance > 0)?;
            positions.push(at);
            (distance, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(Run { version, positions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_as_they_were() {
        for positions in [vec![1], vec![1, 2, 3], vec![5, 132, 133, 1 << 40, u64::MAX >> 1]] {
            let mut bytes = Vec::new();
            encode(&positions, &mut bytes);
            let run = decode(9, positions[0], &bytes).unwrap();
            assert_eq!((run.version, run.positions), (9, positions));
        }
    }

    #[test]
    fn bytes_that_nobody_wrote_are_refused() {
        assert_eq!(decode(1, 1, &[0x80]), None);
        assert_eq!(decode(1, 1, &[0]), None);
        assert_eq!(decode(1, 1, &[0xFF; 20]), None);
    }
}
