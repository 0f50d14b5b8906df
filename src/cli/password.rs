//! `shouwang password`: the hash of a password, for `password_hash` of `[web.users.NAME]`.

use std::io::{self, Read as _};
use std::process::ExitCode;

use super::argument::EX_CONFIG;
use crate::limits::web::PASSWORD_BYTES_MAX;
use crate::web::password::Hash;

/// 从标准输入读密码,打印值班台用的散列 · Reads a password from standard input; prints its hash for the duty desk
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Args {}

/// Runs the verb. The password is read and never an argument, because every user of the box sees arguments.
#[must_use]
pub fn run(_args: &Args) -> ExitCode {
    let mut typed = String::new();
    // One byte more than may be shows that there were too many, and one for the line's end.
    let most = u64::try_from(PASSWORD_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
    if let Err(error) = io::stdin().take(most).read_to_string(&mut typed) {
        eprintln!("the password could not be read: {error}; write it as UTF-8 into standard input");
        return ExitCode::from(EX_CONFIG);
    }
    match Hash::of(typed.trim_end_matches(['\r', '\n'])) {
        Ok(hash) => {
            println!("{}", hash.text());
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}: printf %s 'the password' | shouwang password");
            ExitCode::from(EX_CONFIG)
        }
    }
}
