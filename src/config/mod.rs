//! Configuration: `shouwang.toml`, `village.toml` and `county.toml`, read strictly.
//!
//! A key that is not known is an error, every problem of a file is said at once, and each says file, line, key, value,
//! what is allowed, the nearest word and the fix, because the reader stands on a ladder in a village with a telephone.
//! No value of a private key is ever printed. A file that is sound can still carry warnings: what works and is not good.

pub mod problem;

pub mod key;

mod nearest;

mod document;

pub mod secret;

pub mod source;

pub mod bus;

pub mod web;

pub mod channels;

pub mod modem;

pub mod power;

pub mod notices;

pub mod signals;

pub mod pages;

pub mod station;

pub mod village;

pub mod county;

pub mod plan;

pub mod coverage;

pub mod machine;

pub mod certificate;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use county::County;
pub use modem::Modem;
pub use problem::{Problem, Problems, Severity, What};
pub use secret::{Secret, SecretError};
pub use station::{CountyLink, Station};
pub use village::Village;

use crate::limits;

/// A configuration without an error, and what is still to be said about it.
#[derive(Debug, Clone)]
pub struct Sound<T> {
    /// The configuration.
    pub value: T,
    /// Warnings only.
    pub warnings: Problems,
}

/// Parts a reading into a sound value or the problems that forbid it.
fn judge<T>((value, problems): (Option<T>, Problems)) -> Result<Sound<T>, Problems> {
    match value {
        Some(value) if !problems.has_errors() => Ok(Sound { value, warnings: problems }),
        _ => Err(problems),
    }
}

/// Reads a configuration file whole, within [`limits::CONFIG_BYTES_MAX`].
fn read(path: &Path) -> Result<String, Problems> {
    let file = path.display().to_string();
    let cannot = |why: String| Problems::from(Problem::file(&file, What::CannotRead).fix(why));
    let mut text = String::new();
    let opened = File::open(path).map_err(|why| cannot(format!("{why}; give the path of a file that can be read")))?;
    let read = opened.take(limits::CONFIG_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|why| cannot(format!("{why}; save the file as UTF-8 text")))?;
    if text.len() as u64 > limits::CONFIG_BYTES_MAX {
        let allowed = format!("at most {} bytes", limits::CONFIG_BYTES_MAX);
        return Err(Problem::file(&file, What::TooLarge).allowed(allowed).fix("make it shorter").into());
    }
    Ok(text)
}

/// The name by which problems call a file: its last part, which is what an installer sees in the editor.
fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
