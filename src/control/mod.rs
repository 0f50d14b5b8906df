//! The local socket: orders and questions in, answers out. The shell speaks it, and nothing outside the box can reach it.
//!
//! One JSON line a request, one JSON line a reply, over a Unix socket that only the station's group may open.

pub mod protocol;

pub mod pick;

pub mod login;

pub mod server;

pub mod client;
