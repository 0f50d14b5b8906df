//! `shouwang county heads`: the heads of a station's log, for an inspector.

use super::as_json;
use crate::cli::audit::time;
use crate::core::id::{GatewayId, StationId};
use crate::county::Settings;
use crate::county::book::{Book, BookError};
use crate::words::{Lang, audit as say};

/// Everything that the county was told of one station's log.
pub(super) async fn list(
    settings: &Settings,
    station: StationId,
    gateway: Option<GatewayId>,
    json: bool,
    lang: Lang,
) -> Result<Vec<String>, BookError> {
    let book = Book::open_to_read(&settings.database).await?;
    let mut heads = book.heads(station).await?;
    heads.retain(|head| gateway.is_none_or(|gateway| head.gateway == gateway.as_str()));
    if json {
        return Ok(vec![as_json(&heads)]);
    }
    if heads.is_empty() {
        return Ok(vec![say::NO_HEADS.say(lang).to_owned()]);
    }
    let line = |head: &crate::relay::heads::KeptHead| {
        let chain = head.chain.to_string();
        say::kept(&head.gateway, head.stream, head.index, &time(head.at_ms), &chain, lang)
    };
    Ok(heads.iter().map(line).collect())
}
