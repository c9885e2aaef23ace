//! The one list of what the public APIs may show of other crates.

/// Types and traits that some libraries may show.
pub(super) struct Allowed {
    pub(super) libraries: &'static [&'static str],
    /// As `crate::Name`, without the modules between.
    pub(super) types: &'static [&'static str],
    pub(super) why: &'static str,
}

const SSE: &str = "campanile-sse";
const CORE: &str = "campanile-core";
const HTTP: &str = "campanile-http";
const LIVE: &str = "campanile-live";
const FACADE: &str = "campanile";

/// What is in none of these is a leak; what is here and not shown is refused too.
pub(super) const ALLOWED: &[Allowed] = &[
    Allowed { libraries: &[SSE], types: &["bytes::BufMut"], why: "the encoder writes into any buffer" },
    Allowed {
        libraries: &[SSE, CORE, HTTP],
        types: &["bytes::Bytes"],
        why: "chunks and frames are shared, not copied",
    },
    Allowed {
        libraries: &[SSE],
        types: &["futures_core::Stream", "futures_core::FusedStream"],
        why: "what is taken and what is given; the standard library has no such trait yet",
    },
    Allowed {
        libraries: &[SSE],
        types: &["pin_project_lite::PinnedFieldsOf"],
        why: "a bound that its macro writes, for `Unpin`; nobody can name it",
    },
    Allowed {
        libraries: &[SSE],
        types: &["reqwest::Error", "reqwest::RequestBuilder"],
        why: "the client works over the application's own reqwest",
    },
    Allowed {
        libraries: &[SSE, CORE, HTTP, FACADE],
        types: &["serde_core::Serialize"],
        why: "payloads are the application's, and words are written as JSON",
    },
    Allowed { libraries: &[CORE, HTTP], types: &["serde_core::Serializer"], why: "in the methods of that trait" },
    Allowed {
        libraries: &[CORE],
        types: &["serde_core::Deserialize", "serde_core::Deserializer"],
        why: "stores read what they have written",
    },
    Allowed {
        libraries: &[CORE],
        types: &["serde_json::Error", "serde_json::RawValue"],
        why: "JSON is kept as it came, and looked into where it is shown",
    },
    Allowed {
        libraries: &[CORE],
        types: &["tokio::Instant"],
        why: "whoever writes a session keeps its timers, paused ones in tests",
    },
    Allowed {
        libraries: &[CORE],
        types: &[
            "prometheus_client::Counter",
            "prometheus_client::Family",
            "prometheus_client::Gauge",
            "prometheus_client::Histogram",
        ],
        why: "the metrics, for the adapters that count",
    },
    Allowed {
        libraries: &[CORE, HTTP, LIVE],
        types: &["prometheus_client::Registry"],
        why: "an application's own registry may take the metrics",
    },
    Allowed { libraries: &[HTTP, FACADE], types: &["axum::Router"], why: "what is nested in the application's" },
    Allowed {
        libraries: &[SSE, HTTP, LIVE],
        types: &["axum_core::Response", "http::StatusCode"],
        why: "answers are those of axum and http",
    },
    Allowed { libraries: &[SSE, HTTP], types: &["axum_core::IntoResponse", "http::Parts"], why: "handlers are axum's" },
    Allowed { libraries: &[SSE], types: &["axum_core::FromRequestParts"], why: "so are extractors" },
    Allowed {
        libraries: &[HTTP],
        types: &["http::HeaderMap", "http::HeaderName", "http::HeaderValue"],
        why: "problems with headers, and the heads that are read",
    },
    Allowed { libraries: &[HTTP, LIVE], types: &["axum_core::Body"], why: "bodies are axum's" },
    Allowed {
        libraries: &[LIVE],
        types: &["axum_core::Request", "tower_service::Service"],
        why: "it serves whatever axum::serve does",
    },
    Allowed {
        libraries: &[LIVE, FACADE],
        types: &["tokio::TcpListener"],
        why: "the listener that axum::serve takes too",
    },
    Allowed {
        libraries: &[SSE, CORE, HTTP],
        types: &["utoipa::RefOr", "utoipa::ToSchema"],
        why: "feature `utoipa`: OpenAPI documents are described with it",
    },
    Allowed {
        libraries: &[CORE, HTTP],
        types: &["utoipa::PartialSchema", "utoipa::Schema"],
        why: "feature `utoipa`: schemas",
    },
    Allowed { libraries: &[CORE], types: &["utoipa::ComposeSchema"], why: "feature `utoipa`: what its derive writes" },
    Allowed {
        libraries: &[HTTP, FACADE],
        types: &["utoipa::OpenApi"],
        why: "feature `utoipa`: documents to be nested",
    },
    Allowed {
        libraries: &[SSE],
        types: &[
            "utoipa::IntoParams",
            "utoipa::IntoResponses",
            "utoipa::Parameter",
            "utoipa::ParameterIn",
            "utoipa::Response",
        ],
        why: "feature `utoipa`: responses and extractors describe themselves",
    },
];
