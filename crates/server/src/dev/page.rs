//! The demo page's files, embedded, with headers that allow them nothing but this server.

use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use campanile_http::Problem;
use http::{HeaderValue, header};

/// Nothing from elsewhere, nothing inline, no frames.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

struct Asset {
    name: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($name:literal)*) => {
        /// The files beside the page. The page itself is not among them: its links are relative to where it is served.
        const ASSETS: &[Asset] = &[$(Asset { name: $name, bytes: include_bytes!(concat!("../../assets/", $name)) },)*];
    };
}

assets! {
    "style.css" "favicon.svg"
    "api.js" "cookie.js" "demo.js" "inbox.js" "panel.js" "row.js" "stream.js"
}

const PAGE: Asset = Asset { name: "index.html", bytes: include_bytes!("../../assets/index.html") };

/// The page itself.
pub(crate) async fn index() -> Response {
    answer(&PAGE)
}

/// One of its files.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    find(&name)
}

fn find(name: &str) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => answer(asset),
        None => Problem::not_found().into_response(),
    }
}

fn answer(asset: &'static Asset) -> Response {
    let mut response = Response::new(Body::from(asset.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(asset.name)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_embedded_and_has_a_type() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        let mut embedded: Vec<_> = ASSETS.iter().chain([&PAGE]).map(|asset| asset.name).collect();
        embedded.sort_unstable();
        assert_eq!(names, embedded);
        assert!(embedded.iter().all(|name| content_type(name) != "application/octet-stream"));
    }
}
