//! The bodies of the fuzz targets. Each takes any bytes and asserts what must be true of them; a panic is a finding.
//!
//! The bytes are made readable wherever they can be (heads of requests, JSON, lines), so that seeds and findings are, too. References are
//! written anew here, after the standard and not after our code, or are other people's parsers.

#![expect(clippy::expect_used, clippy::panic, reason = "a panic is how a target tells what it has found")]

mod accept;
mod batch;
mod bodies;
mod chunks;
mod connection;
mod credentials;
mod encode;
mod event_stream;
mod head;
mod keys;
mod media_type;
mod members;
mod origin;
mod position;
mod query;
mod reference;
mod request;
mod token;
mod words;

/// What time it is in all targets.
const NOW: i64 = 1_800_000_000;
/// The secret that tokens are signed with here.
const HMAC_SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

macro_rules! targets {
    ($($name:ident => $body:path;)*) => {
        /// Each target and its body.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $body),)*];

        $(#[doc = concat!("The target `", stringify!($name), "`.")]
        pub fn $name(data: &[u8]) {
            $body(data);
        })*
    };
}

targets! {
    accept => crate::accept::run;
    batch => crate::batch::run;
    change => crate::bodies::change;
    connection => crate::connection::run;
    credentials => crate::credentials::run;
    encode => crate::encode::run;
    event_stream => crate::event_stream::run;
    jwks => crate::keys::jwks;
    media_type => crate::media_type::run;
    origin => crate::origin::run;
    pem => crate::keys::pem;
    position => crate::position::run;
    publish => crate::bodies::publish;
    query => crate::query::run;
    request => crate::request::run;
    signal => crate::bodies::signal;
    token => crate::token::run;
    words => crate::words::run;
}
