//! A whole station that was not running for some minutes: what it says of it after its start, and after the next (CARE-RULES 23).

mod support;

use std::time::Duration;

use shouwang::control::protocol::{Body, Request};
use shouwang::core::effect::{Answer, Order};
use shouwang::core::stop::Stop;
use shouwang::core::time::Gap;
use support::fast::{Fast, ask};

#[tokio::test]
async fn rule_23_a_stop_of_minutes_is_told_over_the_next_start_until_somebody_has_seen_to_it() {
    let fast = Fast::new();
    let running = fast.start().await;
    assert_eq!(fast.status().await.stops, [], "nothing was before the first start");
    running.stop().await;
    fast.passes(Duration::from_mins(5)).await;

    let running = fast.start().await;
    let [stop]: [Stop; 1] = fast.status().await.stops.try_into().expect("one stop");
    assert_eq!((stop.gap, stop.noted), (Gap::SameBoot, None));
    assert!(stop.until.mono.since(stop.from.mono) >= Duration::from_mins(5), "{stop:?}");
    running.stop().await;

    let running = fast.start().await;
    let known = fast.status().await.stops;
    assert!(known.contains(&stop), "the next start knows it from the log: {known:?}");
    for stop in known {
        let order = Order::NoteStop { until: stop.until.mono, by: "desk".parse().expect("id") };
        let id = format!("t{}", stop.until.mono.0).parse().expect("id");
        let answer = ask(&fast.socket(), Request::Order { id, order, door: None }).await;
        assert_eq!(answer, Some(Body::Answer(Answer::StopNoted { until: stop.until.mono })));
    }
    assert_eq!(fast.status().await.stops, []);
    running.stop().await;
    let running = fast.start().await;
    assert!(!fast.status().await.stops.contains(&stop));
    running.stop().await;
}
