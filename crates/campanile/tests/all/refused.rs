//! What a builder refuses, and in which words; nothing is started then.

use super::{SECRET, campanile};
use campanile::{
    Algorithm, ApiKey, BoxFuture, BuildError, Builder, Campanile, Channel, ChannelOptions, DeliveryBatch, DraftLimits,
    HttpOptions, JwtOptions, KeySource, MemoryStore, Outcome, RetentionOptions, SseOptions,
};
use std::time::Duration;

struct Named(&'static str);

impl Channel for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn deliver<'a>(&'a self, _: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(async { Vec::new() })
    }
}

fn keys() -> KeySource {
    KeySource::pem_file(concat!(env!("CARGO_MANIFEST_DIR"), "/../http/tests/keys/rsa-a.pub.pem")).unwrap()
}

fn builder() -> Builder {
    Campanile::builder().store(MemoryStore::default())
}

async fn refusal(building: Builder) -> String {
    building.build().await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let missing = Campanile::builder().jwt_secret(SECRET).build().await.unwrap_err();
    assert!(matches!(missing, BuildError::NoStore), "{missing}");
    let missing = builder().api_keys([]).build().await.unwrap_err();
    assert!(matches!(missing, BuildError::NoCredentials), "{missing}");
    assert_eq!(refusal(builder().jwt_secret("short")).await, "the secret for tokens must have at least 32 bytes");
}

#[tokio::test]
async fn all_options_that_make_no_sense_are_said_at_once() {
    let (nothing, zero) = (Duration::ZERO, ChannelOptions { workers: 0, attempts: 0, ..ChannelOptions::default() });
    let origins = ["*", "https://app.example", "https://app.example:443"].map(String::from);
    let cookie = "two words".into();
    let http = HttpOptions { cors_origins: origins.into(), body_bytes: 0, cookie, ..HttpOptions::default() };
    let building = builder()
        .jwt_secret(SECRET)
        .sse(SseOptions { heartbeat: nothing, max_connections_per_user: 0, ..SseOptions::default() })
        .retention(RetentionOptions { sweep_every: nothing, ..RetentionOptions::default() })
        .limits(DraftLimits { users: 0, ..DraftLimits::default() })
        .channel_with(Named("pager"), zero)
        .channel(Named("pager"))
        .channel(Named("sse"))
        .http(http);
    let refused = refusal(building).await;
    let origin =
        "which is no origin as browsers send it: https://host or https://host:port in lower case, without a path";
    let expected = [
        "sse.heartbeat: must be more than zero".into(),
        "sse.max_connections_per_user: must be more than zero".into(),
        "retention.sweep_every: must be more than zero".into(),
        "limits.users: must be more than zero".into(),
        "channel(pager).workers: must be more than zero".into(),
        "channel(pager).attempts: must be more than zero".into(),
        "channel(pager): is given twice".into(),
        "channel(sse): is the engine's own: another channel needs another name".into(),
        format!(r#"http.cors_origins: lists "*", {origin}"#),
        format!(r#"http.cors_origins: lists "https://app.example:443", {origin}"#),
        "http.body_bytes: must be more than zero".into(),
        "http.cookie: must be a cookie's name: letters, digits and !#$%&'*+-.^_`|~".to_owned(),
    ];
    assert_eq!(refused.split("; ").collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn credentials_that_contradict_or_do_nothing_are_refused() {
    let without_tokens = async || builder().authenticate(async |_: &_| Err(campanile::AuthError::Missing));
    let (hs256, rs256) = ([Algorithm::Hs256], [Algorithm::Rs256]);
    let twice = [ApiKey::of_secret("a", "1"), ApiKey::of_secret("a", "2"), ApiKey::of_secret("b", "1")];
    let nobody = JwtOptions { user_claims: Vec::new(), ..JwtOptions::default() };
    for (building, expected) in [
        (
            without_tokens().await.algorithms(hs256),
            "algorithms: has no effect without .jwt_secret(…) or .public_keys(…)",
        ),
        (
            without_tokens().await.jwt_options(JwtOptions::default()),
            "jwt_options: has no effect without .jwt_secret(…) or .public_keys(…)",
        ),
        (builder().jwt_secret(SECRET).algorithms([]), "algorithms: must name one"),
        (
            builder().jwt_secret(SECRET).algorithms(rs256),
            "algorithms: lists RS256, which needs .public_keys(…); jwt_secret: has no effect: .algorithms(…) does not list HS256",
        ),
        (
            builder().public_keys(keys()).algorithms(hs256),
            "algorithms: lists HS256, which needs .jwt_secret(…); \
             public_keys: has no effect: .algorithms(…) lists none of RS256, ES256 and EdDSA",
        ),
        (
            builder().public_keys(keys()).algorithms([Algorithm::Es256]),
            "public_keys: has keys for RS256 only, which .algorithms(…) does not list",
        ),
        (builder().jwt_secret(SECRET).jwt_options(nobody), "jwt_options.user_claims: must name a claim"),
        (
            builder().jwt_secret(SECRET).api_keys(twice),
            "api_keys: two keys are called a; api_keys: b is the same key as another one",
        ),
    ] {
        assert_eq!(refusal(building).await, expected);
    }
    for building in [builder().jwt_secret(SECRET).algorithms(hs256), builder().public_keys(keys()).algorithms(rs256)] {
        assert!(building.build().await.is_ok());
    }
}

#[tokio::test]
async fn nothing_is_started_by_a_refused_build() {
    let started = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = started();
    let http = HttpOptions { cors_origins: vec!["*".into()], ..HttpOptions::default() };
    assert!(matches!(builder().jwt_secret(SECRET).http(http).build().await, Err(BuildError::Options(_))));
    assert_eq!(started(), before);
    let campanile = campanile().await;
    assert!(started() > before, "an engine has work in the background");
    drop(campanile);
}
