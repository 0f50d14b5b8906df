//! Raw movement of a wearable: windows of acceleration, turning and posture, on their way to `waveform`.
//!
//! Whole numbers, so that the same bytes give the same window on every machine.

use serde_json::{Value, json};

use crate::core::word::words;

words! {
    /// What a window holds.
    MotionKind {
        /// Acceleration, in ten-thousandths of g.
        Accel = "accel",
        /// Rate of turning, in thousandths of a degree a second.
        Gyro = "gyro",
        /// Posture as roll, pitch and yaw, in thousandths of a degree.
        Angle = "angle",
    }
}

impl MotionKind {
    /// The vocabulary's unit.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            MotionKind::Accel => "g",
            MotionKind::Gyro => "deg/s",
            MotionKind::Angle => "deg",
        }
    }

    /// Steps in one unit.
    #[must_use]
    pub const fn steps(self) -> f64 {
        match self {
            MotionKind::Accel => 10_000.0,
            MotionKind::Gyro | MotionKind::Angle => 1000.0,
        }
    }

    /// A value of the vocabulary's unit in steps, rounded; `None` when it is no number or off every scale.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked right before")]
    pub fn to_steps(self, value: f64) -> Option<i32> {
        let steps = (value * self.steps()).round();
        // judgement: no sensor of these devices reads beyond 100 g or 100,000 degrees a second.
        (steps.abs() <= 1e8).then_some(steps as i32)
    }
}

/// Samples of one kind in the order of the device, evenly spaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Motion {
    /// What it is.
    pub kind: MotionKind,
    /// Samples a second, in thousandths, where the frame tells it.
    pub rate_mhz: Option<u32>,
    /// x, y, z in the kind's steps.
    pub samples: Vec<[i32; 3]>,
}

impl Motion {
    /// The window as the vocabulary writes it: one sample alone, or `{rate_hz, samples}`.
    #[must_use]
    pub fn value(&self) -> Value {
        let triple = |sample: &[i32; 3]| Value::from(sample.map(|axis| f64::from(axis) / self.kind.steps()).to_vec());
        match (self.samples.as_slice(), self.rate_mhz) {
            ([alone], None) => triple(alone),
            (all, rate) => json!({
                "rate_hz": rate.map(|rate| f64::from(rate) / 1000.0),
                "samples": all.iter().map(triple).collect::<Vec<_>>(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sample_stands_alone_and_many_carry_their_rate() {
        let one = Motion { kind: MotionKind::Accel, rate_mhz: None, samples: vec![[-991, 0, 10_049]] };
        assert_eq!(one.value(), json!([-0.0991, 0.0, 1.0049]));
        let two = Motion { rate_mhz: Some(50_000), samples: vec![[0, 0, 10_000]; 2], ..one };
        assert_eq!(two.value(), json!({"rate_hz": 50.0, "samples": [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]}));
    }

    #[test]
    fn what_is_off_every_scale_is_no_sample() {
        assert_eq!(MotionKind::Accel.to_steps(f64::NAN), None);
        assert_eq!(MotionKind::Gyro.to_steps(1e9), None);
        assert_eq!(MotionKind::Angle.to_steps(-45.0), Some(-45_000));
    }
}
