//! A child process that ends with its guard, and with its parent.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// A running program.
pub struct Guard(Child);

impl Guard {
    /// Runs a program in a folder to its end, which is to be a success.
    pub fn run_to_end_in<S: AsRef<OsStr>>(folder: &Path, program: &str, arguments: impl IntoIterator<Item = S>) {
        let output = Command::new(program).args(arguments).current_dir(folder).output().expect("the program starts");
        assert!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts a program whose standard input is a pipe from the test.
    ///
    /// It is started through `setpriv`, which asks the kernel to end it when the starting thread ends: a test that
    /// aborts runs no destructor. Start it from the test's own thread.
    pub fn start<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Self {
        Self::spawn(program, arguments, Stdio::null())
    }

    /// As [`Guard::start`], with its standard error appended to a file.
    pub fn start_logged<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>, log: &Path) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(log).expect("the log can be opened");
        Self::spawn(program, arguments, Stdio::from(log))
    }

    fn spawn<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>, errors: Stdio) -> Self {
        let mut command = if super::found("setpriv") {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", program]);
            command
        } else {
            Command::new(program)
        };
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(errors);
        Self(command.spawn().expect("the program starts"))
    }

    /// Writes to its standard input.
    pub fn write(&mut self, bytes: &[u8]) {
        let pipe = self.0.stdin.as_mut().expect("standard input is a pipe");
        pipe.write_all(bytes).and_then(|()| pipe.flush()).expect("the program reads its input");
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child can be asked").is_some()
    }

    /// Asks it to end (SIGTERM).
    pub fn ask_to_end(&self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).expect("a running child takes a signal");
    }

    /// Tells it that its files have changed (SIGHUP).
    pub fn hang_up(&self) {
        kill_process(Pid::from_child(&self.0), Signal::HUP).expect("a running child takes a signal");
    }

    /// Asks it to end (SIGTERM) and waits for it.
    pub fn stop(mut self) {
        self.ask_to_end();
        self.0.wait().expect("a child can be waited for");
    }

    /// Holds it (SIGSTOP), as a machine out of memory does: its sockets stay open and nothing answers.
    pub fn freeze(&self) {
        kill_process(Pid::from_child(&self.0), Signal::STOP).expect("a running child takes a signal");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        kill_process(Pid::from_child(&self.0), Signal::CONT).expect("a held child takes a signal");
    }

    /// Ends it on the spot (SIGKILL).
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Both fail only when it has ended before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
