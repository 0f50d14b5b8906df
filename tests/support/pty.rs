//! A simulated modem behind a real pty, in real time, under a name as udev makes one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use shouwang::core::time::Mono;
use shouwang::sim::modem::Modem;

use super::port::Port;

/// A command as it came out of the port: when its first byte was read, and the command without its end.
pub type Written = (Instant, String);

/// A modem that is plugged in.
pub struct PluggedModem {
    modem: Arc<Mutex<Modem>>,
    written: Arc<Mutex<Vec<Written>>>,
    born: Instant,
    name: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl PluggedModem {
    /// Plugs it in: `name` becomes a link to its port.
    pub fn plug(name: &Path, modem: Modem) -> Self {
        Self::plug_again(name, Arc::new(Mutex::new(modem)), Instant::now())
    }

    fn plug_again(name: &Path, modem: Arc<Mutex<Modem>>, born: Instant) -> Self {
        let port = Port::open();
        std::os::unix::fs::symlink(port.path(), name).expect("a link");
        let written = Arc::default();
        let task = tokio::spawn(serve(port, Arc::clone(&modem), Arc::clone(&written), born));
        Self { modem, written, born, name: name.to_owned(), task }
    }

    /// The modem, to look at it or to let something happen. The time is [`PluggedModem::now`].
    pub fn modem(&self) -> MutexGuard<'_, Modem> {
        self.modem.lock().expect("nobody panics with it")
    }

    /// When this was first written to it, at that time or later.
    pub fn first_written(&self, begins: &str, since: Instant) -> Option<Instant> {
        let written = self.written.lock().expect("nobody panics with it");
        let later = written.iter().rev().take_while(|(at, _)| *at >= since);
        later.filter(|(_, command)| command.starts_with(begins)).map(|(at, _)| *at).last()
    }

    /// The last commands, and how long ago they came.
    pub fn last_commands(&self) -> Vec<(Duration, String)> {
        let written = self.written.lock().expect("nobody panics with it");
        let last = written.iter().rev().take(8).map(|(at, command)| (at.elapsed(), command.chars().take(40).collect()));
        last.collect()
    }

    /// When anything was last written to it.
    pub fn last_written(&self) -> Option<Instant> {
        self.written.lock().expect("nobody panics with it").last().map(|(at, _)| *at)
    }

    /// The modem's time.
    pub fn now(&self) -> Mono {
        now(self.born)
    }

    /// Pulls it out and puts it back under the same name, with another pty behind it.
    pub async fn replug(self) -> Self {
        let (modem, born, name) = (Arc::clone(&self.modem), self.born, self.name.clone());
        self.task.abort();
        while !self.task.is_finished() {
            tokio::task::yield_now().await;
        }
        drop(self);
        Self::plug_again(&name, modem, born)
    }
}

impl Drop for PluggedModem {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.name);
    }
}

fn now(born: Instant) -> Mono {
    Mono(u64::try_from(born.elapsed().as_millis()).expect("a short test"))
}

/// The port and the modem's own time.
async fn serve(port: Port, modem: Arc<Mutex<Modem>>, written: Arc<Mutex<Vec<Written>>>, born: Instant) {
    let mut buffer = [0; 4096];
    let mut under_way: Option<(Instant, Vec<u8>)> = None;
    loop {
        let (says, due) = {
            let mut modem = modem.lock().expect("nobody panics with it");
            (modem.says(now(born)), modem.deadline())
        };
        port.write_all(&says).await.expect("the far end is held open");
        // What a test lets happen is seen soon, and what is due in time.
        let soon = Instant::now() + Duration::from_millis(20);
        let due = (born + Duration::from_millis(due.0.min(u64::from(u32::MAX)))).min(soon);
        tokio::select! {
            read = port.read(&mut buffer) => {
                let (read, at) = (read.expect("the far end is held open"), Instant::now());
                for byte in &buffer[..read] {
                    let (_, command) = under_way.get_or_insert_with(|| (at, Vec::new()));
                    // A command ends with a carriage return, a message with Ctrl-Z.
                    if !matches!(byte, b'\r' | b'\n' | 0x1A) {
                        command.push(*byte);
                        continue;
                    }
                    if let Some((at, command)) = under_way.take().filter(|(_, command)| !command.is_empty()) {
                        let command = String::from_utf8_lossy(&command).into_owned();
                        written.lock().expect("nobody panics with it").push((at, command));
                    }
                }
                modem.lock().expect("nobody panics with it").hear(now(born), &buffer[..read]);
            }
            () = sleep_until(due) => {}
        }
    }
}
