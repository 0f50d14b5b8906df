//! Names of things: short slugs given at enrolment, never a person's name, phone or radio address.
//!
//! A [`Slug`] is stored in place (24 bytes, `Copy`), so that a reading on its way through the house
//! costs no allocation for saying whose it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A short lower-case name: 1 to 23 signs of `a-z`, `0-9`, `-`, `_`, the first a letter or digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug {
    // The bytes come first so that the derived order is alphabetical; unused bytes are zero.
    bytes: [u8; Slug::LEN_MAX],
    len: u8,
}

/// Why a text is not a [`Slug`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// The text is empty.
    #[error("an id may not be empty")]
    Empty,
    /// The text is longer than [`Slug::LEN_MAX`] bytes.
    #[error("an id has at most {max} signs, this one has {len}", max = Slug::LEN_MAX)]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A sign outside `a-z 0-9 - _`, or a `-`/`_` in front.
    #[error("an id is made of a-z, 0-9, - and _ and begins with a letter or digit; sign {at} is not allowed", at = .0 + 1)]
    Sign(usize),
}

impl Slug {
    /// Longest slug, in bytes. judgement: room for `home-room-thing`, and with its length it fills 24 bytes.
    pub const LEN_MAX: usize = 23;

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let raw = text.as_bytes();
        if raw.is_empty() {
            return Err(SlugError::Empty);
        }
        if raw.len() > Self::LEN_MAX {
            return Err(SlugError::TooLong { len: raw.len() });
        }
        for (at, sign) in raw.iter().enumerate() {
            let allowed = sign.is_ascii_lowercase() || sign.is_ascii_digit() || (at > 0 && matches!(sign, b'-' | b'_'));
            if !allowed {
                return Err(SlugError::Sign(at));
            }
        }
        let mut bytes = [0; Self::LEN_MAX];
        bytes[..raw.len()].copy_from_slice(raw);
        #[expect(clippy::cast_possible_truncation, reason = "the length was checked against LEN_MAX = 23 above")]
        let len = raw.len() as u8;
        Ok(Self { bytes, len })
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Slug {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Slug;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id of 1 to 23 signs a-z, 0-9, - or _")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Slug, E> {
                text.parse().map_err(E::custom)
            }
        }
        from.deserialize_str(Visitor)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Slug);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str { self.0.as_str() }
        }
        impl FromStr for $name {
            type Err = SlugError;
            fn from_str(text: &str) -> Result<Self, SlugError> { text.parse().map(Self) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    )+};
}

ids! {
    /// A care station (照料站): the village day-care centre in which the box stands.
    StationId;
    /// The gateway box (网关) itself; a station may replace its box.
    GatewayId;
    /// A source of frames: one serial port or one broker connection.
    SourceId;
    /// A channel to people: a modem, a group robot, a server.
    ChannelId;
    /// An enrolled device.
    DeviceId;
    /// A resident (老人), as a pseudonym such as `r04`.
    ResidentId;
    /// A home (户).
    HomeId;
    /// A room of a home.
    RoomId;
    /// Somebody who may be called: neighbour, grid worker, duty desk, village doctor, family.
    ResponderId;
    /// A device that was heard and is not enrolled: a fingerprint of its format and address.
    StrangerId;
    /// A command, from the shell, the page or the county.
    CommandId;
}

/// Identity of one sequence space: random, 64 bits, new only when the sequence cannot be continued.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Epoch {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

// As text, because JSON readers that use doubles would round a 64-bit number.
impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_sort_as_their_texts_and_survive_json() {
        let mut slugs: Vec<Slug> =
            ["r2", "r10", "r1", "d-017"].iter().map(|text| text.parse().expect("valid")).collect();
        slugs.sort();
        let texts: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
        assert_eq!(texts, ["d-017", "r1", "r10", "r2"]);
        let json = serde_json::to_string(&slugs).expect("serialises");
        assert_eq!(serde_json::from_str::<Vec<Slug>>(&json).expect("parses"), slugs);
    }

    #[test]
    fn names_of_people_do_not_fit() {
        assert_eq!("王奶奶".parse::<Slug>(), Err(SlugError::Sign(0)));
        assert_eq!("Wang".parse::<Slug>(), Err(SlugError::Sign(0)));
        assert_eq!("".parse::<Slug>(), Err(SlugError::Empty));
        assert_eq!("a".repeat(24).parse::<Slug>(), Err(SlugError::TooLong { len: 24 }));
        assert_eq!("-x".parse::<Slug>(), Err(SlugError::Sign(0)));
    }

    #[test]
    fn an_epoch_is_text_on_the_wire() {
        let json = serde_json::to_string(&Epoch(0xfeed)).expect("serialises");
        assert_eq!(json, "\"000000000000feed\"");
        assert_eq!(serde_json::from_str::<Epoch>(&json).expect("parses"), Epoch(0xfeed));
    }
}
