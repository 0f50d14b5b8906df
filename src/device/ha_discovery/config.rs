//! An announcement, read: abbreviations, the base topic `~`, and both forms (one entity, or a device with components).

use std::borrow::Cow;

use super::class::{self, Class};
use super::template::Template;
use crate::device::json::{self, Item, Scalar};
use crate::device::{DecodeError, mapping};
use crate::limits::{ADDRESS_BYTES_MAX, DISCOVERED_PARTS_MAX, MQTT_PAYLOAD_BYTES_MAX, TOPIC_BYTES_MAX};

/// One entity, as it was announced and is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entity {
    /// What it says.
    pub(super) class: Class,
    /// Where its state is published.
    pub(super) state_topic: Box<str>,
    pub(super) template: Template,
    /// Its words for true and false.
    pub(super) on: Box<str>,
    pub(super) off: Box<str>,
    /// The name of its object or key, by which enrolment's `map` may call it.
    pub(super) name: Box<str>,
}

/// Where a device says whether it can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) topic: Box<str>,
    pub(super) template: Template,
    pub(super) online: Box<str>,
    pub(super) offline: Box<str>,
}

/// An announcement.
#[derive(Debug, Default)]
pub(super) struct Announcement {
    /// The device's first identifier.
    pub(super) address: String,
    pub(super) model: Option<String>,
    pub(super) entities: Vec<Entity>,
    pub(super) reach: Vec<Reach>,
    /// What was announced and is not understood.
    pub(super) refused: Vec<(&'static str, DecodeError)>,
}

/// A config topic below the base: `<component>[/<node>]/<object>/config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) component: &'a str,
    pub(super) node: Option<&'a str>,
    pub(super) object: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn read(below: &'a str) -> Option<Self> {
        let mut parts = below.strip_suffix("/config")?.split('/');
        let (component, second, third) = (parts.next()?, parts.next()?, parts.next());
        let place = match third {
            Some(object) => Place { component, node: Some(second), object },
            None => Place { component, node: None, object: second },
        };
        let whole = parts.next().is_none() && !component.is_empty() && !place.object.is_empty();
        whole.then_some(place)
    }
}

/// The keys of a configuration that are read, in their long spelling.
#[derive(Debug, Default, Clone)]
pub(super) struct Config<'a> {
    base: Option<Cow<'a, str>>,
    pub(super) class: Option<Cow<'a, str>>,
    pub(super) unit: Option<Cow<'a, str>>,
    state_topic: Option<Cow<'a, str>>,
    /// A device trigger's.
    topic: Option<Cow<'a, str>>,
    pub(super) template: Option<Cow<'a, str>>,
    on: Option<String>,
    off: Option<String>,
    payload: Option<String>,
    subtype: Option<Cow<'a, str>>,
    platform: Option<Cow<'a, str>>,
    unique_id: Option<Cow<'a, str>>,
    availability_topic: Option<Cow<'a, str>>,
    availability_template: Option<Cow<'a, str>>,
    online: Option<String>,
    offline: Option<String>,
    availability: Option<Item<'a>>,
    device: Option<Item<'a>>,
    components: Option<Item<'a>>,
}

impl<'a> Config<'a> {
    /// Reads the keys of an object.
    pub(super) fn read(item: Item<'a>) -> Result<Self, DecodeError> {
        let mut config = Config::default();
        item.object(|key, item| config.take(key, item))?;
        Ok(config)
    }

    /// Source: the list of abbreviations in Home Assistant's MQTT documentation; of these keys all.
    fn take(&mut self, key: &str, item: Item<'a>) {
        match key {
            "~" => self.base = item.text(),
            "dev_cla" | "device_class" => self.class = item.text(),
            "unit_of_meas" | "unit_of_measurement" => self.unit = item.text(),
            "stat_t" | "state_topic" => self.state_topic = item.text(),
            "t" | "topic" => self.topic = item.text(),
            "val_tpl" | "value_template" => self.template = item.text(),
            "pl_on" | "payload_on" => self.on = word(item),
            "pl_off" | "payload_off" => self.off = word(item),
            "pl" | "payload" => self.payload = word(item),
            "stype" | "subtype" => self.subtype = item.text(),
            "p" | "platform" => self.platform = item.text(),
            "uniq_id" | "unique_id" => self.unique_id = item.text(),
            "avty_t" | "availability_topic" => self.availability_topic = item.text(),
            "avty_tpl" | "availability_template" => self.availability_template = item.text(),
            "pl_avail" | "payload_available" => self.online = word(item),
            "pl_not_avail" | "payload_not_available" => self.offline = word(item),
            "avty" | "availability" => self.availability = Some(item),
            "dev" | "device" => self.device = Some(item),
            "cmps" | "components" => self.components = Some(item),
            _ => {}
        }
    }

    /// The topic with `~` at its beginning or end replaced by the base.
    fn expand(&self, topic: &str, base: Option<&str>) -> String {
        let base = self.base.as_deref().or(base).unwrap_or_default();
        if let Some(rest) = topic.strip_prefix('~') {
            format!("{base}{rest}")
        } else if let Some(rest) = topic.strip_suffix('~') {
            format!("{rest}{base}")
        } else {
            topic.to_owned()
        }
    }

    /// The state topic with its base, for an installer's eyes too.
    pub(super) fn state_topic(&self) -> Option<String> {
        self.state_topic.as_deref().or(self.topic.as_deref()).map(|topic| self.expand(topic, None))
    }

    /// The first availability topic.
    pub(super) fn availability_topic(&self) -> Option<String> {
        self.availability_topic.as_deref().map(|topic| self.expand(topic, None))
    }

    /// The first identifier, else the first connection, else the entity's own id: what stays when a name changes.
    pub(super) fn device_id(&self) -> Option<String> {
        let (mut identifier, mut connection) = (None, None);
        let _ = self.device?.object(|key, item| match key {
            "ids" | "identifiers" => identifier = first_text(item),
            "cns" | "connections" => {
                let _ = item.list(|pair| {
                    let mut last = None;
                    let _ = pair.list(|word| last = word.text());
                    connection = connection.take().or(last.map(Cow::into_owned));
                });
            }
            _ => {}
        });
        identifier.or(connection).filter(|id| !id.is_empty())
    }

    fn model(&self) -> Option<String> {
        let (mut model, mut model_id) = (None, None);
        let _ = self.device?.object(|key, item| match key {
            "mdl" | "model" => model = item.text(),
            "mdl_id" | "model_id" => model_id = item.text(),
            _ => {}
        });
        model_id.or(model).map(Cow::into_owned)
    }
}

impl Announcement {
    /// Reads the announcement that stands at this place.
    pub(super) fn read(place: Place<'_>, bytes: &[u8]) -> Result<Self, DecodeError> {
        let text = json::bounded(bytes, MQTT_PAYLOAD_BYTES_MAX)?;
        let shared = Config::read(Item::whole(text))?;
        let own = || shared.unique_id.as_deref().filter(|_| place.component != "device").map(ToOwned::to_owned);
        let address = shared.device_id().or_else(own);
        let address = address.unwrap_or_else(|| place.node.unwrap_or(place.object).to_owned());
        if address.is_empty() || address.len() > ADDRESS_BYTES_MAX {
            return Err(DecodeError::TooLong);
        }
        let mut all = Announcement { address, model: shared.model(), ..Announcement::default() };
        all.take_reach(&shared, None);
        match shared.components {
            Some(components) if place.component == "device" => {
                let mut left = DISCOVERED_PARTS_MAX;
                components.object(|object, item| match left.checked_sub(1) {
                    Some(fewer) => {
                        left = fewer;
                        all.take_component(&shared, object, item);
                    }
                    None => all.refuse("components", DecodeError::TooLong),
                })?;
            }
            _ if place.component == "device" => {}
            _ => all.take_entity(place.component, place.object, &shared, None),
        }
        Ok(all)
    }

    fn take_component(&mut self, shared: &Config<'_>, object: &str, item: Item<'_>) {
        let Ok(mut config) = Config::read(item) else { return self.refuse("components", DecodeError::WrongType) };
        // A component without a platform is one that is taken away.
        let Some(platform) = config.platform.take() else { return };
        config.state_topic = config.state_topic.or_else(|| shared.state_topic.clone());
        let base = shared.base.as_deref();
        self.take_reach(&config, base);
        self.take_entity(&platform, object, &config, base);
    }

    fn take_entity(&mut self, component: &str, object: &str, config: &Config<'_>, base: Option<&str>) {
        let topic = config.state_topic.as_deref().or(config.topic.as_deref());
        let Some(topic) = topic else { return };
        let template = match config.template.as_deref().map(Template::read) {
            None => Template::Whole,
            Some(Some(template)) => template,
            Some(None) => return self.refuse("value_template", DecodeError::Unknown),
        };
        let topic = config.expand(topic, base);
        let Some(topic) = own_topic(&topic) else { return self.refuse("state_topic", DecodeError::WrongType) };
        let trigger = config.payload.as_deref().or(config.subtype.as_deref());
        let Some(class) = class::of(component, config, &template, trigger) else { return };
        let name = template.key().unwrap_or(object);
        self.entities.push(Entity {
            class,
            state_topic: topic,
            on: Box::from(config.on.as_deref().or(config.payload.as_deref()).unwrap_or("ON")),
            off: Box::from(config.off.as_deref().unwrap_or("OFF")),
            name: Box::from(name),
            template,
        });
    }

    fn take_reach(&mut self, config: &Config<'_>, base: Option<&str>) {
        let mut one = |topic: &str, template: Option<&str>, online: Option<&str>, offline: Option<&str>| {
            let template = match template.map(Template::read) {
                None => Template::Whole,
                Some(Some(template)) => template,
                Some(None) => return self.refuse("availability_template", DecodeError::Unknown),
            };
            let topic = config.expand(topic, base);
            let Some(topic) = own_topic(&topic) else { return self.refuse("availability", DecodeError::WrongType) };
            let online = Box::from(online.or(config.online.as_deref()).unwrap_or("online"));
            let offline = Box::from(offline.or(config.offline.as_deref()).unwrap_or("offline"));
            let reach = Reach { topic, template, online, offline };
            if self.reach.len() < DISCOVERED_PARTS_MAX && !self.reach.contains(&reach) {
                self.reach.push(reach);
            }
        };
        if let Some(topic) = config.availability_topic.as_deref() {
            one(topic, config.availability_template.as_deref(), None, None);
        }
        let Some(list) = config.availability else { return };
        let mut take = |item: Item<'_>| {
            let (mut topic, mut template, mut online, mut offline) = (None, None, None, None);
            let _ = item.object(|key, item| match key {
                "t" | "topic" => topic = item.text(),
                "val_tpl" | "value_template" => template = item.text(),
                "pl_avail" | "payload_available" => online = word(item),
                "pl_not_avail" | "payload_not_available" => offline = word(item),
                _ => {}
            });
            if let Some(topic) = topic {
                one(&topic, template.as_deref(), online.as_deref(), offline.as_deref());
            }
        };
        // A list of topics, or one alone.
        if list.list(&mut take).is_err() {
            take(list);
        }
    }

    fn refuse(&mut self, key: &'static str, why: DecodeError) {
        if self.refused.len() < DISCOVERED_PARTS_MAX {
            self.refused.push((key, why));
        }
    }
}

/// A topic that one may listen to; an announcement must not make the gateway listen to a whole tree.
fn own_topic(topic: &str) -> Option<Box<str>> {
    let good = !topic.is_empty() && topic.len() <= TOPIC_BYTES_MAX && !topic.contains(['+', '#', '\0']);
    (good && !topic.starts_with('$') && !topic.ends_with("/config")).then(|| Box::from(topic))
}

/// A payload as Home Assistant compares it: the words of a template's result.
pub(super) fn word_of(value: &Scalar<'_>) -> Option<String> {
    match value {
        Scalar::Text(text) => Some(text.as_ref().to_owned()),
        // Templates write Python's words.
        Scalar::Flag(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        Scalar::Number(number) => Some(number.to_string()),
        Scalar::Null | Scalar::Other => None,
    }
}

/// Whether two payloads are the same; `true`, `True` and a JSON true are, as are `1` and 1.
pub(super) fn is_word(value: &Scalar<'_>, word: &str) -> bool {
    let Some(own) = word_of(value) else { return false };
    let flags = mapping::flag(value).is_some() && matches!(word, "True" | "False" | "true" | "false");
    own == word || (flags && own.eq_ignore_ascii_case(word))
}

fn word(item: Item<'_>) -> Option<String> {
    word_of(&item.scalar())
}

fn first_text(item: Item<'_>) -> Option<String> {
    if let Some(alone) = item.text() {
        return Some(alone.into_owned());
    }
    let mut first = None;
    item.list(|id| first = first.take().or_else(|| word(id))).ok()?;
    first
}
