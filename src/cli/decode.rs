//! `shouwang decode`: what does this frame say? For an installer with a captured frame, and for vectors.
//!
//! Exit codes: 0, 1 when a vector does not come out as it should, 2 for usage (no such format, file or frame).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use crate::device::harness::{Outcome, Vector, VectorError};
use crate::device::{self, Format};
use crate::limits::VECTOR_LINE_BYTES_MAX;

/// 解码捕获的帧,核对测试向量 · Decodes captured frames, and checks vectors
#[derive(Debug, clap::Args)]
pub struct Args {
    /// 格式名,见 --list · Name of the format, as --list prints it
    #[arg(required_unless_present = "list")]
    format: Option<String>,
    /// 测试向量文件,每行一个 JSON;- 或不写为标准输入 · File of vectors, one JSON object a line; - or nothing for standard input
    file: Option<PathBuf>,
    /// 解码这一帧,十六进制 · Decodes this frame, in hex
    #[arg(long, value_name = "HEX", conflicts_with_all = ["text", "file", "vectors"])]
    hex: Option<String>,
    /// 解码这一帧,文本 · Decodes this frame or payload, as text
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["file", "vectors"])]
    text: Option<String>,
    /// 帧的主题,用于 MQTT 格式 · Topic of the frame, for formats that come over MQTT
    #[arg(long, conflicts_with_all = ["file", "vectors"])]
    topic: Option<String>,
    /// 解码需要的参数,JSON:model、key、base…… · What the decoder must be told, as a JSON object: model, key, base …
    #[arg(long, value_name = "JSON", conflicts_with_all = ["file", "vectors"])]
    context: Option<String>,
    /// 与期望核对,最后给出通过数 · Compares with what the lines expect; ends with N of M pass
    #[arg(long)]
    vectors: bool,
    /// 列出格式名 · Prints the names of the formats
    #[arg(long, exclusive = true)]
    list: bool,
}

/// Why the verb could not do its work.
#[derive(Debug, thiserror::Error)]
enum DecodeVerbError {
    #[error("no format is named {0}; `shouwang decode --list` prints the names")]
    Format(String),
    #[error("--context is not a JSON object")]
    Context,
    #[error("{}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("line {0} is longer than {VECTOR_LINE_BYTES_MAX} bytes")]
    Long(usize),
    #[error("line {line} is not a JSON object of the vector format: {source}")]
    Line { line: usize, source: serde_json::Error },
    #[error("line {line}, {id}: {source}")]
    Vector { line: usize, id: String, source: VectorError },
    #[error("{0}")]
    Frame(#[from] VectorError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the verb.
#[must_use]
pub fn run(args: &Args) -> ExitCode {
    match execute(args, &mut io::stdout().lock()) {
        Ok(code) => code,
        // Whoever reads has seen enough.
        Err(DecodeVerbError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "shouwang decode: {error}");
            ExitCode::from(2)
        }
    }
}

fn execute(args: &Args, out: &mut impl Write) -> Result<ExitCode, DecodeVerbError> {
    let Some(name) = &args.format else {
        for format in device::FORMATS {
            writeln!(out, "{}", format.name)?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let format = device::format(name).ok_or_else(|| DecodeVerbError::Format(name.clone()))?;
    if args.hex.is_some() || args.text.is_some() {
        let outcome = single(args)?.run(format)?;
        print(out, &outcome)?;
        return Ok(ExitCode::SUCCESS);
    }
    match args.file.as_deref() {
        Some(path) if path != Path::new("-") => {
            let file = File::open(path).map_err(|source| DecodeVerbError::Open { path: path.to_owned(), source })?;
            lines(format, BufReader::new(file), args.vectors, out)
        }
        _ => lines(format, io::stdin().lock(), args.vectors, out),
    }
}

/// The frame given on the command line.
fn single(args: &Args) -> Result<Vector, DecodeVerbError> {
    let context = match &args.context {
        None => Value::Null,
        Some(text) => match serde_json::from_str(text) {
            Ok(context @ Value::Object(_)) => context,
            _ => return Err(DecodeVerbError::Context),
        },
    };
    Ok(Vector {
        id: "frame".to_owned(),
        input_hex: args.hex.clone(),
        input_text: args.text.clone(),
        topic: args.topic.clone(),
        context,
        ..Vector::default()
    })
}

fn lines(
    format: &Format,
    mut from: impl BufRead,
    compare: bool,
    out: &mut impl Write,
) -> Result<ExitCode, DecodeVerbError> {
    let (mut all, mut passed, mut number) = (0_usize, 0_usize, 0_usize);
    let mut text = Vec::new();
    while read_line(&mut from, &mut text, number + 1)? {
        number += 1;
        if text.trim_ascii().is_empty() {
            continue;
        }
        let vector: Vector =
            serde_json::from_slice(&text).map_err(|source| DecodeVerbError::Line { line: number, source })?;
        let outcome = vector.run(format).map_err(|source| DecodeVerbError::Vector {
            line: number,
            id: vector.id.clone(),
            source,
        })?;
        if !compare {
            print(out, &outcome)?;
            continue;
        }
        all += 1;
        let other_format = !vector.protocol.is_empty() && vector.protocol != format.name;
        let verdict = if other_format {
            let (other, own) = (&vector.protocol, format.name);
            Err(format!("is a vector of {other}; if it is one of {own}, write \"protocol\":\"{own}\" there"))
        } else {
            outcome.compare(&vector)
        };
        match verdict {
            Ok(()) => passed += 1,
            Err(difference) => writeln!(out, "{}: {difference}", vector.id)?,
        }
    }
    if !compare {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{passed} of {all} pass")?;
    Ok(if passed == all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_line(from: &mut impl BufRead, text: &mut Vec<u8>, number: usize) -> Result<bool, DecodeVerbError> {
    text.clear();
    let limit = u64::try_from(VECTOR_LINE_BYTES_MAX).unwrap_or(u64::MAX);
    let read = from.by_ref().take(limit + 1).read_until(b'\n', text)?;
    if text.len() > VECTOR_LINE_BYTES_MAX { Err(DecodeVerbError::Long(number)) } else { Ok(read > 0) }
}

fn print(out: &mut impl Write, outcome: &Outcome) -> Result<(), DecodeVerbError> {
    serde_json::to_writer(&mut *out, outcome).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}
