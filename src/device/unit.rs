//! Other people's units into the vocabulary's; only what is certain.

use crate::core::reading::Quantity;

/// Millimetres of mercury in one kilopascal, as the vocabulary fixes it.
pub const MMHG_PER_KPA: f64 = 7.500_62;

/// Metres a second squared in one g, by definition.
pub const M_PER_S2_PER_G: f64 = 9.806_65;

/// Kilograms in one pound, by definition.
pub const KG_PER_POUND: f64 = 0.453_592_37;

/// The value in the vocabulary's unit, or `None` when the unit is not one that this quantity is surely written in.
#[must_use]
pub fn to_vocabulary(quantity: Quantity, unit: &str, value: f64) -> Option<f64> {
    use Quantity as Q;
    Some(match (quantity, unit) {
        (_, own) if own == quantity.rule().unit => value,
        (Q::AmbientTemp | Q::BodyTemp, "°C" | "℃")
        | (Q::Illuminance, "lux")
        | (Q::HeartRate, "/min" | "1/min" | "beats/min")
        | (Q::BreathRate, "/min" | "1/min" | "breaths/min") => value,
        (Q::AmbientTemp | Q::BodyTemp, "F" | "°F" | "℉") => (value - 32.0) * 5.0 / 9.0,
        (Q::Weight, "lb") => value * KG_PER_POUND,
        // 斤.
        (Q::Weight, "jin") => value / 2.0,
        (Q::Distance, "cm") => value / 100.0,
        (Q::Distance, "mm") | (Q::Voltage, "mV") | (Q::Weight, "g") => value / 1000.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_units_are_converted_and_others_are_not_guessed() {
        assert_eq!(to_vocabulary(Quantity::Voltage, "mV", 2995.0), Some(2.995));
        assert_eq!(to_vocabulary(Quantity::AmbientTemp, "°F", 212.0), Some(100.0));
        assert_eq!(to_vocabulary(Quantity::Distance, "m", 1.8), Some(1.8));
        assert_eq!(to_vocabulary(Quantity::Distance, "ft", 6.0), None);
        assert_eq!(to_vocabulary(Quantity::Glucose, "mg/dL", 100.0), None);
    }
}
