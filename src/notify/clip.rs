//! The sentences that are played in homes and in the station, spoken by a villager in the local dialect (CARE-RULES E); pure.

use std::fmt;

use crate::core::id::HomeId;
use crate::core::word::words;

words! {
    /// A recorded sentence. Its word is the name of its file.
    Clip {
        /// 听到了,正在叫人: within three seconds of the alarm.
        Heard = "heard",
        /// 还在叫人,别着急: nobody has accepted yet.
        StillCalling = "still_calling",
        /// 有人来了: after an acceptance, and never before.
        Comes = "comes",
        /// 换一个人来: who had accepted does not come.
        Withdrawn = "withdrawn",
        /// 好的,已取消: after a cancel that is one (CARE-RULES 13).
        Cancelled = "cancelled",
        /// 您还好吗: before an alarm for silence is raised.
        AreYouWell = "are_you_well",
        /// 您摔倒了吗: before an alarm for a fall is raised.
        DidYouFall = "did_you_fall",
        /// 有烟,请到屋外去.
        Smoke = "smoke",
        /// 有煤气,开窗,别碰开关,到屋外去.
        Gas = "gas",
        /// 这是测试.
        Test = "test",
        /// 好了,结束了.
        Over = "over",
    }
}

/// Where a sentence is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the station.
    Station,
    /// In a home.
    Home(HomeId),
}

/// A sentence to be played somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// Where.
    pub place: Place,
    /// Which.
    pub clip: Clip,
}

/// The home's id, or `station`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Station => f.pad("station"),
            Place::Home(home) => f.pad(home.as_str()),
        }
    }
}
