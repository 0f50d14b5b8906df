//! To the county: what is sent, in which order, and how it is known to have arrived.
//!
//! The [`pump`] decides and is pure; the [`session`] carries out over MQTT 5 and decides nothing. The records stay in
//! the store, which the session asks through [`records::Records`]; the station leaves what is new in the
//! [`letterbox`] and never waits for the county.

pub mod message;

pub mod heads;

pub mod text;

pub mod ranges;

mod waiting;

mod ages;

pub mod lane;

pub mod retained;

pub mod window;

pub mod step;

pub mod pump;

pub mod fit;

pub mod letterbox;

pub mod records;

pub mod trouble;

mod pairing;

mod link;

mod pause;

mod told;

mod carry;

pub mod session;
