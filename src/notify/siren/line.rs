//! What switches a siren: a line of the box, a relay on a serial port, a serial port's own lines, or two programs.

use std::io;
use std::path::{Path, PathBuf};

use gpiocdev::Request;
use gpiocdev::line::Value;
use tokio::io::AsyncWriteExt as _;
use tokio_serial::{SerialPort, SerialPortBuilderExt as _, SerialStream};

use crate::config::signals::Siren;
use crate::limits::channels::SIREN_LINE_WAIT;
use crate::notify::program::{Program, ProgramError};

/// Something that can be switched on and off, each as often as one likes.
pub trait Line: Send {
    /// Switches it. The caller bounds the time.
    fn set(&mut self, sounds: bool) -> impl Future<Output = Result<(), LineError>> + Send;
}

/// Why a line could not be switched.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The chip or the line is not there, taken, or not allowed.
    #[error("line {line} of {} cannot be used ({why}): is it free, and is this program's user in the group gpio?", chip.display())]
    Gpio {
        /// The chip's device file.
        chip: PathBuf,
        /// The line's number.
        line: u32,
        /// What the kernel said.
        why: gpiocdev::Error,
    },
    /// The serial port cannot be used.
    #[error("{} cannot be used ({why}): is it plugged in, and is this program's user in the group dialout?", path.display())]
    Port {
        /// The device file.
        path: PathBuf,
        /// What the kernel said.
        why: io::Error,
    },
    /// The program did not do its part.
    #[error("the program that switches it: {0}")]
    Program(String),
}

/// The line that is configured.
pub(super) struct Switch {
    siren: Siren,
    /// Held while the box runs: a line that is let go may fall back to what the board does without us.
    gpio: Option<Request>,
    /// Held while it sounds: the kernel raises both lines of a port that is opened, and lowers them when it is closed.
    port: Option<SerialStream>,
}

impl Switch {
    pub(super) const fn new(siren: Siren) -> Self {
        Self { siren, gpio: None, port: None }
    }

    fn gpio(&mut self, chip: &Path, line: u32, active_low: bool, sounds: bool) -> Result<(), LineError> {
        let value = if sounds { Value::Active } else { Value::Inactive };
        let failed = |why| LineError::Gpio { chip: chip.to_owned(), line, why };
        // Begun anew after every error: the chip may have gone and come back.
        let request = if let Some(request) = self.gpio.take() {
            request
        } else {
            let mut request = Request::builder();
            request.on_chip(chip).with_consumer("shouwang").with_line(line).as_output(value);
            if active_low {
                request.as_active_low();
            }
            request.request().map_err(failed)?
        };
        request.set_value(line, value).map_err(failed)?;
        self.gpio = Some(request);
        Ok(())
    }

    /// The port is opened for each word to it: a board that was plugged anew has no memory of an old one.
    async fn relay(path: PathBuf, number: u8, sounds: bool) -> Result<(), LineError> {
        let mut port = open(&path)?;
        let written = async {
            port.write_all(&relay_frame(number, sounds)).await?;
            port.flush().await
        };
        written.await.map_err(|why| LineError::Port { path, why })
    }

    fn wire(&mut self, path: &Path, sounds: bool, set: SetWire) -> Result<(), LineError> {
        let mut port = match self.port.take() {
            Some(port) => port,
            None if sounds => open(path)?,
            // Opening it to look would make it sound.
            None => {
                let there = std::fs::metadata(path);
                return there.map(drop).map_err(|why| LineError::Port { path: path.to_owned(), why });
            }
        };
        set(&mut port, sounds).map_err(|why| LineError::Port { path: path.to_owned(), why: why.into() })?;
        if sounds {
            self.port = Some(port);
        }
        Ok(())
    }
}

type SetWire = fn(&mut SerialStream, bool) -> tokio_serial::Result<()>;

impl Line for Switch {
    async fn set(&mut self, sounds: bool) -> Result<(), LineError> {
        match self.siren.clone() {
            Siren::Gpio { chip, line, active_low } => self.gpio(&chip, line, active_low, sounds),
            Siren::Relay { path, number } => Self::relay(path, number, sounds).await,
            Siren::Rts { path } => self.wire(&path, sounds, SerialPort::write_request_to_send),
            Siren::Dtr { path } => self.wire(&path, sounds, SerialPort::write_data_terminal_ready),
            Siren::Command { on, off } => {
                let program = Program::start(if sounds { &on } else { &off });
                let ended = async { program?.end(SIREN_LINE_WAIT).await };
                ended.await.map_err(|why: ProgramError| LineError::Program(why.to_string()))
            }
        }
    }
}

/// The word of an LCUS board. Source: the seller's sheet of LCUS-1: `A0`, relay, state, and the sum of the three.
fn relay_frame(number: u8, sounds: bool) -> [u8; 4] {
    let state = u8::from(sounds);
    [0xA0, number, state, 0xA0_u8.wrapping_add(number).wrapping_add(state)]
}

/// Speed of an LCUS board. Source: as above.
const RELAY_BAUD: u32 = 9_600;

fn open(path: &Path) -> Result<SerialStream, LineError> {
    let failed = |why: io::Error| LineError::Port { path: path.to_owned(), why };
    let text = path.to_str().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    tokio_serial::new(text, RELAY_BAUD).open_native_async().map_err(|why| failed(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_told_what_its_sheet_says() {
        assert_eq!(relay_frame(1, true), [0xA0, 0x01, 0x01, 0xA2]);
        assert_eq!(relay_frame(1, false), [0xA0, 0x01, 0x00, 0xA1]);
        assert_eq!(relay_frame(2, true), [0xA0, 0x02, 0x01, 0xA3]);
    }
}
