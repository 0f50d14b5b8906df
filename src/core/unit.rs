//! Whole numbers with their unit in the type, so that a trace is the same on the Pi and on the laptop.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A decimal kept in thousandths: 36.6 °C is `Milli(36_600)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Milli(pub i64);

impl Milli {
    /// Rounds a finite decimal to thousandths; `None` for NaN, infinities and what does not fit.
    #[must_use]
    pub fn from_decimal(value: f64) -> Option<Self> {
        let scaled = (value * 1000.0).round();
        // 2^53 thousandths: beyond it a double no longer names every whole number.
        #[expect(clippy::cast_possible_truncation, reason = "bounded by the comparison before it")]
        (scaled.abs() <= 9_007_199_254_740_992.0).then_some(Self(scaled as i64))
    }

    /// A whole number of units.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        Self(value.saturating_mul(1000))
    }

    /// The decimal, for printing and for the wire only.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact below 2^53, which `from_decimal` guarantees for measured values"
    )]
    pub fn decimal(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 1000 == 0 { write!(f, "{}", self.0 / 1000) } else { write!(f, "{}", self.decimal()) }
    }
}

impl fmt::Debug for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Milli {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 { to.serialize_i64(self.0 / 1000) } else { to.serialize_f64(self.decimal()) }
    }
}

impl<'de> Deserialize<'de> for Milli {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(from)?;
        Milli::from_decimal(value).ok_or_else(|| de::Error::custom("a number within ±9·10¹² is expected"))
    }
}

#[cfg(test)]
mod tests {
    use super::Milli;

    #[test]
    fn decimals_round_once_and_print_short() {
        assert_eq!(Milli::from_decimal(2.995), Some(Milli(2_995)));
        assert_eq!(Milli::from_decimal(f64::NAN), None);
        assert_eq!(Milli::from_decimal(f64::INFINITY), None);
        assert_eq!(Milli::from_decimal(1e300), None);
        assert_eq!(Milli(36_600).to_string(), "36.6");
        assert_eq!(serde_json::to_string(&Milli(64_000)).expect("serialises"), "64");
        assert_eq!(serde_json::to_string(&Milli(2_995)).expect("serialises"), "2.995");
    }
}
