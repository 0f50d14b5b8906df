//! JSON from strangers: bounded before it is parsed, then walked once.
//!
//! Rules of this module, so that no decoder needs its own:
//!
//! - Size, UTF-8 and nesting depth are checked by a scan before a parser sees the bytes.
//! - An object is walked in one pass with borrowed keys; no tree is built, and keys nobody asks for cost a skip.
//! - Each value is judged by itself. A number that no machine can hold or a broken escape spoils its own key and
//!   nothing beside it, because a help call may stand in the same payload.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::DecodeError;
use crate::limits::JSON_DEPTH_MAX;

/// The text of a payload that is within its limits.
///
/// # Errors
/// `TooLong`, `NotUtf8`, `TooDeep`; whether it is JSON at all is not looked at.
pub fn bounded(bytes: &[u8], bytes_max: usize) -> Result<&str, DecodeError> {
    if bytes.len() > bytes_max {
        return Err(DecodeError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8)?;
    if depth(bytes) > JSON_DEPTH_MAX { Err(DecodeError::TooDeep) } else { Ok(text) }
}

/// One value inside a payload, not yet looked into.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a>(&'a str);

/// A value as its sender wrote it.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number; infinite when it is too large for a double.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list, an object, or a text with a broken escape.
    Other,
}

impl<'a> Item<'a> {
    /// A whole payload, as [`bounded`] let it through.
    #[must_use]
    pub const fn whole(text: &'a str) -> Self {
        Self(text)
    }

    /// Walks an object, key by key, in the order of the sender; a key that stands twice is met twice.
    ///
    /// # Errors
    /// `NotMine` when it is something else than an object, `NotJson` when it is broken or cut off; by then `each` may
    /// have seen some of its keys, so the caller must throw away what it made of them.
    pub fn object(self, each: impl FnMut(&str, Item<'a>)) -> Result<(), DecodeError> {
        self.begins_with('{')?;
        self.parse(|text| text.deserialize_map(Pairs(each)))
    }

    /// Walks a list.
    ///
    /// # Errors
    /// As for [`Item::object`].
    pub fn list(self, each: impl FnMut(Item<'a>)) -> Result<(), DecodeError> {
        self.begins_with('[')?;
        self.parse(|text| text.deserialize_seq(Entries(each)))
    }

    /// The value, if it is a single one.
    #[must_use]
    pub fn scalar(self) -> Scalar<'a> {
        let raw = self.0.trim_ascii();
        match raw.as_bytes().first() {
            Some(b'n') => Scalar::Null,
            Some(b't') => Scalar::Flag(true),
            Some(b'f') => Scalar::Flag(false),
            Some(b'"') => match serde_json::from_str::<Text<'a>>(raw) {
                Ok(Text(text)) => Scalar::Text(text),
                Err(_) => Scalar::Other,
            },
            Some(b'{' | b'[') | None => Scalar::Other,
            Some(_) => raw.parse().map_or(Scalar::Other, Scalar::Number),
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.scalar() {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one and finite.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self.scalar() {
            Scalar::Number(number) if number.is_finite() => Some(number),
            _ => None,
        }
    }

    fn begins_with(self, open: char) -> Result<(), DecodeError> {
        if self.0.trim_ascii_start().starts_with(open) { Ok(()) } else { Err(DecodeError::NotMine) }
    }

    fn parse(
        self,
        walk: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::StrRead<'a>>) -> serde_json::Result<()>,
    ) -> Result<(), DecodeError> {
        let mut text = serde_json::Deserializer::from_str(self.0);
        walk(&mut text).and_then(|()| text.end()).map_err(|_| DecodeError::NotJson)
    }
}

/// How deep brackets nest outside of texts; a scan that needs no parser and no memory.
fn depth(bytes: &[u8]) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Borrow)
    }
}

struct Pairs<F>(F);

impl<'de, F: FnMut(&str, Item<'de>)> Visitor<'de> for Pairs<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(&key, Item(value.get()));
        }
        Ok(())
    }
}

struct Entries<F>(F);

impl<'de, F: FnMut(Item<'de>)> Visitor<'de> for Entries<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<&'de RawValue>()? {
            (self.0)(Item(value.get()));
        }
        Ok(())
    }
}

/// The text with every bare `nan`, `inf` or `infinity` of C's `printf` as `null`; none when there is none to mend.
#[must_use]
pub fn nan_as_null(text: &str) -> Option<String> {
    let mut mended = String::with_capacity(text.len() + 16);
    let (mut rest, mut in_string, mut changed) = (text, false, false);
    while let Some(sign) = rest.chars().next() {
        let word = if in_string { 0 } else { not_a_number(rest) };
        if word > 0 {
            mended.push_str("null");
            changed = true;
            rest = &rest[word..];
            continue;
        }
        let taken = match sign {
            '\\' if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => sign.len_utf8(),
        };
        in_string ^= sign == '"';
        mended.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    changed.then_some(mended)
}

/// Length of the not-a-number that the text begins with; 0 when it begins with something else.
fn not_a_number(text: &str) -> usize {
    let sign = usize::from(text.starts_with(['-', '+']));
    let word = text[sign..].bytes().take_while(u8::is_ascii_alphabetic).count();
    let is_one = ["nan", "inf", "infinity"].iter().any(|name| text[sign..sign + word].eq_ignore_ascii_case(name));
    if is_one { sign + word } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Result<Vec<(String, Scalar<'_>)>, DecodeError> {
        let mut all = Vec::new();
        Item::whole(bounded(text.as_bytes(), 4096)?).object(|key, item| all.push((key.to_owned(), item.scalar())))?;
        Ok(all)
    }

    #[test]
    fn a_bad_value_spoils_only_its_own_key() {
        let all = keys(r#" {"a":1e999,"b":"\ud800","sos":true,"c\u0041":"x\ny","d":[1],"e":null} "#).expect("walks");
        let want = [
            ("a", Scalar::Number(f64::INFINITY)),
            ("b", Scalar::Other),
            ("sos", Scalar::Flag(true)),
            ("cA", Scalar::Text("x\ny".into())),
            ("d", Scalar::Other),
            ("e", Scalar::Null),
        ];
        assert_eq!(all, want.map(|(key, value)| (key.to_owned(), value)));
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_reason() {
        for other in ["", "  ", "[]", "null", "42", "\"text\"", "offline", "\u{feff}{}"] {
            assert_eq!(keys(other), Err(DecodeError::NotMine), "{other:?}");
        }
        for broken in
            ["{", "{\"a\":}", "{\"a\":NaN}", "{\"a\":01}", "{\"a\":1}x", "{\"a\":1}\0", "{'a':1}", "{\"a\":tru}"]
        {
            assert_eq!(keys(broken), Err(DecodeError::NotJson), "{broken:?}");
        }
    }

    #[test]
    fn limits_hold_before_anything_is_parsed() {
        let nested = |deep: usize| format!("{{\"a\":{}{}}}", "[".repeat(deep), "]".repeat(deep));
        assert!(keys(&nested(JSON_DEPTH_MAX - 1)).is_ok());
        assert_eq!(keys(&nested(JSON_DEPTH_MAX)), Err(DecodeError::TooDeep));
        assert_eq!(bounded(&[b'['; 4096], 4096), Err(DecodeError::TooDeep));
        assert_eq!(bounded(&[b' '; 4097], 4096), Err(DecodeError::TooLong));
        assert_eq!(bounded(b"{\"a\":\"\xff\"}", 4096), Err(DecodeError::NotUtf8));
        let brackets_in_a_text = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(100));
        assert!(keys(&brackets_in_a_text).is_ok());
    }

    #[test]
    fn what_c_prints_for_a_missing_number_becomes_null_outside_of_texts() {
        let text = r#"{"v":nan,"w":-inf,"x":[NaN,+Infinity],"d":"nan \"inf\"","y":null,"z":1}"#;
        let mended = r#"{"v":null,"w":null,"x":[null,null],"d":"nan \"inf\"","y":null,"z":1}"#;
        assert_eq!(nan_as_null(text).as_deref(), Some(mended));
        assert_eq!(nan_as_null(r#"{"d":"nan"}"#), None);
    }
}
