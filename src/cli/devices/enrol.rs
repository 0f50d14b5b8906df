//! Enrolling, replacing, removing: through the running station, which takes the change over at once, or in the file when
//! nobody runs it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::argument::EX_CONFIG;
use crate::cli::socket::{Socket, unexpected};
use crate::cli::village::{By, carry_out, is_absent, slug};
use crate::config::Secret;
use crate::config::village::edit::{self, Edit, Thing};
use crate::control::client::AskError;
use crate::control::pick::{Picked, pick};
use crate::control::protocol::{Body, HeardRow, Reply, Request};
use crate::core::id::{DeviceId, HomeId, ResidentId, RoomId, SourceId};
use crate::core::roster::Role;
use crate::private::Private;
use crate::words;

/// What hangs on the wall.
#[derive(Debug, Clone, clap::Args)]
struct OnTheAir {
    /// 来源,收到过信号的可不写 · The source; may be left out for what was heard
    #[arg(long, value_name = "ID", value_parser = slug::<SourceId>)]
    source: Option<SourceId>,
    /// 格式,看得出时可不写 · The format; may be left out where it is clear
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// 厂家型号,格式需要时才写 · Maker's model, where the format needs it
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// 解密密钥;会留在命令历史里,最好用 --key-file · The key of its words; it stays in the shell's history, so rather use --key-file
    #[arg(long, value_name = "KEY", conflicts_with = "key_file")]
    key: Option<String>,
    /// 从文件读取密钥 · A file with the key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// 登记一个设备 · Enrols a device
#[derive(Debug, Clone, clap::Args)]
pub struct Enrol {
    /// 设备地址,照 shouwang devices heard 抄 · The address, as shouwang devices heard shows it
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// 哪位老人的 · Whose
    #[arg(long, value_name = "ID", value_parser = slug::<ResidentId>)]
    resident: Option<ResidentId>,
    /// 哪一户,几人共用时写 · In which home, for a device that several share
    #[arg(long, value_name = "ID", value_parser = slug::<HomeId>)]
    home: Option<HomeId>,
    /// 在哪一间 · In which room
    #[arg(long, value_name = "ID", value_parser = slug::<RoomId>)]
    room: Option<RoomId>,
    /// 用途 · What it is for
    #[arg(long, value_name = "ROLE", value_parser = role())]
    role: Role,
    /// 设备编号,不写则自动编 · Its id; left out, the next free one
    #[arg(long, value_name = "ID", value_parser = slug::<DeviceId>)]
    id: Option<DeviceId>,
    /// 不会自己上报,每 7 天须按一次 · It cannot report by itself: proven by a press every 7 days
    #[arg(long)]
    mute: bool,
    /// 多久上报一次,秒 · How often it reports, in seconds
    #[arg(long, value_name = "SECONDS")]
    rhythm_s: Option<u64>,
    #[command(flatten)]
    on_the_air: OnTheAir,
    #[command(flatten)]
    by: By,
}

/// 更换设备 · Puts another thing in a device's place
#[derive(Debug, Clone, clap::Args)]
pub struct Replace {
    /// 设备编号 · The device
    #[arg(value_name = "DEVICE", value_parser = slug::<DeviceId>)]
    device: DeviceId,
    /// 新设备的地址 · The new thing's address
    #[arg(value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    on_the_air: OnTheAir,
    #[command(flatten)]
    by: By,
}

/// 停用设备 · Takes a device out of service
#[derive(Debug, Clone, clap::Args)]
pub struct Remove {
    /// 设备编号 · The device
    #[arg(value_name = "DEVICE", value_parser = slug::<DeviceId>)]
    device: DeviceId,
    #[command(flatten)]
    by: By,
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.word()))
        .map(|word| Role::from_word(&word).expect("the parser offers only these words"))
}

/// Enrols a device.
pub fn enrol(socket: &Socket, args: &Enrol) -> ExitCode {
    let thing = match thing(socket, &args.address, &args.on_the_air) {
        Ok(thing) => thing,
        Err(code) => return code,
    };
    let Enrol { resident, home, room, role, id, mute, rhythm_s, .. } = args.clone();
    let edit = Edit::Enrol(edit::Enrol { id, thing, resident, home, room, role, rhythm_s, mute });
    carry_out(socket, &edit, &args.by)
}

/// Puts another thing in a device's place.
pub fn replace(socket: &Socket, args: &Replace) -> ExitCode {
    match thing(socket, &args.address, &args.on_the_air) {
        Ok(by) => carry_out(socket, &Edit::Replace { device: args.device, by }, &args.by),
        Err(code) => code,
    }
}

/// Takes a device out of service.
pub fn remove(socket: &Socket, args: &Remove) -> ExitCode {
    carry_out(socket, &Edit::Remove { device: args.device }, &args.by)
}

/// The thing of this address: as it was heard, where it was.
fn thing(socket: &Socket, address: &str, given: &OnTheAir) -> Result<Thing, ExitCode> {
    let key = match (&given.key, &given.key_file) {
        (Some(key), _) => Some(Private::new(key.clone())),
        (None, Some(file)) => Some(key_in(file)?),
        (None, None) => None,
    };
    let heard = match socket.socket()?.ask(&Request::Heard) {
        Ok(Reply { body: Body::Heard(heard), .. }) => heard,
        Ok(_) => return Err(unexpected()),
        Err(AskError::Unreachable { ref source, .. }) if is_absent(source) => Vec::new(),
        Err(error) => return Err(Socket::fail(&error)),
    };
    let (source, format, address) = place(socket, &heard, address, given)?;
    Ok(Thing { source, format, address: Private::new(address), model: given.model.clone(), key })
}

type Place = (SourceId, Option<String>, String);

fn place(socket: &Socket, heard: &[HeardRow], address: &str, given: &OnTheAir) -> Result<Place, ExitCode> {
    let lang = socket.lang();
    match pick(heard, address, given.source, given.format.as_deref()) {
        Picked::One(row) => Ok((row.source, Some(row.format.clone()), row.address.clone())),
        Picked::Several => {
            eprintln!("{}", words::village::SEVERAL.say(lang));
            for row in heard.iter().filter(|row| row.address.eq_ignore_ascii_case(address)) {
                eprintln!("    --source {} --format {}", row.source, row.format);
            }
            Err(ExitCode::FAILURE)
        }
        Picked::None => {
            // What was never heard can be enrolled before it is hung up, when it is said where it will be heard.
            let only = || match socket.station().ok()?.sources.as_slice() {
                [one] => Some(one.id),
                _ => None,
            };
            let Some(source) = given.source.or_else(only) else {
                eprintln!("{}", words::village::NOT_HEARD.say(lang));
                return Err(ExitCode::FAILURE);
            };
            Ok((source, given.format.clone(), address.to_owned()))
        }
    }
}

fn key_in(file: &Path) -> Result<Private<String>, ExitCode> {
    let beside = std::env::current_dir().unwrap_or_default();
    Secret::new(&beside.join(file).to_string_lossy(), &beside).read(None).map_err(|error| {
        eprintln!("{error}");
        ExitCode::from(EX_CONFIG)
    })
}
