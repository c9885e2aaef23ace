//! The demo page: what it is made of beside the inboxes, which are those of `campanile_http::demo`.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use campanile_http::{Problem, demo};

/// Its links are relative to where it is served.
const PAGE: &str = include_str!("../../assets/index.html");
const FILES: [(&str, &str); 2] =
    [("demo.js", include_str!("../../assets/demo.js")), ("cookie.js", include_str!("../../assets/cookie.js"))];

/// The page itself.
pub(crate) async fn index() -> Response {
    demo::page(PAGE)
}

/// One of its files.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    let own = FILES.iter().find(|(known, _)| *known == name).map(|(name, text)| demo::asset(name, *text));
    own.or_else(|| demo::file(&name)).unwrap_or_else(|| Problem::not_found().into_response())
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn every_file_of_the_page_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        let mut embedded: Vec<_> = FILES.iter().map(|(name, _)| *name).chain(["index.html"]).collect();
        embedded.sort_unstable();
        assert_eq!(names, embedded);
    }
}
