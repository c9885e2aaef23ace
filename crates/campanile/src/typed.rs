//! Notification types that are declared in code.

use campanile_core::{Definition, Draft, EngineError, Fault, IN_APP, Json, Severity};
use serde::Serialize;

/// A type of notification, declared in code: its values are what is published.
///
/// ```
/// use campanile::NotificationType;
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "camelCase")]
/// struct InvoiceApproved { invoice_id: u64 }
///
/// impl NotificationType for InvoiceApproved {
///     type Data = Self;
///     const NAME: &'static str = "invoices.approved";
///
///     fn data(&self) -> &Self { self }
///     fn title(&self) -> Option<String> { Some(format!("Invoice {} approved", self.invoice_id)) }
///     fn link(&self) -> Option<String> { Some(format!("/invoices/{}", self.invoice_id)) }
/// }
/// ```
///
/// A publish without an audience does not compile:
///
/// ```compile_fail
/// # use campanile::{NotificationType, Publisher};
/// # struct Ping;
/// # impl NotificationType for Ping {
/// #     type Data = ();
/// #     const NAME: &'static str = "ping";
/// #     fn data(&self) -> &() { &() }
/// # }
/// async fn ping(publisher: Publisher) { publisher.publish(&Ping).await.unwrap(); }
/// ```
///
/// Neither does a program that publishes or registers a type whose name is none (`cargo build` says so; `cargo check` stops before it).
///
/// What the type says of itself counts where the builder's own [`Definitions`](crate::Definitions) do not have it. Register it with
/// [`Builder::notification_type`](crate::Builder::notification_type) if it is also published by name, over HTTP or as a [`Draft`].
pub trait NotificationType {
    /// What programs find in `data`.
    type Data: Serialize + ?Sized;

    /// The type's name: 1–128 visible ASCII characters. (Names beyond ASCII are published as a [`Draft`].)
    const NAME: &'static str;
    /// The severity of those that name none.
    const SEVERITY: Severity = Severity::Info;
    /// Where it goes: [`IN_APP`] keeps it in the inbox and so in the stream, [`SSE`](crate::SSE) alone only shows it on open streams; others
    /// are the names of registered [`Channel`](crate::Channel)s.
    const CHANNELS: &'static [&'static str] = &[IN_APP];
    /// Its name for people.
    const DISPLAY_NAME: Option<&'static str> = None;
    /// The heading under which settings show it.
    const GROUP: Option<&'static str> = None;

    /// What programs find in `data`; often the value itself. `()` is `null`.
    fn data(&self) -> &Self::Data;

    /// One line for a list.
    fn title(&self) -> Option<String> {
        None
    }

    /// The text.
    fn body(&self) -> Option<String> {
        None
    }

    /// Where it leads: an http(s) URL, or a path with one leading `/`.
    fn link(&self) -> Option<String> {
        None
    }

    /// How grave this one is, if not as [`NotificationType::SEVERITY`] says.
    fn severity(&self) -> Option<Severity> {
        None
    }

    /// Type and id of what it is about.
    fn related_entity(&self) -> Option<(String, String)> {
        None
    }
}

/// What is known of the type.
pub(crate) fn definition<T: NotificationType + ?Sized>() -> Definition {
    Definition {
        display_name: T::DISPLAY_NAME.map(Into::into),
        group: T::GROUP.map(Into::into),
        severity: T::SEVERITY,
        channels: T::CHANNELS.iter().map(|&name| name.into()).collect(),
    }
}

/// The type's name. A wrong one does not compile.
pub(crate) fn name<T: NotificationType + ?Sized>() -> &'static str {
    const { assert!(is_name(T::NAME), "NotificationType::NAME must have 1 to 128 visible ASCII characters") };
    T::NAME
}

const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at].is_ascii_graphic() {
        at += 1;
    }
    1 <= at && at == bytes.len() && at <= 128
}

/// The draft of a value, for nobody yet.
pub(crate) fn draft<T: NotificationType + ?Sized>(value: &T) -> Result<Draft, EngineError> {
    let unfit = |_| EngineError::Invalid(vec![Fault::new("/data", "cannot be written as JSON")]);
    Ok(Draft {
        type_name: name::<T>().into(),
        severity: value.severity().map(|severity| severity.as_str().into()),
        title: value.title(),
        body: value.body(),
        link: value.link(),
        data: Some(Json::of(value.data()).map_err(unfit)?),
        related_entity: value.related_entity(),
        definition: Some(definition::<T>()),
        ..Draft::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::TypeName;

    #[test]
    fn what_is_a_name_here_is_one_to_the_engine() {
        for good in ["a", "invoices.approved", "A_b-c/d:e~!", &"x".repeat(128)] {
            assert!(is_name(good) && TypeName::new(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "two words", "a\n", "é", "a\u{200b}", "\u{7f}", &"x".repeat(129)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
