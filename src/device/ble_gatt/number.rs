//! The decimal numbers of medical devices: IEEE 11073-20601 SFLOAT and FLOAT.
//!
//! | type | exponent | mantissa | NaN | NRes | +INF | −INF | reserved |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | SFLOAT, 16 bits | top 4 bits | 12 bits | 07FF | 0800 | 07FE | 0802 | 0801 |
//! | FLOAT, 32 bits | top 8 bits | 24 bits | 007FFFFF | 00800000 | 007FFFFE | 00800002 | 00800001 |
//!
//! Exponent and mantissa are two's complement; value = mantissa × 10^exponent. The special values have exponent 0.

use serde_json::{Value, json};

/// A number, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Decimal {
    /// A value.
    Value(f64),
    /// One of the special values, by its name.
    Special(&'static str),
}

impl Decimal {
    /// Reads an SFLOAT.
    pub(super) fn short(bits: u16) -> Self {
        let (exponent, mantissa) = (extend(u32::from(bits >> 12), 4), extend(u32::from(bits & 0x0FFF), 12));
        Self::new(exponent, mantissa, 0x07FF)
    }

    /// Reads a FLOAT.
    pub(super) fn long(bits: u32) -> Self {
        let (exponent, mantissa) = (extend(bits >> 24, 8), extend(bits & 0x00FF_FFFF, 24));
        Self::new(exponent, mantissa, 0x7F_FFFF)
    }

    /// `top` is the largest mantissa; the special values lie around it, counted across the change of sign.
    fn new(exponent: i32, mantissa: i32, top: i32) -> Self {
        let special = match mantissa {
            _ if exponent != 0 => None,
            nan if nan == top => Some("NaN"),
            infinite if infinite == top - 1 => Some("+INF"),
            unresolved if unresolved == -top - 1 => Some("NRes"),
            reserved if reserved == -top => Some("reserved"),
            infinite if infinite == -top + 1 => Some("-INF"),
            _ => None,
        };
        match special {
            Some(name) => Decimal::Special(name),
            // Dividing by a whole power keeps 10.1 what it is; multiplying by 0.1 would not.
            None if exponent < 0 => Decimal::Value(f64::from(mantissa) / 10_f64.powi(-exponent)),
            None => Decimal::Value(f64::from(mantissa) * 10_f64.powi(exponent)),
        }
    }

    /// The value; NaN for the special ones.
    pub(super) const fn value(self) -> f64 {
        match self {
            Decimal::Value(value) => value,
            Decimal::Special(_) => f64::NAN,
        }
    }

    /// The name of a special value.
    pub(super) const fn special(self) -> Option<&'static str> {
        match self {
            Decimal::Value(_) => None,
            Decimal::Special(name) => Some(name),
        }
    }

    /// The value, or the special one's name, as `shouwang decode` prints it.
    pub(super) fn shown(self) -> Value {
        match self {
            Decimal::Value(value) => json!(value),
            Decimal::Special(name) => json!(name),
        }
    }
}

/// The lowest bits as a signed number.
#[expect(clippy::cast_possible_wrap, reason = "the sign is moved to the top on purpose")]
const fn extend(bits: u32, count: u32) -> i32 {
    (bits << (32 - count)) as i32 >> (32 - count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        let short = [(0xF065, 10.1), (0x0048, 72.0), (0xFE01, -51.1), (0x1001, 10.0), (0x8062, 9.8e-7)];
        for (bits, value) in short {
            assert!((Decimal::short(bits).value() - value).abs() <= value.abs() * 1e-12, "{bits:04x}");
        }
        assert_eq!(Decimal::long(0xFF00_016C), Decimal::Value(36.4));
        assert_eq!(Decimal::long(0x04FD_02FF), Decimal::Value(-1_958_410_000.0));
    }

    #[test]
    fn special_values_have_names_and_no_value() {
        let short: Vec<_> = [0x07FF, 0x0800, 0x07FE, 0x0802, 0x0801].map(|bits| Decimal::short(bits).special()).into();
        let bits = [0x007F_FFFF, 0x0080_0000, 0x007F_FFFE, 0x0080_0002, 0x0080_0001];
        let long: Vec<_> = bits.map(|bits| Decimal::long(bits).special()).into();
        assert_eq!(short, ["NaN", "NRes", "+INF", "-INF", "reserved"].map(Some));
        assert_eq!(long, short);
        assert!(Decimal::short(0x07FF).value().is_nan());
        assert_eq!(Decimal::short(0x17FF).special(), None, "with an exponent it is a number");
    }
}
