//! The county service at work, with a clock of the test's own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use shouwang::core::time::Rate;
use shouwang::county::{Clock, Settings, session};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::broker::Broker;
use super::soon;

/// The running service.
pub struct County {
    pub settings: Settings,
    pub now_ms: Arc<AtomicI64>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl County {
    /// Starts the service.
    pub fn start(dir: &Path, port: u16) -> County {
        let settings = Self::settings(dir, port);
        let now_ms = Arc::new(AtomicI64::new(1_700_000_000_000));
        let mut county = County { settings, now_ms, stop: CancellationToken::new(), task: None };
        let (settings, clock, stop) = (county.settings.clone(), county.clock(), county.stop.clone());
        county.task = Some(tokio::spawn(async move {
            Box::pin(session::serve(&settings, clock, stop)).await.expect("the settings are sound");
        }));
        county
    }

    /// Settings for a service on that broker, with its database in `dir`.
    pub fn settings(dir: &Path, port: u16) -> Settings {
        Settings {
            broker: Broker::at(&format!("mqtt://127.0.0.1:{port}"), None),
            database: dir.join("county.sqlite"),
            silent_after_s: 180,
            stations: BTreeSet::new(),
            client_id: "county-under-test".to_owned(),
            rate: Rate::default(),
        }
    }

    /// A clock that stands still.
    pub fn clock_at(now_ms: i64) -> Clock {
        Arc::new(move || now_ms)
    }

    /// Ends the service in the middle of whatever it does.
    pub async fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            assert!(task.await.expect_err("it was running").is_cancelled());
        }
    }

    /// The test's clock.
    pub fn clock(&self) -> Clock {
        let now_ms = self.now_ms.clone();
        Arc::new(move || now_ms.load(Ordering::SeqCst))
    }

    /// Whether the service still runs.
    pub fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Stops the service as a signal would.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            soon("the service ends", task).await.expect("it ends well");
        }
    }
}

impl Drop for County {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
