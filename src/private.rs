//! Personal data behind a type that cannot be printed by accident.
//!
//! Names, phone numbers, addresses and radio names stand in `village.toml` and nowhere else. Whoever needs
//! the value says so with [`Private::reveal`], which is easy to search for; `Debug` and `Display`
//! always print `●●●`, and there is no `Serialize`.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// A value that is never printed, logged or serialised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Private<T>(T);

impl<T> Private<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Call it only where a person entitled to it will read the result, or to compare.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("●●●")
    }
}

impl<T> fmt::Display for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("●●●")
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Private<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Private;

    #[test]
    fn nothing_private_is_printed() {
        let name = Private::new("示例奶奶");
        assert_eq!(format!("{name} {name:?}"), "●●● ●●●");
        assert_eq!(*name.reveal(), "示例奶奶");
    }
}
