//! Types that are declared in code.

use super::{get, mounted};
use campanile::{
    ApiKey, AudienceDraft, Campanile, Definition, Definitions, Draft, EngineError, MemoryStore, NotificationType, SSE,
    Severity, Tenant, TypeName, TypesPolicy,
};

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct InvoiceApproved {
    invoice_id: u64,
}

impl NotificationType for InvoiceApproved {
    type Data = Self;
    const NAME: &'static str = "invoices.approved";
    const SEVERITY: Severity = Severity::Success;

    fn data(&self) -> &Self {
        self
    }

    fn title(&self) -> Option<String> {
        Some(format!("Invoice {} approved", self.invoice_id))
    }

    fn link(&self) -> Option<String> {
        Some(format!("/invoices/{}", self.invoice_id))
    }

    fn related_entity(&self) -> Option<(String, String)> {
        Some(("invoice".into(), self.invoice_id.to_string()))
    }
}

/// Shown, and not kept.
struct Typing;

impl NotificationType for Typing {
    type Data = ();
    const NAME: &'static str = "chat.typing";
    const CHANNELS: &'static [&'static str] = &[SSE];

    fn data(&self) -> &() {
        &()
    }
}

struct Unfit(std::collections::HashMap<(u8, u8), u8>);

impl NotificationType for Unfit {
    type Data = std::collections::HashMap<(u8, u8), u8>;
    const NAME: &'static str = "unfit";

    fn data(&self) -> &Self::Data {
        &self.0
    }
}

async fn campanile(types: Definitions) -> Campanile {
    let keys = [ApiKey::of_secret("tests", "key")];
    let building = Campanile::builder().store(MemoryStore::default()).jwt_secret(super::SECRET).api_keys(keys);
    building.types(types).notification_type::<InvoiceApproved>().build().await.unwrap()
}

#[tokio::test]
async fn a_value_is_published_with_all_that_its_type_says() {
    let campanile = campanile(Definitions::default()).await;
    let publisher = campanile.publisher();
    publisher.publish(&InvoiceApproved { invoice_id: 42 }).to_users(["u1", "u2"]).await.unwrap();
    let page = get(&mounted(&campanile), "/push").await.1;
    for part in [
        r#""notificationTypeName":"invoices.approved""#,
        r#""severity":"success""#,
        r#""title":"Invoice 42 approved""#,
        r#""body":null"#,
        r#""link":"/invoices/42""#,
        r#""data":{"invoiceId":42}"#,
        r#""relatedEntityType":"invoice","relatedEntityId":"42""#,
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[tokio::test]
async fn a_publish_is_addressed_in_every_way_a_draft_is() {
    let campanile = campanile(Definitions::default()).await;
    let publisher = campanile.publisher();
    let approved = InvoiceApproved { invoice_id: 1 };
    let publish = || publisher.publish(&approved);
    assert_eq!(publish().to_user("u1").await.unwrap().recipients, 1);
    assert_eq!(publish().to_users(["u1", "u2", "u3"]).except(["u2"]).by("u3").await.unwrap().recipients, 1);
    assert_eq!(publish().to_users(["u1", "u2"]).by("u1").notify_actor().await.unwrap().recipients, 2);
    assert_eq!(publish().to_everyone().except(["u1"]).await.unwrap().recipients, 1);
    let (topic, user) = (campanile::Topic::new("news").unwrap(), campanile::UserId::new("u9").unwrap());
    publisher.join(&topic, &user).await.unwrap();
    assert_eq!(publish().to_topic("news").await.unwrap().recipients, 1);
    let elsewhere = publisher.for_tenant(Tenant::new("acme").unwrap());
    assert_eq!(elsewhere.publish(&approved).to_everyone().await.unwrap().recipients, 0);
    let EngineError::Invalid(faults) = publish().to_users([""; 0]).await.unwrap_err() else { panic!() };
    assert_eq!(faults[0].pointer, "/to/users");
}

#[tokio::test]
async fn a_key_makes_a_typed_publish_happen_once() {
    let publisher = campanile(Definitions::default()).await.publisher();
    let publish = |invoice_id| publisher.publish(&InvoiceApproved { invoice_id }).to_user("u1").once("k");
    let (first, again) = (publish(1).await.unwrap(), publish(1).await.unwrap());
    assert_eq!((first.notification_id, again.replayed), (again.notification_id, true));
    assert!(matches!(publish(2).await, Err(EngineError::KeyReused)));
}

#[tokio::test]
async fn a_type_is_what_its_code_says_unless_the_builder_knows_better() {
    let publish = async |types| {
        let campanile = campanile(types).await;
        campanile.publisher().publish(&InvoiceApproved { invoice_id: 1 }).to_user("u1").await.unwrap();
        campanile.publisher().publish(&Typing).to_user("u1").await.unwrap();
        get(&mounted(&campanile), "/push").await.1
    };
    let page = publish(Definitions::default()).await;
    assert!(page.contains(r#""severity":"success""#), "{page}");
    assert!(!page.contains("chat.typing"), "a type that is only shown was kept: {page}");
    let known = |name, definition| (TypeName::new(name).unwrap(), definition);
    let types = [
        known("invoices.approved", Definition { severity: Severity::Warning, ..Definition::default() }),
        known("chat.typing", Definition::default()),
    ];
    let page = publish(Definitions { policy: TypesPolicy::Strict, types: types.into() }).await;
    assert!(page.contains(r#""severity":"warning""#) && page.contains("chat.typing"), "{page}");
}

#[tokio::test]
async fn under_a_strict_policy_types_in_code_are_known_and_others_are_not() {
    let strict = Definitions { policy: TypesPolicy::Strict, ..Definitions::default() };
    let publisher = campanile(strict).await.publisher();
    let by_name = |name| Draft::new(name, AudienceDraft::users(["u1"]));
    assert!(publisher.publish(&by_name("invoices.approved")).await.is_ok(), "registered");
    assert!(publisher.publish(&Typing).to_user("u1").await.is_ok(), "declared where it is published");
    assert!(publisher.publish(&by_name("chat.typing")).await.is_err(), "by its name nobody knows it");
}

#[tokio::test]
async fn data_that_cannot_be_json_is_a_fault_of_the_publish() {
    let publisher = campanile(Definitions::default()).await.publisher();
    let failed = publisher.publish(&Unfit([((1, 2), 3)].into())).to_user("u1").await.unwrap_err();
    let EngineError::Invalid(faults) = failed else { panic!("{failed}") };
    assert_eq!(faults[0].pointer, "/data");
}
