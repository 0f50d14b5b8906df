//! `shouwang run`: the gateway itself.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::argument::EX_CONFIG;
use super::logging;
use crate::config::Station;
use crate::config::station::LogLevel;
use crate::daemon::clock::Tempo;
use crate::daemon::{self, Signals, StartError};

/// What threads of the runtime have to end in, after everything else has. judgement: a file is written in less.
const LAST_THREADS_WAIT: Duration = Duration::from_secs(1);

/// 在前台运行网关,收到 SIGTERM 或 Ctrl-C 干净退出 · Runs the gateway in the foreground; ends cleanly on SIGTERM and Ctrl-C
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 照料站的配置 · Configuration of the station
    #[arg(long, value_name = "FILE", default_value = "/etc/shouwang/shouwang.toml")]
    config: PathBuf,
}

/// 通读一个索引目录 · Reads a state directory through
#[derive(Debug, clap::Args)]
pub struct CheckState {
    /// 目录 · The directory
    dir: PathBuf,
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    // A file that cannot be read is told of by the start itself.
    let level =
        Station::load(&args.config, &crate::device::spoken()).map_or(LogLevel::Info, |sound| sound.value.log_level);
    logging::begin(level);
    // One thread for the house: every part waits more than it works, and a hop between threads costs more than a turn.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async {
        let signals = Signals::default();
        tokio::spawn(stop_on_signal(signals.stop.clone()));
        tokio::spawn(reload_on_signal(Arc::clone(&signals.reload)));
        daemon::run(&args.config, Tempo::default(), signals).await
    });
    // A look into a driver that hangs must not hold up the end; everything that is to be kept is on disk by then.
    runtime.shutdown_timeout(LAST_THREADS_WAIT);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ (StartError::Config(_) | StartError::Secret(_) | StartError::Address(_))) => {
            eprintln!("{error}");
            ExitCode::from(EX_CONFIG)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the hidden verb.
#[must_use]
pub fn check_state(args: &CheckState) -> ExitCode {
    match daemon::check_state(&args.dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut term), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        // Without signal handlers the process ends as the system ends it, which it must survive anyway.
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.cancel();
}

/// SIGHUP is how systemd and an installer say that a file was changed.
async fn reload_on_signal(reload: Arc<Notify>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        reload.notify_one();
    }
}
