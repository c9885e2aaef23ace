//! What this build does not have yet is refused in so many words, never ignored.

use crate::support::{builder, start};

#[tokio::test]
async fn the_document_of_the_api_is_not_there_yet_and_says_so() {
    let node = start().await;
    let answer = node.send(campanile_testkit::Request::get("/openapi.json")).await;
    let problem = answer.problem(501);
    assert_eq!(problem["code"], "not-in-this-build", "{answer}");
}

#[tokio::test]
async fn a_configuration_key_without_effect_stops_the_start() {
    for (name, value) in
        [("TLS__CERT", "cert.pem"), ("BUS__URL", "redis://127.0.0.1"), ("SSE__MEMORY_BUDGET_BYTES", "1000000")]
    {
        let (code, said) = builder().env(&format!("CAMPANILE_{name}"), value).refused().await;
        assert_eq!(code, 64, "{said}");
        assert!(said.contains("not in this build"), "{name}: {said}");
    }
}
