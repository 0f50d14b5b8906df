//! The alphabets of a short message: GSM-7 with its extension table, packed into octets, and UCS-2 (3GPP TS 23.038).
//!
//! Seven bits a sign are packed without gaps, low bits first. A sign of the extension takes two septets, and `1B` before
//! it. What a phone could not show in GSM-7 makes the whole message UCS-2: one Chinese sign is enough.

use crate::device::DecodeError;

const ESCAPE: u8 = 0x1B;

/// The default alphabet by septet. At `1B` stands the escape, which shows as a blank.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The septets of a sign, or `None` when GSM-7 does not have it.
pub(super) fn septets_of(sign: char) -> Option<([u8; 2], usize)> {
    if let Some((septet, _)) = EXTENSION.iter().find(|(_, extended)| *extended == sign) {
        return Some(([ESCAPE, *septet], 2));
    }
    let place = BASIC.iter().enumerate().find(|(at, basic)| **basic == sign && *at != usize::from(ESCAPE))?.0;
    Some(([u8::try_from(place).ok()?, 0], 1))
}

/// A text as septets, or `None` when GSM-7 does not have one of its signs.
#[must_use]
pub fn to_septets(text: &str) -> Option<Vec<u8>> {
    let mut all = Vec::with_capacity(text.len());
    for sign in text.chars() {
        let (septets, count) = septets_of(sign)?;
        all.extend_from_slice(septets.get(..count)?);
    }
    Some(all)
}

/// Septets as text. An escape before a sign that the extension does not have shows that sign of the default alphabet.
#[must_use]
pub fn from_septets(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut rest = septets.iter();
    while let Some(septet) = rest.next() {
        let escaped = if *septet == ESCAPE { rest.next() } else { None };
        let extended = escaped.and_then(|second| EXTENSION.iter().find(|(code, _)| code == second));
        let basic = BASIC.get(usize::from(*escaped.unwrap_or(septet)));
        text.extend(extended.map(|(_, sign)| *sign).or(basic.copied()));
    }
    text
}

/// Septets in octets, behind so many zero bits.
#[must_use]
pub fn pack(septets: &[u8], fill_bits: usize) -> Vec<u8> {
    let mut octets = vec![0; (fill_bits + septets.len() * 7).div_ceil(8)];
    for (nth, septet) in septets.iter().enumerate() {
        let (at, shift) = ((fill_bits + nth * 7) / 8, (fill_bits + nth * 7) % 8);
        let wide = u16::from(septet & 0x7F) << shift;
        for (octet, part) in octets.iter_mut().skip(at).zip(wide.to_le_bytes()) {
            *octet |= part;
        }
    }
    octets
}

/// So many septets out of octets, behind so many bits; fewer where the octets end.
#[must_use]
pub fn unpack(octets: &[u8], fill_bits: usize, count: usize) -> Vec<u8> {
    let there = (octets.len() * 8).saturating_sub(fill_bits) / 7;
    let octet = |at: usize| u16::from(octets.get(at).copied().unwrap_or_default());
    (0..count.min(there))
        .map(|nth| {
            let (at, shift) = ((fill_bits + nth * 7) / 8, (fill_bits + nth * 7) % 8);
            let [low, _] = (((octet(at + 1) << 8 | octet(at)) >> shift) & 0x7F).to_le_bytes();
            low
        })
        .collect()
}

/// Septets without filling: where seven octets hold eight of them, a last one of zero fills what seven letters leave.
pub(super) fn without_filling(mut septets: Vec<u8>) -> Vec<u8> {
    if septets.len().is_multiple_of(8) && septets.last() == Some(&0) {
        septets.pop();
    }
    septets
}

/// UCS-2 as text. Phones write what UCS-2 cannot hold as UTF-16; half a pair shows as `�`.
///
/// # Errors
/// `Length` without two octets for every unit.
pub fn from_ucs2(octets: &[u8]) -> Result<String, DecodeError> {
    let (pairs, rest) = octets.as_chunks::<2>();
    if rest.is_empty() { Ok(units_as_text(pairs)) } else { Err(DecodeError::Length) }
}

/// As [`from_ucs2`], where a last odd octet is passed over: modems cut.
pub(super) fn from_ucs2_cut(octets: &[u8]) -> String {
    units_as_text(octets.as_chunks::<2>().0)
}

fn units_as_text(pairs: &[[u8; 2]]) -> String {
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// A text as UCS-2 octets.
#[must_use]
pub fn to_ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_sign_of_the_alphabet_returns() {
        for sign in BASIC.iter().chain(EXTENSION.iter().map(|(_, sign)| sign)) {
            let septets = to_septets(&sign.to_string()).expect("a sign of the alphabet");
            assert_eq!(from_septets(&septets), sign.to_string());
        }
        assert_eq!(to_septets("守"), None);
        assert_eq!(from_septets(&[ESCAPE, b'a', ESCAPE]), "a ");
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(septets in proptest::collection::vec(0_u8..128, 0..160), fill_bits in 0_usize..7) {
            prop_assert_eq!(unpack(&pack(&septets, fill_bits), fill_bits, septets.len()), septets);
        }

        #[test]
        fn any_octets_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..200), count in 0_usize..300) {
            let _ = from_septets(&unpack(&octets, 3, count));
            let _ = from_ucs2_cut(&octets);
        }
    }
}
