//! The value templates that are understood: a path into a JSON payload, or the payload itself.
//!
//! Home Assistant's templates are a programming language. Three forms of it carry nearly all that devices announce, and a
//! template that computes is not understood half: its entity is refused.

use crate::device::json::{Item, Scalar};

/// Keys of a path. judgement: `value_json.AM2301.Temperature` has two; a bridge's deepest has three.
const KEYS_MAX: usize = 4;

/// Where in a payload a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    /// The payload is the value.
    Whole,
    /// Under these keys, one inside the other.
    Path(Vec<Box<str>>),
}

impl Template {
    /// Reads `{{ value }}`, `{{ value_json.key }}`, `{{ value_json['key'] }}` and longer paths, with a filter that does not
    /// change the value; `None` for everything else.
    pub(super) fn read(text: &str) -> Option<Self> {
        let inside = text.trim_ascii();
        let inside = inside.strip_prefix("{{")?.strip_suffix("}}")?;
        let inside = inside.strip_prefix('-').unwrap_or(inside);
        let mut parts = inside.strip_suffix('-').unwrap_or(inside).split('|');
        let expression = parts.next()?.trim_ascii();
        let harmless = |filter: &str| {
            let filter = filter.trim_ascii();
            matches!(filter, "is_defined" | "float" | "int" | "string") || filter.starts_with("round")
        };
        if !parts.all(harmless) {
            return None;
        }
        if expression == "value" {
            return Some(Template::Whole);
        }
        let mut rest = expression.strip_prefix("value_json")?;
        let mut keys = Vec::new();
        while !rest.is_empty() {
            let (key, after) = first_key(rest)?;
            if key.is_empty() || keys.len() >= KEYS_MAX {
                return None;
            }
            keys.push(Box::from(key));
            rest = after;
        }
        (!keys.is_empty()).then_some(Template::Path(keys))
    }

    /// The last key, which names the value.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Template::Whole => None,
            Template::Path(keys) => keys.last().map(AsRef::as_ref),
        }
    }

    /// The value in this payload; `None` when its keys are not there, or the payload is no JSON object.
    pub(super) fn value<'p>(&self, payload: &'p str) -> Option<Scalar<'p>> {
        match self {
            Template::Whole => Some(Scalar::Text(payload.trim_ascii().into())),
            Template::Path(keys) => {
                let mut item = Item::whole(payload);
                for key in keys {
                    let mut found = None;
                    item.object(|own, item| {
                        if own == &**key {
                            found = Some(item);
                        }
                    })
                    .ok()?;
                    item = found?;
                }
                Some(item.scalar())
            }
        }
    }
}

/// `.key…` or `['key']…`, and what follows.
fn first_key(path: &str) -> Option<(&str, &str)> {
    if let Some(rest) = path.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let is_name = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return is_name.then_some((key, after));
    }
    let rest = path.strip_prefix('[')?.trim_ascii_start();
    let quote = rest.chars().next().filter(|sign| matches!(sign, '\'' | '"'))?;
    let (key, after) = rest[1..].split_once(quote)?;
    Some((key, after.trim_ascii_start().strip_prefix(']')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(keys: &[&str]) -> Template {
        Template::Path(keys.iter().map(|key| Box::from(*key)).collect())
    }

    #[test]
    fn the_three_forms_are_read_and_a_computation_is_refused() {
        assert_eq!(Template::read("{{ value }}"), Some(Template::Whole));
        assert_eq!(Template::read("{{value_json.state}}"), Some(path(&["state"])));
        assert_eq!(Template::read("{{ value_json[\"temperature\"] }}"), Some(path(&["temperature"])));
        assert_eq!(
            Template::read("{{ value_json['AM2301'].Temperature | round(1) }}"),
            Some(path(&["AM2301", "Temperature"]))
        );
        assert_eq!(Template::read("{{- value_json.a -}}"), Some(path(&["a"])));
        for computed in [
            "",
            "value_json.a",
            "{{ value_json }}",
            "{{ value_json. }}",
            "{{ value_json.a.b.c.d.e }}",
            "{{ value_json.a * 2 }}",
            "{{ 'ON' if value_json.a else 'OFF' }}",
            "{{ value_json.a | default('OFF') }}",
            "{{ value_json[0] }}",
            "{{ value_json['a }}",
            "{% if value_json.a %}ON{% endif %}",
        ] {
            assert_eq!(Template::read(computed), None, "{computed}");
        }
    }

    #[test]
    fn a_value_is_found_under_its_path() {
        let template = Template::read("{{ value_json.a['b'] }}").expect("reads");
        assert_eq!(template.value(r#"{"a":{"b":7,"c":1}}"#), Some(Scalar::Number(7.0)));
        for without in [r#"{"a":{"c":7}}"#, r#"{"a":7}"#, "[]", "offline", "", r#"{"a":{"b":"#] {
            assert_eq!(template.value(without), None, "{without}");
        }
        assert_eq!(Template::Whole.value(" ON\n"), Some(Scalar::Text("ON".into())));
    }
}
