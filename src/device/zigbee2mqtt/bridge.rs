//! What the bridge says of itself and its devices.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::model::Dialect;
use crate::device::json::{self, Item, Scalar};
use crate::device::{DecodeError, Listed};
use crate::limits::{ADDRESS_BYTES_MAX, BRIDGE_LIST_BYTES_MAX, LISTED_DEVICES_MAX, MQTT_PAYLOAD_BYTES_MAX};

/// A device as the bridge described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) model: Option<Box<str>>,
    pub(super) dialect: Dialect,
}

/// A `bridge/devices` list, read.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Devices by friendly name, without the coordinator.
    pub(super) devices: BTreeMap<Box<str>, Known>,
    /// Entries that could not be read, or were too many.
    pub(super) refused: usize,
    /// Entries in all, coordinators, and devices without a definition, for an installer's eyes.
    counts: [usize; 3],
}

impl List {
    /// Reads the list; an entry that cannot be read is counted and costs nothing but itself.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let text = json::bounded(bytes, BRIDGE_LIST_BYTES_MAX)?;
        let mut list = Self::default();
        Item::whole(text).list(|item| list.take(item))?;
        Ok(list)
    }

    /// The devices for the heard list.
    pub(super) fn listed(&self) -> Vec<Listed> {
        self.devices
            .iter()
            .map(|(name, known)| Listed {
                address: name.to_string(),
                model: known.model.as_deref().map(ToOwned::to_owned),
            })
            .collect()
    }

    fn take(&mut self, item: Item<'_>) {
        let [all, coordinators, undefined] = &mut self.counts;
        *all += 1;
        let (mut name, mut definition, mut coordinator) = (None, None, false);
        let walked = item.object(|key, value| match key {
            "friendly_name" => name = value.text(),
            "definition" => definition = read_definition(value),
            "type" => coordinator = value.text().as_deref() == Some("Coordinator"),
            _ => {}
        });
        if coordinator {
            *coordinators += 1;
            return;
        }
        if definition.is_none() {
            *undefined += 1;
        }
        let name = name.filter(|name| !name.is_empty() && name.len() <= ADDRESS_BYTES_MAX);
        let (Some(name), Ok(())) = (name, walked) else {
            self.refused += 1;
            return;
        };
        if self.devices.len() >= LISTED_DEVICES_MAX && !self.devices.contains_key(&*name) {
            self.refused += 1;
            return;
        }
        let known = definition.unwrap_or(Known { model: None, dialect: Dialect::default() });
        self.devices.insert(Box::from(&*name), known);
    }
}

/// Longest model name kept, in bytes. judgement: the longest of 4,516 known ones has 48.
const MODEL_BYTES_MAX: usize = 64;

/// What the bridge knows of a model; `None` for `null`, which is how it lists what it does not support.
fn read_definition(item: Item<'_>) -> Option<Known> {
    let (mut model, mut description, mut exposes) = (None, Cow::default(), None);
    item.object(|key, value| match key {
        "model" => model = value.text(),
        "description" => description = value.text().unwrap_or_default(),
        "exposes" => exposes = Some(value),
        _ => {}
    })
    .ok()?;
    let model = model.filter(|model| model.len() <= MODEL_BYTES_MAX)?;
    let dialect = Dialect::of_definition(&model, &description, exposes);
    Some(Known { model: Some(Box::from(&*model)), dialect })
}

/// Whether somebody is online, by `{"state":"online"}` or the bare word of zigbee2mqtt 1.x; `None` when the topic was
/// cleared by an empty payload.
pub(super) fn online(bytes: &[u8]) -> Result<Option<bool>, DecodeError> {
    let text = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX)?.trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    let mut state = None;
    if text.starts_with('{') {
        Item::whole(text).object(|key, value| {
            if key == "state" {
                state = Some(value.scalar());
            }
        })?;
    } else if text.starts_with('"') {
        state = Some(Item::whole(text).scalar());
    } else {
        state = Some(Scalar::Text(Cow::Borrowed(text)));
    }
    match state {
        Some(Scalar::Text(word)) => match &*word {
            "online" => Ok(Some(true)),
            "offline" => Ok(Some(false)),
            _ => Err(DecodeError::Unknown),
        },
        _ => Err(DecodeError::WrongType),
    }
}

/// The protocol's own words in a bridge message, for an installer's eyes.
pub(super) fn fields(topic: &str, bytes: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    match topic {
        "state" => {
            if let Ok(Some(online)) = online(bytes) {
                fields.insert("bridge".into(), if online { "online" } else { "offline" }.into());
            }
        }
        "devices" => {
            if let Ok(list) = List::read(bytes) {
                for (name, count) in ["devices", "coordinator", "unsupported"].iter().zip(list.counts) {
                    fields.insert((*name).into(), count.into());
                }
            }
        }
        "event" => {
            let mut take = |name: &str, item: Item<'_>| {
                if let Some(text) = item.text() {
                    fields.insert(name.into(), text.into_owned().into());
                }
            };
            let walk = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX).and_then(|text| {
                Item::whole(text).object(|key, value| match key {
                    "type" => take("event", value),
                    "data" => {
                        // An event without readable data is still an event.
                        let _ = value.object(|key, value| match key {
                            "ieee_address" | "friendly_name" | "status" => take(key, value),
                            _ => {}
                        });
                    }
                    _ => {}
                })
            });
            if walk.is_err() {
                fields.clear();
            }
        }
        _ => {
            fields.insert("ignored".into(), true.into());
        }
    }
    fields
}
