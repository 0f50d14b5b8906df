//! Which messages a subscription is about; pure. The client's own function for this cuts a topic after its first byte, and
//! panics where that is half of a Chinese sign.

/// Whether a topic is among those that a filter subscribes to. Source: MQTT 5, section 4.7.
#[must_use]
pub(super) fn matches(topic: &str, filter: &str) -> bool {
    // A broker's own topics are not meant by a wildcard in the first place.
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards_mean_what_the_standard_says() {
        let yes = [
            ("a/b/c", "a/b/c"),
            ("a/b/c", "a/+/c"),
            ("a/b/c", "a/#"),
            ("a", "a/#"),
            ("示例村/雷达", "+/雷达"),
            ("示例村/雷达", "#"),
            ("/a", "+/a"),
            ("$SYS/x", "$SYS/#"),
        ];
        for (topic, filter) in yes {
            assert!(matches(topic, filter), "{topic} {filter}");
        }
        let no =
            [("a/b", "a/b/c"), ("a/b/c", "a/b"), ("a/b/c", "a/+"), ("$SYS/x", "#"), ("$SYS/x", "+/x"), ("ab", "a")];
        for (topic, filter) in no {
            assert!(!matches(topic, filter), "{topic} {filter}");
        }
    }

    proptest! {
        #[test]
        fn any_topic_is_survived_and_matches_itself_and_everything(topic in "[^$+#\0][^+#\0]{0,40}") {
            prop_assert!(matches(&topic, &topic) && matches(&topic, "#"));
        }
    }
}
