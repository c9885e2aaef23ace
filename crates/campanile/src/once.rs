//! Publishes that happen once: from a draft in code to the key under which the engine remembers it.

use campanile_core::{AudienceDraft, Draft, EngineError, Fault, Json, PublishKey};
use serde_json::json;
use sha2::{Digest, Sha256};

/// The longest key, in characters.
const MAX_CHARS: usize = 255;
/// Whose keys these are: no key or token of the HTTP API is called so.
const CREDENTIAL: &str = "code";

pub(crate) fn key(draft: &Draft, key: &str) -> Result<PublishKey, EngineError> {
    if !(1..=MAX_CHARS).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let fault = Fault::new("/idempotencyKey", "must be 1 to 255 visible ASCII characters");
        return Err(EngineError::Invalid(vec![fault]));
    }
    Ok(PublishKey { credential: CREDENTIAL.into(), key: key.into(), digest: digest(draft) })
}

/// A digest of everything that a draft says, the same in every version of this crate.
fn digest(draft: &Draft) -> [u8; 32] {
    let Draft {
        type_name,
        to,
        severity,
        title,
        body,
        link,
        data,
        related_entity,
        actor_id,
        notify_actor,
        definition: _,
    } = draft;
    let to = match to {
        AudienceDraft::Users { users, except } => json!({"users": users, "except": except}),
        AudienceDraft::Topic { topic, except } => json!({"topic": topic, "except": except}),
        AudienceDraft::Everyone { except } => json!({"everyone": true, "except": except}),
    };
    let data = data.as_ref().map(Json::as_str);
    let all = json!([type_name, to, severity, title, body, link, data, related_entity, actor_id, notify_actor]);
    Sha256::digest(all.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_draft_says_makes_a_difference() {
        let base = || Draft::new("t", AudienceDraft::users(["a"]));
        let some = || Some("x".to_owned());
        let others = [
            Draft::new("u", AudienceDraft::users(["a"])),
            Draft::new("t", AudienceDraft::users(["b"])),
            Draft::new("t", AudienceDraft::Users { users: vec!["a".into()], except: vec!["b".into()] }),
            Draft::new("t", AudienceDraft::Topic { topic: "a".into(), except: Vec::new() }),
            Draft::new("t", AudienceDraft::Everyone { except: Vec::new() }),
            Draft { severity: some(), ..base() },
            Draft { title: some(), ..base() },
            Draft { body: some(), ..base() },
            Draft { link: some(), ..base() },
            Draft { data: Some(Json::null()), ..base() },
            Draft { related_entity: Some(("x".into(), "y".into())), ..base() },
            Draft { actor_id: some(), ..base() },
            Draft { notify_actor: true, ..base() },
        ];
        let digests: std::collections::HashSet<_> = others.iter().chain([&base()]).map(digest).collect();
        assert_eq!(digests.len(), others.len() + 1);
        assert_eq!(digest(&base()), digest(&base()));
    }

    #[test]
    fn a_key_is_visible_ascii() {
        let draft = Draft::default();
        assert!(key(&draft, "invoice-42").is_ok());
        for bad in ["", "two words", "é", &"x".repeat(256)] {
            assert!(matches!(key(&draft, bad), Err(EngineError::Invalid(_))), "{bad}");
        }
    }
}
