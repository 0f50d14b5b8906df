//! To what a resident has consented, by purpose (CARE-RULES 28). Nobody has consented to anything until the village file says so.

use super::word::words;

words! {
    /// For what somebody's form of address and place may be used beyond the people who are called.
    Purpose {
        /// In texts to a group, in which everybody reads everything.
        Group = "group",
        /// In texts and calls to the county's duty phone.
        County = "county",
    }
}
