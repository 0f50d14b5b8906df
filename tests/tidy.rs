//! The house checks itself: its rules are tests, and what they say is "X is banned, use Y", with file and line.
//!
//! Each check takes text and gives complaints, so each is tested on a small bad example beside it: a check that cannot
//! fail is worse than none. An exception stands in a table with its reason, and one that is not needed is a complaint too.
//! `SHOUWANG_BLESS=1 cargo test --test tidy` rewrites the generated tables in `ARCHITECTURE.md`.

#[path = "tidy/rust.rs"]
mod rust;

#[path = "tidy/tree.rs"]
mod tree;

#[path = "tidy/imports.rs"]
mod imports;

#[path = "tidy/bans.rs"]
mod bans;

#[path = "tidy/sizes.rs"]
mod sizes;

#[path = "tidy/modules.rs"]
mod modules;

#[path = "tidy/devices.rs"]
mod devices;

#[path = "tidy/keys.rs"]
mod keys;

#[path = "tidy/privacy.rs"]
mod privacy;

#[path = "tidy/references.rs"]
mod references;

#[path = "tidy/manifest.rs"]
mod manifest;

#[path = "tidy/generated.rs"]
mod generated;

#[path = "tidy/examples.rs"]
mod examples;

use std::fmt;

use tree::Tree;

/// One thing that is not tidy.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Complaint {
    /// Path from the top of the tree.
    file: String,
    /// Line, counted from 1.
    line: usize,
    /// What is wrong and what to do.
    says: String,
}

impl Complaint {
    fn new(file: &str, line: usize, says: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, says: says.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.says)
    }
}

/// Fails with every complaint, so that one run shows all there is to do.
#[track_caller]
fn none(mut complaints: Vec<Complaint>) {
    complaints.sort();
    let list: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert!(complaints.is_empty(), "{} things to tidy:\n{}\n", list.len(), list.join("\n"));
}

#[test]
fn every_room_imports_only_what_its_row_allows() {
    none(imports::check(&Tree::of_the_house()));
}

#[test]
fn nothing_points_back() {
    none(imports::cycles(&Tree::of_the_house()));
}

#[test]
fn what_is_banned_is_nowhere() {
    none(bans::check(&Tree::of_the_house()));
}

#[test]
fn files_and_functions_can_be_held_in_the_head() {
    none(sizes::check(&Tree::of_the_house()));
}

#[test]
fn every_file_says_what_it_is_for_and_is_reached() {
    none(modules::check(&Tree::of_the_house()));
}

#[test]
fn every_format_is_registered_and_has_vectors() {
    none(devices::check(&Tree::of_the_house()));
}

#[test]
fn every_configuration_key_is_in_the_shipped_files() {
    none(keys::check(&Tree::of_the_house()));
}

#[test]
fn nobody_can_be_recognised_in_the_tree() {
    none(privacy::check(&Tree::of_the_house()));
}

#[test]
fn what_the_code_refers_to_is_in_the_tree() {
    none(references::check(&Tree::of_the_house()));
}

#[test]
fn every_dependency_has_a_reason() {
    none(manifest::check(&Tree::of_the_house()));
}

#[test]
fn the_generated_tables_are_up_to_date() {
    none(generated::check(&Tree::of_the_house()));
}

#[test]
fn every_counter_in_the_table_of_limits_exists() {
    none(generated::counters(&Tree::of_the_house()));
}

#[test]
fn the_examples_of_the_record_formats_are_true() {
    none(examples::check(&Tree::of_the_house()));
}
