//! Words of the duty desk.
