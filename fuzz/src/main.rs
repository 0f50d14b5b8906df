//! The hammer: a million arbitrary and mutated inputs for every format, or a minute each, and no decoder may panic, hang or
//! grow.
//!
//! The inputs are the golden vectors, the corpus, and what mutation makes of them; a seed repeats a run. Memory is judged by
//! decoders that live through the whole run: the process may not grow by more than `GROWTH_BYTES_MAX` for any of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rooms::device::harness::Vector;
use rooms::device::{FORMATS, Format};
use rooms::look::{self, Input};

/// Inputs for each format, and the time after which it is enough.
const INPUTS: u64 = 1_000_000;
const ENOUGH: Duration = Duration::from_secs(60);

/// Slowest input allowed. judgement: a thousand times what a 64 KiB payload takes.
const SLOWEST: Duration = Duration::from_secs(1);

/// What the process may grow by while one format is hammered. judgement: decoders remember some thousand devices.
const GROWTH_BYTES_MAX: u64 = 64 << 20;

/// Longest input. judgement: a little more than the longest frame of any stream.
const INPUT_BYTES_MAX: usize = 4096;

/// What is fed, so that a panic can say what broke.
static FED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seed: u64 = arguments.next().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let only = arguments.next();
    let inputs = arguments.next().and_then(|inputs| inputs.parse().ok()).unwrap_or(INPUTS);
    std::panic::set_hook(Box::new(|why| {
        let fed = FED.lock().map(|fed| fed.clone()).unwrap_or_default();
        let path = top().join("fuzz/artifacts").join(format!("{:08x}", crc(&fed)));
        let _ = std::fs::create_dir_all(top().join("fuzz/artifacts"));
        let _ = std::fs::write(&path, &fed);
        eprintln!("{why}\nthe input is in {}", path.display());
    }));
    println!("seed {seed}");
    let mut good = true;
    for format in FORMATS.iter().filter(|format| only.as_deref().is_none_or(|only| only == format.name)) {
        good &= hammer(format, seed, inputs);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where the house stands.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

fn hammer(format: &'static Format, seed: u64, inputs: u64) -> bool {
    let seeds = seeds(format);
    let mut random = fastrand::Rng::with_seed(seed);
    let (began, before) = (Instant::now(), resident_bytes());
    let (mut fed, mut slowest, mut long_lived) = (0_u64, Duration::ZERO, (format.decoder)());
    while fed < inputs && began.elapsed() < ENOUGH {
        let at = random.usize(..seeds.len());
        let (head, mut bytes) = seeds[at].clone();
        let other = random.usize(..seeds.len());
        mutate(&mut bytes, &seeds[other].1, &mut random);
        let whole = [head.as_slice(), &bytes].concat();
        if let Ok(mut fed) = FED.lock() {
            fed.clone_from(&whole);
        }
        let one = Instant::now();
        match Input::read(&whole) {
            // Most inputs meet a decoder that has lived through all before; one in eight a fresh one, and every split.
            Some(input) if !random.u8(..).is_multiple_of(8) => look::frame(&mut *long_lived, &input),
            _ => look::one(&whole),
        }
        slowest = slowest.max(one.elapsed());
        fed += 1;
    }
    let grown = resident_bytes().saturating_sub(before);
    let good = slowest < SLOWEST && grown < GROWTH_BYTES_MAX;
    let verdict = if good { "" } else { "  TOO MUCH" };
    println!(
        "{:<18} {fed:>9} inputs {:>6.1} s  slowest {:>7.2} ms  grown {:>5} KiB{verdict}",
        format.name,
        began.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
        grown / 1024
    );
    let _ = std::io::stdout().flush();
    good
}

/// Heads and bytes: the format's vectors and corpus, and nothing at all.
fn seeds(format: &'static Format) -> Vec<(Vec<u8>, Vec<u8>)> {
    let empty = format!("{}\t\t\n", format.name).into_bytes();
    let mut seeds = vec![(empty, Vec::new())];
    let vectors = std::fs::read_to_string(top().join("tests/vectors").join(format!("{}.jsonl", format.name)));
    for vector in vectors.unwrap_or_default().lines().filter_map(|line| serde_json::from_str::<Vector>(line).ok()) {
        let Ok(bytes) = vector.bytes() else { continue };
        let input = Input { format, topic: vector.topic.as_deref(), context: vector.context(), bytes: &[] };
        seeds.push((input.write(), bytes.into_owned()));
    }
    let corpus = std::fs::read_dir(top().join("fuzz/corpus/decode")).into_iter().flatten().flatten();
    for whole in corpus.filter_map(|entry| std::fs::read(entry.path()).ok()) {
        let Some(input) = Input::read(&whole).filter(|input| input.format.name == format.name) else { continue };
        let bytes = input.bytes.to_vec();
        seeds.push((Input { bytes: &[], ..input }.write(), bytes));
    }
    seeds
}

/// Tokens that lead on in some format.
const TOKENS: &[&[u8]] = &[
    b"{", b"}", b"[", b"]", b"\"", b"\\", b",", b":", b"null", b"1e999", b"-0", b"\\ud800", b"\xff", b"\x00", b"\x7e",
    b"\x7d\x02", b"#", b"*", b";", b"=", b"\r\n", b"\x55", b"\x53\x59", b"\xaa", b"\x01", b"\xf4\xf3\xf2\xf1", b"FFFF",
    b"0000", b"[3G*", b"IWAP", b"AL,", b"nan", b"\xff\xff\xff\xff",
];

fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut fastrand::Rng) {
    if random.u8(..) < 8 {
        // Anything at all.
        bytes.clear();
        let length = random.usize(..256);
        bytes.extend(std::iter::repeat_with(|| random.u8(..)).take(length));
    }
    for _ in 0..random.usize(1..6) {
        let at = random.usize(..=bytes.len());
        match random.u8(..9) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.u8(..8),
            2 if at < bytes.len() => bytes[at] = random.u8(..),
            3 => {
                let token = TOKENS[random.usize(..TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
            4 => {
                let end = (at + random.usize(..8)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => bytes.truncate(at),
            6 => {
                let from = random.usize(..=at);
                let again = bytes[from..at].to_vec();
                bytes.splice(at..at, again);
            }
            7 => {
                let from = random.usize(..=other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill(if random.bool() { 0xff } else { 0 });
            }
        }
    }
    bytes.truncate(INPUT_BYTES_MAX);
}

/// What the process holds of memory.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// A short name for an input.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
