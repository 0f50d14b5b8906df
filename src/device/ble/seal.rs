//! AES-CCM as broadcasts use it: a key of 16 bytes, a tag of 4.
//!
//! A key comes from enrolment as hex and is printed nowhere: the type has no way to show it.

use aes::Aes128;
use ccm::Ccm;
use ccm::aead::{AeadInOut as _, KeyInit as _};
use ccm::consts::{U4, U12, U13};
use serde_json::Value;

use crate::device::DecodeError;
use crate::device::hex;

/// What the makers' old keys of 12 bytes are filled up with, after their sixth byte (source: MiBeacon v2/v3).
const LEGACY_FILL: [u8; 4] = [0x8d, 0x3d, 0x3c, 0x97];

/// A device's key.
pub struct Key([u8; 16]);

impl Key {
    /// The key that enrolment knows: `bindkey` or `key`, 32 hex digits, or 24 of a device of the first generation.
    ///
    /// # Errors
    /// `WrongKey` when what is enrolled is no key.
    pub fn of(context: &Value) -> Result<Option<Self>, DecodeError> {
        let Some(key) = context.get("bindkey").or_else(|| context.get("key")).filter(|key| !key.is_null()) else {
            return Ok(None);
        };
        let bytes = key.as_str().and_then(|text| hex::read(text.as_bytes())).ok_or(DecodeError::WrongKey)?;
        let whole: Vec<u8> = match bytes.split_at_checked(6) {
            Some((head, tail)) if bytes.len() == 12 => [head, &LEGACY_FILL, tail].concat(),
            _ => bytes,
        };
        Ok(Some(Self(whole.try_into().map_err(|_| DecodeError::WrongKey)?)))
    }

    /// Opens what is sealed with a nonce of 12 bytes (MiBeacon v4 and v5).
    ///
    /// # Errors
    /// `WrongKey` when the tag does not fit.
    pub fn open_12(&self, nonce: [u8; 12], also: &[u8], sealed: &[u8], tag: [u8; 4]) -> Result<Vec<u8>, DecodeError> {
        let mut text = sealed.to_vec();
        let cipher = Ccm::<Aes128, U4, U12>::new(&self.0.into());
        let opened = cipher.decrypt_inout_detached(&nonce.into(), also, text.as_mut_slice().into(), &tag.into());
        opened.map(|()| text).map_err(|_| DecodeError::WrongKey)
    }

    /// Opens what is sealed with a nonce of 13 bytes (BTHome).
    ///
    /// # Errors
    /// `WrongKey` when the tag does not fit.
    pub fn open_13(&self, nonce: [u8; 13], sealed: &[u8], tag: [u8; 4]) -> Result<Vec<u8>, DecodeError> {
        let mut text = sealed.to_vec();
        let cipher = Ccm::<Aes128, U4, U13>::new(&self.0.into());
        let opened = cipher.decrypt_inout_detached(&nonce.into(), b"", text.as_mut_slice().into(), &tag.into());
        opened.map(|()| text).map_err(|_| DecodeError::WrongKey)
    }

    /// Turns over what carries no whole tag (MiBeacon v2 and v3); whether the key was right shows only in what comes out.
    ///
    /// # Errors
    /// `Length` when it is too long for the mode.
    pub fn turn_13(&self, nonce: [u8; 13], sealed: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let mut text = sealed.to_vec();
        let cipher = Ccm::<Aes128, U4, U13>::new(&self.0.into());
        // The mode encrypts and decrypts with the same stream, and only decrypting asks for a tag.
        let turned = cipher.encrypt_inout_detached(&nonce.into(), b"", text.as_mut_slice().into());
        turned.map(|_| text).map_err(|_| DecodeError::Length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_read_from_either_name_and_nothing_else_is_a_key() {
        let hex = "231d39c1d7cc1ab1aee224cd096db932";
        assert!(matches!(Key::of(&json!({"key": hex})), Ok(Some(_))));
        assert!(matches!(Key::of(&json!({"bindkey": hex})), Ok(Some(_))));
        assert!(matches!(Key::of(&json!({"model": "x"})), Ok(None)));
        assert!(matches!(Key::of(&Value::Null), Ok(None)));
        for wrong in [json!("231d"), json!(7), json!("示例"), json!(format!("{hex}00"))] {
            assert!(matches!(Key::of(&json!({"key": wrong})), Err(DecodeError::WrongKey)));
        }
        let filled = Key::of(&json!({"key": "b853075158487ca39a5b5ea9"})).expect("a key").expect("one");
        assert_eq!(filled.0[6..10], LEGACY_FILL);
    }

    #[test]
    fn the_example_of_the_specification_opens_and_a_changed_bit_does_not() {
        let key = Key::of(&json!({"key": "231d39c1d7cc1ab1aee224cd096db932"})).expect("a key").expect("one");
        let nonce = [0x54, 0x48, 0xe6, 0x8f, 0x80, 0xa5, 0xd2, 0xfc, 0x41, 0x00, 0x11, 0x22, 0x33];
        let (sealed, tag) = ([0xa4, 0x72, 0x66, 0xc9, 0x5f, 0x73], [0x78, 0x23, 0x72, 0x14]);
        assert_eq!(key.open_13(nonce, &sealed, tag), Ok(vec![0x02, 0xca, 0x09, 0x03, 0xbf, 0x13]));
        assert_eq!(key.open_13(nonce, &sealed, [0x78, 0x23, 0x72, 0x15]), Err(DecodeError::WrongKey));
        assert_eq!(key.open_12([0; 12], b"\x11", &sealed, tag), Err(DecodeError::WrongKey));
    }
}
