//! What the pages of the house share when they speak HTTP: the front door, what every answer says to a browser, and what a request
//! asks for beside its address.

pub mod door;

pub mod guard;

pub mod asked;
