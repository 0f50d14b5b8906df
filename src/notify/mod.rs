//! To people: in which words they are told, and what their answer means; pure, but for the channels that carry it.
//!
//! Constraints:
//! - **A message is complete without a link** (CARE-RULES 2): who, where, what, since when, what is known, what to reply. What
//!   does not fit into one text is left out from the end of that list, and the reply never.
//! - **An answer counts only where it is plain what it answers** (CARE-RULES 4). Whatever else comes is a note for the desk.

pub mod channel;

pub mod reply;

pub mod message;

pub mod directory;

pub mod wording;

pub mod queue;

pub mod proving;

mod body;

mod letters;

mod post;

mod ready;

mod program;

pub mod webhook;

pub mod wecom;

pub mod ntfy;

pub mod mqtt;

pub mod clip;

pub mod prompt_plan;

pub mod prompt;

pub mod siren_plan;

pub mod siren;

pub mod modem;

pub mod configured;
