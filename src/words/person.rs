//! Words about people: how they are watched, how they are served, who responds.

use super::say;
use crate::core::consent::Purpose;
use crate::core::roster::{ResponderRole, Service, Tier};
use crate::core::watch::Watch;

say! { Watch {
    Watched: "守护中", "watched";
    Weak: "守护减弱", "weakly watched";
    Blind: "未守护", "not watched";
} }

say! { Service {
    Active: "服务中", "served";
    Paused: "暂停", "paused";
    Moved: "已停止服务(迁出)", "no longer served (moved)";
    Deceased: "已停止服务(已故)", "no longer served (deceased)";
} }

say! { Tier {
    Ordinary: "一般", "ordinary";
    High: "高风险", "high risk";
} }

say! { ResponderRole {
    Neighbour: "邻居", "neighbour";
    GridWorker: "网格员", "grid worker";
    DutyDesk: "值班室", "duty desk";
    VillageDoctor: "村医", "village doctor";
    Family: "家属", "family";
} }

say! { Purpose {
    Group: "群消息可写称呼和住处", "named to groups";
    County: "县值班电话可收称呼和住处", "named to the county's duty phone";
} }
