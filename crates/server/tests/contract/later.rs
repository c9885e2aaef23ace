//! What this build does not have yet is refused in so many words, never ignored.

use crate::support::builder;

#[tokio::test]
async fn a_configuration_key_without_effect_stops_the_start() {
    for (name, value) in [("TLS__CERT", "cert.pem"), ("TLS__KEY", "key.pem"), ("BUS__URL", "redis://127.0.0.1")] {
        let (code, said) = builder().env(&format!("CAMPANILE_{name}"), value).refused().await;
        assert_eq!(code, 64, "{said}");
        assert!(said.contains("not in this build"), "{name}: {said}");
    }
}
