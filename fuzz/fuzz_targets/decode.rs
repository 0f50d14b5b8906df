//! The target of the coverage-guided engine: one input as [`rooms::look::one`] reads it.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| rooms::look::one(input));
