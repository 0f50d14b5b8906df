//! `shouwang county sms`: text messages from whatever receives them, a line each.

use std::io::{BufRead, Read as _};
use std::process::ExitCode;

use super::{clock, fail};
use crate::county::Settings;
use crate::county::book::Book;
use crate::county::plan::Plan;
use crate::county::sms::{Arrival, Senders};
use crate::county::texts::Desk;
use crate::limits;
use crate::words::Lang;

/// Takes in texts until the input ends, and says of each what became of it; those that the database did not take are to be
/// given again.
pub(super) async fn sms(settings: &Settings, senders: Senders, plan: Plan, lang: Lang) -> ExitCode {
    let clock = clock();
    let book = match Book::open(&settings.database, clock()).await {
        Ok(book) => book,
        Err(error) => return fail(&error),
    };
    let zone = plan.zone.clone();
    let (desk, mut input, mut failed) = (Desk::new(book, senders, plan), std::io::stdin().lock(), false);
    loop {
        let line = match next_line(&mut input) {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => return fail(&error),
        };
        let arrival = Arrival::of_line(&line, &zone);
        match desk.take(arrival.as_ref().map_err(|why| *why), clock()).await {
            Ok(receipt) => println!("{}", receipt.line(lang)),
            Err(error) => {
                failed = true;
                println!("failed\t{error}");
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The next line that is not empty; of one that is too long just enough for it to be refused.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<String>> {
    loop {
        let mut line = Vec::new();
        let longest = u64::try_from(limits::COUNTY_TEXT_LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        if input.by_ref().take(longest).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        }
        let line = String::from_utf8_lossy(&line);
        if !line.trim().is_empty() {
            return Ok(Some(line.into_owned()));
        }
    }
}
