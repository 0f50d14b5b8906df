//! What every answer of a page says to the browser: nothing is kept, nothing is guessed, and nothing but the page's own style,
//! script and stream is fetched or run.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

/// The content policy of a page that only shows.
pub const SHOWS: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                         base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The content policy of a page with forms of its own.
pub const ASKS: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                        base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// The answer with these headers. What it says of the referrer by itself stays.
#[must_use]
pub fn guarded(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS.into_iter().chain([("content-security-policy", policy)]) {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}
