//! A simulated modem behind a real pty, in real time, under a name as udev makes one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep_until};
use tokio_serial::{SerialPort as _, SerialStream};

use shouwang::core::time::Mono;
use shouwang::sim::modem::Modem;

/// A modem that is plugged in.
pub struct PluggedModem {
    modem: Arc<Mutex<Modem>>,
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
        let (near, far) = SerialStream::pair().expect("a pty");
        let path = far.name().expect("a name");
        // Held open, so that the port does not end when whoever uses it closes it; and without the library's lock.
        let held = File::options().read(true).write(true).open(&path).expect("opens");
        drop(far);
        std::os::unix::fs::symlink(path, name).expect("a link");
        let task = tokio::spawn(serve(near, held, Arc::clone(&modem), born));
        Self { modem, born, name: name.to_owned(), task }
    }

    /// The modem, to look at it or to let something happen. The time is [`PluggedModem::now`].
    pub fn modem(&self) -> MutexGuard<'_, Modem> {
        self.modem.lock().expect("nobody panics with it")
    }

    /// The modem's time.
    pub fn now(&self) -> Mono {
        now(self.born)
    }

    /// Pulls it out and puts it back under the same name, with another pty behind it.
    pub async fn replug(self) -> Self {
        let (modem, born, name) = (Arc::clone(&self.modem), self.born, self.name.clone());
        drop(self);
        tokio::task::yield_now().await;
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
async fn serve(mut port: SerialStream, _far: File, modem: Arc<Mutex<Modem>>, born: Instant) {
    let mut buffer = [0; 4096];
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
                let read = read.expect("the far end is held open");
                modem.lock().expect("nobody panics with it").hear(now(born), &buffer[..read]);
            }
            () = sleep_until(due) => {}
        }
    }
}
