//! The program: its verbs.

use std::path::Path;
use std::process::ExitCode;

use shouwang::store::state::{check::CHECK_VERB, check_state};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, CHECK_VERB, dir] if check_state(Path::new(dir)).is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
