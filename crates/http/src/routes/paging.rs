//! Lists in pages: what a page is asked with, and how it is answered.

use crate::{Problem, query};
use campanile_core::UserId;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// A page of a list.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Where the next page begins; `null` on the last one.
    #[cfg_attr(feature = "utoipa", schema(required))]
    pub(super) next_cursor: Option<String>,
}

/// Which page is asked for.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Paging<T> {
    pub(super) limit: usize,
    pub(super) after: Option<T>,
}

impl<T> Paging<T> {
    /// Reads `limit` and `cursor`; `tenant` was read before, and `other` takes what else there may be.
    pub(super) fn parse(
        query: Option<&str>,
        cursor: impl Fn(&str) -> Option<T>,
        mut other: impl FnMut(&str, &[u8]) -> Result<(), &'static str>,
    ) -> Result<Self, Problem> {
        let mut paging = Self { limit: DEFAULT_LIMIT, after: None };
        query::each(query, |name, value| {
            match name {
                "limit" => {
                    paging.limit = query::number(value, 1..=MAX_LIMIT).ok_or("must be a number from 1 to 1000")?;
                }
                "cursor" => {
                    let after = cursor(query::text(value)?);
                    paging.after = Some(after.ok_or("must be the nextCursor of an earlier page")?);
                }
                "tenant" => {}
                _ => other(name, value)?,
            }
            Ok(())
        })?;
        Ok(paging)
    }
}

impl Paging<UserId> {
    /// A page of a list that goes by users' names.
    pub(super) fn by_name(query: Option<&str>) -> Result<Self, Problem> {
        Self::parse(query, read_name, |_, _| Err(query::UNKNOWN))
    }
}

/// A name as a cursor: its bytes in hexadecimal, so that it goes through a URL as it is.
pub(super) fn write_name(name: &UserId) -> String {
    name.as_str().bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn read_name(text: &str) -> Option<UserId> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    UserId::new(String::from_utf8(bytes?).ok()?).ok()
}

/// How lists are described.
#[cfg(feature = "utoipa")]
mod about {
    use super::{DEFAULT_LIMIT, MAX_LIMIT, Page};
    use crate::openapi::{Operation, number, refusal};
    use http::StatusCode;
    use serde_json::{Value, json};
    use std::{borrow::Cow, marker::PhantomData};
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{RefOr, Schema},
    };

    /// A page under the name of what it holds. (All pages derive the same name.)
    struct PageOf<T>(PhantomData<T>);

    impl<T: ToSchema> PartialSchema for PageOf<T> {
        fn schema() -> RefOr<Schema> {
            Page::<T>::schema()
        }
    }

    impl<T: ToSchema> ToSchema for PageOf<T> {
        fn name() -> Cow<'static, str> {
            format!("{}Page", T::name()).into()
        }

        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((T::name().into(), T::schema()));
            T::schemas(schemas);
        }
    }

    impl Operation {
        /// Answers a page of a list, with an item as an example.
        #[expect(clippy::needless_pass_by_value, reason = "reads as `answers_pages::<Item>(…, json!({…}))`")]
        pub(in crate::routes) fn answers_pages<T: ToSchema>(self, about: &str, item: Value) -> Self {
            self.query_of("limit", "The most items of the page", number(1, MAX_LIMIT, DEFAULT_LIMIT))
                .query::<String>("cursor", "The `nextCursor` of the page before")
                .refuses(&[refusal::INVALID])
                .answers::<PageOf<T>>(StatusCode::OK, about, json!({"items": [item], "nextCursor": null}))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_cursor_is_refused() {
        for bad in ["", "a", "zz", "6", "6161 ", "ff", "00", "é", &"61".repeat(257)] {
            assert_eq!(read_name(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_name_survives_as_a_cursor(name in "\\PC{1,40}") {
            let name = UserId::new(name).unwrap();
            prop_assert_eq!(read_name(&write_name(&name)), Some(name));
        }
    }
}
