#![doc = "守望 shouwang"]

pub mod limits;

pub mod private;

pub mod backoff;

pub mod core;

pub mod config;

pub mod words;

pub mod device;

pub mod source;

pub mod store;

pub mod relay;

pub mod county;

pub mod control;

pub mod daemon;

pub mod cli;
