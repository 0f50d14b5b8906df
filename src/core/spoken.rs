//! What the configuration is told of the formats: it may name them, and knows nothing of bytes.

/// A format that can be decoded, as far as a configuration needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken<'a> {
    /// Its name.
    pub format: &'a str,
    /// The word of the kind of source that carries it.
    pub carrier: &'a str,
    /// Whether it tells that its bridge is online or not, which a source can keep of one bridge only.
    pub bridged: bool,
}

impl<'a> Spoken<'a> {
    /// A format of this name that a source of this kind carries, and that says nothing of a bridge.
    #[must_use]
    pub const fn over(carrier: &'a str, format: &'a str) -> Self {
        Self { format, carrier, bridged: false }
    }

    /// The same, of a format that tells whether its bridge is online.
    #[must_use]
    pub const fn with_bridge(self) -> Self {
        Self { bridged: true, ..self }
    }
}
