//! A page with an inbox: plain files, embedded, with headers that allow them nothing but their own server. What the demo page of `campanile dev`
//! is made of, too.

use crate::{Http, Problem, auth::Users};
use axum::{
    Router,
    body::Body,
    extract::{OriginalUri, Path},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, header};

/// Nothing from elsewhere, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

macro_rules! files {
    ($($name:literal)*) => {
        /// What pages load, by name.
        const FILES: &[(&str, &[u8])] = &[$(($name, include_bytes!(concat!("../assets/", $name))),)*];
    };
}

files! { "style.css" "favicon.svg" "api.js" "bell.js" "inbox.js" "panel.js" "row.js" "stream.js" }

const PAGE: &str = include_str!("../assets/bell.html");
/// What the page has where the application takes tokens, and where it goes. (`dialog`: without its script the form sends the token nowhere.)
const TOKEN: (&str, &str) = ("<!-- token -->", include_str!("../assets/token.html"));
/// What every page with an inbox has, and where it goes.
const PARTS: (&str, &str) = ("<!-- parts -->", include_str!("../assets/parts.html"));

impl Http {
    /// A page that shows the inbox of whoever is signed in, with its files; to be nested. `notifications` is where [`Http::user_router`] is. Where
    /// users come with tokens, one may be given on the page.
    pub fn demo_router<S: Clone + Send + Sync + 'static>(&self, notifications: &str) -> Router<S> {
        let (place, form) = TOKEN;
        let form = if matches!(self.credentials().users(), Users::Tokens(_)) { form } else { "" };
        let html = PAGE.replace(place, form).replace("{notifications}", &escaped(notifications.trim_end_matches('/')));
        let index = async move |OriginalUri(uri): OriginalUri| {
            page(&html.replace("{base}", &escaped(uri.path().trim_end_matches('/'))))
        };
        let named =
            async |Path(name): Path<String>| file(&name).unwrap_or_else(|| Problem::not_found().into_response());
        self.finish(Router::new().route("/", get(index)).route("/{name}", get(named)))
    }
}

/// A page that shows inboxes, with what they are made of in the place of `<!-- parts -->`.
#[must_use]
pub fn page(html: &str) -> Response {
    let (place, parts) = PARTS;
    asset("index.html", html.replacen(place, parts, 1))
}

/// One of the files that such a page loads.
#[must_use]
pub fn file(name: &str) -> Option<Response> {
    FILES.iter().find(|(known, _)| *known == name).map(|(name, bytes)| asset(name, *bytes))
}

/// A file of a page, with the headers of all of them. Its name says what it is.
pub fn asset(name: &str, content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Another version of this program has other files under the same names.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// A text as the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_embedded_and_has_a_type() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        let mut embedded: Vec<_> =
            FILES.iter().map(|(name, _)| *name).chain(["bell.html", "parts.html", "token.html"]).collect();
        embedded.sort_unstable();
        assert_eq!(names, embedded);
        assert!(embedded.iter().all(|name| content_type(name) != "application/octet-stream"));
    }

    #[test]
    fn a_path_ends_no_attribute() {
        assert_eq!(escaped("/a\"><b>&amp;"), "/a&quot;&gt;&lt;b&gt;&amp;amp;");
    }
}
