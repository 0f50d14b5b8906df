//! The port of a modem.
