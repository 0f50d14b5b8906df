//! The shell: one file a verb.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod decode;

/// 守望 shouwang: the elder-care gateway of a village care station.
#[derive(Debug, Parser)]
#[command(name = "shouwang", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 解码:看一帧数据说了什么,或核对样本文件 · Show what captured frames say, or check a file of vectors
    Decode(decode::Args),
}

/// Runs the verb on the command line.
#[must_use]
pub fn run() -> ExitCode {
    match Cli::parse().verb {
        Verb::Decode(args) => decode::run(&args),
    }
}
