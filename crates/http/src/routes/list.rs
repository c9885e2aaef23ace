//! `GET /`: pages of the inbox.

use super::{inbox::write_item, json_text};
use crate::{Code, Http, Problem, query};
use axum::{
    extract::{Request, State},
    response::Response,
};
use campanile_core::{
    Cursor, TypeName,
    frame::VersionedCounts,
    store::{InboxPage, InboxQuery, InboxStatus},
};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;
/// What a page's cursor begins with, so that nobody takes a stream's position for one.
const PAGE_MARK: &str = "p";

/// Lists a page.
pub(super) async fn list(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let who = http.user(&parts).await?.recipient;
    let asked = Asked::parse(parts.uri.query())?;
    let page = http.engine().inbox(&who, asked.query).await?;
    match asked.after {
        Some(after) if after.epoch != page.head.epoch => {
            Err(Problem::new(Code::ForeignCursor, "The cursor belongs to another life of this inbox."))
        }
        _ => Ok(json_text(write_page(&page))),
    }
}

/// A valid query, and the cursor it had.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) query: InboxQuery,
    pub(super) after: Option<Cursor>,
}

impl Asked {
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut asked = Self { query: InboxQuery { limit: DEFAULT_LIMIT, ..InboxQuery::default() }, after: None };
        query::each(query, |name, value| asked.take(name, value))?;
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), &'static str> {
        let text = || query::text(value);
        match name {
            "limit" => {
                self.query.limit = query::number(value, 1..=MAX_LIMIT).ok_or("must be a number from 1 to 100")?;
            }
            "cursor" => {
                let cursor = text()?.strip_prefix(PAGE_MARK).and_then(|text| Cursor::parse(text.as_bytes()));
                self.after = Some(cursor.ok_or("must be the nextCursor of an earlier page")?);
                self.query.before = self.after.map(|cursor| cursor.seq);
            }
            "status" => self.query.status = status(text()?)?,
            "type" => self.query.type_name = Some(TypeName::new(text()?).map_err(|_| "must be a type's name")?),
            "severity" => {
                let severity = text()?.parse().map_err(|_| "must be one of info, success, warning, error, fatal")?;
                self.query.severity = Some(severity);
            }
            _ => return Err(query::UNKNOWN),
        }
        Ok(())
    }
}

fn status(value: &str) -> Result<InboxStatus, &'static str> {
    match value {
        "all" => Ok(InboxStatus::All),
        "unread" => Ok(InboxStatus::Unread),
        "read" => Ok(InboxStatus::Read),
        "archived" => Ok(InboxStatus::Archived),
        _ => Err("must be one of all, unread, read, archived"),
    }
}

fn write_page(page: &InboxPage) -> String {
    let mut text = String::from(r#"{"items":["#);
    for (at, item) in page.items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write_item(&mut text, item);
    }
    let last = page.items.last().filter(|_| page.more);
    let next = last.map(|item| Cursor { epoch: page.head.epoch, seq: item.seq });
    let next = next.map_or_else(|| "null".to_owned(), |cursor| format!("\"{PAGE_MARK}{cursor}\""));
    // Numbers always serialise.
    let counts = serde_json::to_string(&VersionedCounts::at(page.head.counts, page.head.seq)).unwrap_or_default();
    let head = page.head.cursor();
    text.push_str(&format!(r#"],"nextCursor":{next},"streamCursor":"{head}","counts":{counts}}}"#));
    text
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::{super::inbox::about::InboxItem, DEFAULT_LIMIT, MAX_LIMIT};
    use crate::openapi::{Operation, example, number, one_of, refusal, tags};
    use campanile_core::{Cursor, Severity, TypeName, frame::VersionedCounts};
    use http::StatusCode;
    use serde_json::json;

    /// A page of an inbox, newest first.
    #[derive(utoipa::ToSchema, serde::Serialize)]
    #[schema(as = InboxPage)]
    #[serde(rename_all = "camelCase")]
    struct Page<'a> {
        items: Vec<InboxItem<'a>>,
        /// Where the next page begins; `null` on the last one.
        #[schema(required)]
        next_cursor: Option<String>,
        /// A stream opened here misses nothing and repeats nothing.
        stream_cursor: Cursor,
        counts: VersionedCounts,
    }

    pub(in crate::routes) fn list() -> Operation {
        let page = json!({
            "items": [example::item()], "nextCursor": null, "streamCursor": example::CURSORS[1], "counts": example::counts()
        });
        Operation::new(tags::INBOX, "listInbox", "A page of the inbox, newest first")
            .of_user()
            .query_of("limit", "The most items of the page", number(1, MAX_LIMIT, DEFAULT_LIMIT))
            .query::<String>("cursor", "The `nextCursor` of the page before")
            .query_of(
                "status",
                "Only these; `all` is without archived ones",
                one_of(["all", "unread", "read", "archived"]),
            )
            .query::<TypeName>("type", "Only of this type")
            .query::<Severity>("severity", "Only of this severity")
            .answers::<Page<'_>>(StatusCode::OK, "A page.", page)
            .refuses(&[refusal::FOREIGN_CURSOR, refusal::INVALID])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(query: &str) -> Vec<String> {
        match Asked::parse(Some(query)) {
            Ok(_) => Vec::new(),
            Err(problem) => problem.errors().iter().map(|fault| fault.pointer.clone()).collect(),
        }
    }

    #[test]
    fn good_parameters_are_taken() {
        let asked = Asked::parse(Some("limit=100&cursor=p00000000000000ff-41&status=archived&type=a.b&severity=fatal"));
        let asked = asked.unwrap();
        assert_eq!((asked.query.limit, asked.query.status), (100, InboxStatus::Archived));
        assert_eq!(asked.query.before.map(|seq| seq.0), Some(41));
        assert_eq!(Asked::parse(None).unwrap().query.limit, DEFAULT_LIMIT);
    }

    #[test]
    fn every_bad_parameter_is_named() {
        for bad in ["0", "101", "-1", "+5", "1.5", "", "x", "%FF", "99999999999999999999"] {
            assert_eq!(faults(&format!("limit={bad}")), ["/query/limit"], "{bad}");
        }
        assert_eq!(
            faults("status=new&severity=loud&type=a%0ab&cursor=00000000000000ff-41&x/y=1&limit=5&limit=6"),
            ["/query/status", "/query/severity", "/query/type", "/query/cursor", "/query/x~1y", "/query/limit"]
        );
    }
}
