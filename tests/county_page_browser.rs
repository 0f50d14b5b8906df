//! The county page in a real browser: what its script makes of the live stream, and whether it fits a telephone.

mod support;

use std::path::Path;

use maud::html;
use shouwang::limits;
use support::county_page::Page;
use support::installed;
use tokio::process::Command;

/// Where `just shots` wants its pictures.
const SHOTS: &str = "SHOUWANG_SHOTS";
