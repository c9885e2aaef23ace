//! The chapters of the guide that hold Rust: each block is a documentation test. The rest of the guide is followed by `e2e/guide`.

#[cfg(doctest)]
#[doc = include_str!("src/quick-start-crate.md")]
pub struct QuickStart;

#[cfg(doctest)]
#[doc = include_str!("src/credentials.md")]
pub struct Credentials;

#[cfg(doctest)]
#[doc = include_str!("src/channels.md")]
pub struct Channels;

#[cfg(doctest)]
#[doc = include_str!("src/streams.md")]
pub struct Streams;
