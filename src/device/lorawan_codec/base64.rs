//! Base64, as the network servers write an uplink's bytes.

/// The bytes behind a text of the usual alphabet, with or without `=` at its end; `None` for anything else.
#[must_use]
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let signs = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(signs.len() * 3 / 4);
    for group in signs.chunks(4) {
        if group.len() == 1 {
            return None;
        }
        let mut bits = 0_u32;
        for place in 0..4 {
            bits = bits << 6 | group.get(place).map_or(Some(0), |sign| six(*sign))?;
        }
        let [_, a, b, c] = bits.to_be_bytes();
        bytes.extend_from_slice([a, b, c].get(..group.len() - 1)?);
    }
    Some(bytes)
}

fn six(sign: u8) -> Option<u32> {
    Some(u32::from(match sign {
        b'A'..=b'Z' => sign - b'A',
        b'a'..=b'z' => sign - b'a' + 26,
        b'0'..=b'9' => sign - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        assert_eq!(decode("AXUQ/y4B").as_deref(), Some(&[0x01, 0x75, 0x10, 0xff, 0x2e, 0x01][..]));
        for (text, bytes) in [("", &b""[..]), ("AQ==", b"\x01"), ("AQI", b"\x01\x02"), ("dGVzdA==", b"test")] {
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        }
        for other in ["A", "AQ=A", "示例", "A Q="] {
            assert_eq!(decode(other), None, "{other}");
        }
    }
}
