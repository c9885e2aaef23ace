//! Numbers as text. What is stamped on every event is written by hand: the formatting machinery costs more than the copy of the frame.

/// The most digits of a number.
const MOST: usize = 20;

/// A number in plain digits.
pub(super) fn decimal(buf: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; MOST];
    let mut from = MOST;
    loop {
        from -= 1;
        digits[from] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    buf.extend_from_slice(&digits[from..]);
}

/// A number in sixteen hexadecimal digits.
pub(super) fn hexadecimal(buf: &mut Vec<u8>, value: u64) {
    let digit = |at: u32| b"0123456789abcdef"[(value >> (60 - 4 * at) & 0xf) as usize];
    buf.extend((0..16).map(digit));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut buf = Vec::new();
        write(&mut buf);
        String::from_utf8(buf).unwrap()
    }

    proptest! {
        #[test]
        fn digits_are_what_formatting_makes(value: u64, shift in 0..64) {
            let value = value >> shift;
            prop_assert_eq!(text(|buf| decimal(buf, value)), value.to_string());
            prop_assert_eq!(text(|buf| hexadecimal(buf, value)), format!("{value:016x}"));
        }
    }

    #[test]
    fn the_borders_have_their_digits() {
        for value in [0, 9, 10, u64::MAX] {
            assert_eq!(text(|buf| decimal(buf, value)), value.to_string());
            assert_eq!(text(|buf| hexadecimal(buf, value)), format!("{value:016x}"));
        }
    }
}
