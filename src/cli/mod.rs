//! The shell: one file a verb. Each has `Args` and `run`, which gives the exit code.

pub mod run;

pub mod check;

pub mod alarms;

pub mod devices;

pub mod village;

pub mod rota;

pub mod people;

pub mod visits;

pub mod status;

pub mod drill;

pub mod password;

pub mod county;

pub mod decode;

pub mod record;

pub mod audit;

pub mod simulate;

#[cfg(feature = "demo")]
pub mod demo;

mod argument;

mod files;

mod paper;

mod logging;

mod socket;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// 守望:村级照料站的网关 · shouwang, the elder-care gateway of a village care station
#[derive(Debug, Parser)]
#[command(name = "shouwang", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// 运行网关 · Runs the gateway
    Run(run::Args),
    /// 检查配置,列出谁由什么守护、何时呼叫谁、哪里未覆盖 · Checks the configuration; shows who is watched by what and who is called when
    Check(check::Args),
    /// 查看报警,以某人的名义接单、到场、办结 · Lists alarms; accepts, sets on site and closes them in a person's name
    Alarms(alarms::Args),
    /// 查看、登记、更换、停用设备,查看收到的信号 · Lists devices and what is heard on the air; enrols, replaces and removes them
    Devices(devices::Args),
    /// 名册文件改过后重新读入 · Takes over the village file after it was edited
    Village(village::Args),
    /// 查看、打印值班表,预报谁什么时候无人可到,换班 · Shows and prints who is on duty, forecasts who has nobody near, swaps duties
    Rota(rota::Args),
    /// 谁能被叫到、电话是否验证;验证电话;打印值守须知 · Lists who may be called and whose telephone is proven; proves one; prints sheets
    People(people::Args),
    /// 谁待探访,登记探访,出月报 · Lists visits that are due, notes those that were done, and reports a month
    Visits(visits::Args),
    /// 查看本站状况 · Shows how the station is
    Status(status::Args),
    /// 发起演练,一路报到县平台,处处标明演练 · Raises a drill, the whole way to the county, marked as a drill everywhere
    Drill(drill::Args),
    /// 测试一户的设备,求助不会被吞掉 · Tests a home's devices; a call for help is never swallowed
    Test(drill::TestArgs),
    /// 为值班台的用户打印密码散列 · Prints the hash of a password for a user of the duty desk
    Password(password::Args),
    /// 县平台控制台 · The county console
    County(county::Args),
    /// 解码捕获的帧,核对测试向量 · Decodes captured frames, and checks vectors
    Decode(decode::Args),
    /// 录下某个来源收到的原始帧 · Records the frames that a source hears
    Record(record::Args),
    /// 核对日志:记录是否齐全、是否被改动、与县里的链头是否一致 · Checks the log: whole, unaltered, the one that the county knows
    Audit(audit::Args),
    /// 模拟:一个村子的若干天,全部走真实代码 · A village in a box: simulated days through the real code
    Simulate(simulate::Args),
    /// 演示:一个虚构村子的早晨,几分钟看完 · A morning in a made-up village, told live
    #[cfg(feature = "demo")]
    Demo(demo::Args),
    /// Reads a state directory through. The gateway runs it as a child, because damage shows as an abort.
    #[command(hide = true)]
    CheckState(run::CheckState),
}

/// Runs the verb of the command line.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().verb {
        Verb::Run(args) => run::run(&args),
        Verb::Check(args) => check::run(&args, &crate::device::spoken()),
        Verb::Alarms(args) => alarms::run(&args),
        Verb::Devices(args) => devices::run(&args),
        Verb::Village(args) => village::run(&args),
        Verb::Rota(args) => rota::run(&args),
        Verb::People(args) => people::run(&args),
        Verb::Visits(args) => visits::run(&args),
        Verb::Status(args) => status::run(&args),
        Verb::Drill(args) => drill::run(&args),
        Verb::Test(args) => drill::test(&args),
        Verb::Password(args) => password::run(&args),
        Verb::County(args) => county::run(args),
        Verb::Decode(args) => decode::run(&args),
        Verb::Record(args) => record::run(&args),
        Verb::Audit(args) => audit::run(&args),
        Verb::Simulate(args) => simulate::run(&args),
        #[cfg(feature = "demo")]
        Verb::Demo(args) => demo::run(&args),
        Verb::CheckState(args) => run::check_state(&args),
    }
}
