#![doc = "守望 shouwang"]

pub mod limits;

pub mod private;

pub mod backoff;

pub mod core;

pub mod device;

pub mod source;

pub mod store;

pub mod relay;
