#![doc = "守望 shouwang"]

pub mod limits;

pub mod private;

pub mod core;

pub mod device;

pub mod store;

pub mod relay;

pub mod county;

pub mod cli;
