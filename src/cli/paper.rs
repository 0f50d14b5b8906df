//! What `shouwang rota print` and `shouwang people sheet` share: what a page is made from, and where it goes.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::files::Written;
use crate::paper::Press;

/// Where a page goes.
#[derive(Debug, Clone, clap::Args)]
pub struct Out {
    /// 写到这个文件,不写则到标准输出 · Into this file; left out, to standard output
    #[arg(long = "out", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Written {
    /// What every page is made from.
    pub fn press(&self) -> Press<'_> {
        let notices = &self.station.notices;
        Press {
            village: &self.village,
            zone: &self.station.zone,
            station: &notices.station_name,
            call_back: notices.call_back.as_ref(),
            now: self.now,
            lang: self.lang,
        }
    }
}

impl Out {
    /// Writes the page, and gives the exit code.
    pub fn write(&self, page: &str) -> ExitCode {
        let Some(file) = &self.file else {
            // A closed pipe (`shouwang rota print | head`) is no failure.
            _ = io::stdout().write_all(page.as_bytes());
            return ExitCode::SUCCESS;
        };
        match into(file, page) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                ExitCode::FAILURE
            }
        }
    }
}

/// A page has names, so a new file is its owner's alone.
fn into(file: &Path, page: &str) -> io::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(page.as_bytes())
}
