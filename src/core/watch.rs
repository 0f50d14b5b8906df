//! Are we watching? Per resident: WATCHED, WEAK or BLIND, since when, by which witnesses.

use super::word::words;

words! {
    /// The watch state of a resident.
    Watch {
        /// 守护中: a help-call device and a life-sign witness inside their limits, neither slow nor mute.
        Watched = "watched",
        /// 守护减弱: only one of the two, or only slow or mute ones.
        Weak = "weak",
        /// 未守护: neither, or what they hang on is down.
        Blind = "blind",
    }
}
