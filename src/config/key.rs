//! What can be configured, as tables: each key with its default, unit, range and reason, and the reader takes the
//! defaults from here, so that file, code and documents cannot differ.

/// A table of a configuration file.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its path; `*` stands for an id chosen in the file, `[]` behind a name for a list of tables.
    pub path: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name inside its table.
    pub name: &'static str,
    /// What stands in its place when it is left out.
    pub default: Fallback,
    /// Unit of a number; empty otherwise.
    pub unit: &'static str,
    /// Smallest and largest value of a number.
    pub range: Option<(u64, u64)>,
    /// What it is for, and why one would change it.
    pub about: &'static str,
    /// Its value is personal and is never printed.
    pub private: bool,
}

/// What stands in the place of a key that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// It may not be left out.
    Required,
    /// Nothing: `about` says what that means.
    Nothing,
    /// This value, as TOML.
    Is(&'static str),
}

impl Key {
    /// A key that must be given.
    pub(super) const fn required(name: &'static str, about: &'static str) -> Self {
        Self { name, default: Fallback::Required, unit: "", range: None, about, private: false }
    }

    /// A key that may be left out.
    pub(super) const fn optional(name: &'static str, about: &'static str) -> Self {
        Self { default: Fallback::Nothing, ..Self::required(name, about) }
    }

    /// A key with a default, given as TOML.
    pub(super) const fn or(name: &'static str, default: &'static str, about: &'static str) -> Self {
        Self { default: Fallback::Is(default), ..Self::required(name, about) }
    }

    /// It holds a number of this range and unit.
    pub(super) const fn within(self, min: u64, max: u64, unit: &'static str) -> Self {
        Self { range: Some((min, max)), unit, ..self }
    }

    /// It holds personal data.
    pub(super) const fn private(self) -> Self {
        Self { private: true, ..self }
    }

    /// The default as a number.
    pub(super) fn default_whole(&self) -> Option<u64> {
        match self.default {
            Fallback::Is(text) => text.parse().ok(),
            Fallback::Required | Fallback::Nothing => None,
        }
    }

    /// The default as a text.
    pub(super) fn default_text(&self) -> Option<&'static str> {
        match self.default {
            Fallback::Is(text) => Some(text.trim_matches('"')),
            Fallback::Required | Fallback::Nothing => None,
        }
    }
}

/// What a number may be, in words.
pub(super) fn range_in_words(key: &Key) -> String {
    let (min, max) = key.range.unwrap_or((0, u64::MAX));
    let unit = if key.unit.is_empty() { String::new() } else { format!(" ({})", key.unit) };
    format!("{min} to {max}{unit}")
}
