//! `POST /notifications/batch`: many publishes in one request, each with an answer of its own.

use super::{api::Published, draft::Asked};
use crate::{
    Code, Http, Problem,
    auth::{ApiCaller, SCOPE_PUBLISH},
    body::{self, Media},
    idempotency, json,
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use campanile_core::{AudienceDraft, Draft, Fault, PublishKey, Tenant};
use futures_util::{StreamExt, future::BoxFuture, stream};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts};
use serde_json::value::RawValue;
use std::{collections::HashSet, future::ready};

/// The most publishes of one batch.
const MAX_ITEMS: usize = 1000;
/// The most users that all of them name.
const MAX_RECIPIENTS: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;
/// Publishes that wait for the store at once: enough to fill its commits, and few enough that a batch cannot fill its queue alone.
const AT_ONCE: usize = 256;
/// After so many items other requests of this thread get a turn.
const ITEMS_PER_TURN: usize = 64;

/// What became of one publish of a batch.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = BatchOutcome))]
#[serde(untagged)]
enum Outcome {
    Published(Accepted),
    Refused(Problem),
    /// A place that is filled later.
    #[serde(skip)]
    Open,
}

/// A publish of a batch that was accepted.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = BatchPublished))]
struct Accepted {
    status: u16,
    #[serde(flatten)]
    published: Published,
}

/// A publish that is ready for the engine.
struct Wanted {
    tenant: Tenant,
    draft: Draft,
    key: Option<PublishKey>,
}

impl Wanted {
    /// Whether an earlier publish of the batch has the same key; `keys` are theirs.
    fn repeats(&self, keys: &mut HashSet<(Tenant, String)>) -> bool {
        let key = self.key.as_ref();
        key.is_some_and(|key| !keys.insert((self.tenant.clone(), key.key.clone())))
    }
}

/// Publishes all that can be.
pub(super) async fn publish(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = http.application(&parts, SCOPE_PUBLISH).await?;
    idempotency::none_in_head(&parts.headers)?;
    let media = media(&parts.headers)?;
    let bytes = body::read(body, MAX_BYTES).await?;
    let items = split(media, &bytes)?;
    if items.len() > MAX_ITEMS {
        return Err(too_much("must have at most 1000 publishes"));
    }
    let mut wanted = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        if at % ITEMS_PER_TURN == ITEMS_PER_TURN - 1 {
            tokio::task::yield_now().await;
        }
        wanted.push(read(&http, &parts, &caller, &item));
    }
    if wanted.iter().flatten().map(|wanted| named(&wanted.draft.to)).sum::<usize>() > MAX_RECIPIENTS {
        return Err(too_much("must name at most 10000 users in all"));
    }
    Ok(answer(media, &publish_all(&http, wanted).await))
}

fn media(headers: &HeaderMap) -> Result<Media, Problem> {
    const DETAIL: &str =
        "The Content-Type must be application/json or application/x-ndjson, without a Content-Encoding.";
    body::media(headers).ok_or_else(|| Problem::new(Code::UnsupportedMediaType, DETAIL))
}

/// 422 for a batch of which nothing was done.
fn too_much(detail: &'static str) -> Problem {
    vec![Fault::new("", detail)].into()
}

/// The publishes as they were written: the items of an array, or the lines that are not blank.
pub(super) fn split(media: Media, body: &Bytes) -> Result<Vec<Bytes>, Problem> {
    if media == Media::JsonLines {
        let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        return Ok(lines.filter(|line| !line.is_empty()).map(|line| body.slice_ref(line)).collect());
    }
    let text = std::str::from_utf8(body).map_err(|_| Problem::malformed())?;
    // Each item is looked at for itself later: here they are only told apart.
    let items: Result<Vec<&RawValue>, _> = serde_json::from_str(text);
    let no_array = |_| json::text(body).map_or_else(|problem| problem, |_| too_much("must be an array of publishes"));
    let items = items.map_err(no_array)?;
    Ok(items.into_iter().map(|item| body.slice_ref(item.get().as_bytes())).collect())
}

fn read(http: &Http, parts: &Parts, caller: &ApiCaller, item: &[u8]) -> Result<Wanted, Problem> {
    let mut asked = Asked::<Draft>::item(item)?;
    let (tenant, key) = (caller.tenant(parts, asked.tenant.as_deref()), asked.key.take());
    let draft = asked.valid(http.engine().limits(), http.engine().definitions())?;
    let key = key.map(|key| idempotency::bind(key, caller.credential(), item));
    Ok(Wanted { tenant: tenant?, draft, key })
}

/// How many users an audience names; a topic names none.
fn named(to: &AudienceDraft) -> usize {
    match to {
        AudienceDraft::Users { users, .. } => users.len(),
        AudienceDraft::Topic { .. } | AudienceDraft::Everyone { .. } => 0,
    }
}

/// Publishes all, in their order, many at once. Those that repeat a key of this batch come after the others: then they find out what
/// became of the first one.
async fn publish_all(http: &Http, wanted: Vec<Result<Wanted, Problem>>) -> Vec<Outcome> {
    let (mut keys, mut repeated) = (HashSet::new(), Vec::new());
    let mut attempts: Vec<BoxFuture<'_, Outcome>> = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        match wanted {
            Ok(wanted) if wanted.repeats(&mut keys) => {
                repeated.push((attempts.len(), wanted));
                attempts.push(Box::pin(ready(Outcome::Open)));
            }
            Ok(wanted) => attempts.push(Box::pin(publish_one(http, wanted))),
            Err(problem) => attempts.push(Box::pin(ready(Outcome::Refused(problem)))),
        }
    }
    // `buffered` asks the attempts in their order, and each one hands its write to the store when it is asked first.
    let mut outcomes: Vec<Outcome> = stream::iter(attempts).buffered(AT_ONCE).collect().await;
    for (at, wanted) in repeated {
        let outcome = publish_one(http, wanted).await;
        if let Some(place) = outcomes.get_mut(at) {
            *place = outcome;
        }
    }
    outcomes
}

async fn publish_one(http: &Http, wanted: Wanted) -> Outcome {
    let Wanted { tenant, draft, key } = wanted;
    match http.engine().publish_once(&tenant, &draft, key).await {
        Ok(receipt) => {
            Outcome::Published(Accepted { status: StatusCode::ACCEPTED.as_u16(), published: receipt.into() })
        }
        Err(error) => Outcome::Refused(error.into()),
    }
}

/// All outcomes, in the form of the request.
fn answer(media: Media, outcomes: &[Outcome]) -> Response {
    // Strings and numbers always serialise.
    let texts: Vec<String> =
        outcomes.iter().map(|outcome| serde_json::to_string(outcome).unwrap_or_default()).collect();
    let (content_type, text) = match media {
        Media::Json => ("application/json", format!("[{}]", texts.join(","))),
        Media::JsonLines => ("application/x-ndjson", texts.into_iter().map(|text| text + "\n").collect()),
    };
    ([(CONTENT_TYPE, content_type)], Body::from(text)).into_response()
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::{super::draft::about::BatchItem, MAX_ITEMS, Outcome};
    use crate::{
        auth::SCOPE_PUBLISH,
        openapi::{Operation, example, refusal, tags},
    };
    use http::StatusCode;
    use serde_json::json;
    use utoipa::openapi::{Required, ResponseBuilder};

    const ABOUT: &str = "At most 1,000 publishes, 10,000 users and 4 MiB; beyond that nothing is done. One bad publish does not spoil the rest.";

    pub(in crate::routes) fn publish() -> Operation {
        let item = || {
            let mut item = example::draft();
            item["idempotencyKey"] = json!("invoice-42");
            item
        };
        let outcome = || json!({"status": 202, "notificationId": example::ID, "recipients": 2, "replayed": false});
        let mut operation = Operation::new(tags::PUBLISHING, "publishBatch", "Publish many notifications")
            .about(ABOUT)
            .of_application(SCOPE_PUBLISH);
        let asked = [
            ("application/json", operation.array::<BatchItem>(MAX_ITEMS, json!([item()]))),
            ("application/x-ndjson", operation.sequence::<BatchItem>(example::line(&item()))),
        ];
        let answered = [
            ("application/json", operation.array::<Outcome>(MAX_ITEMS, json!([outcome()]))),
            ("application/x-ndjson", operation.sequence::<Outcome>(example::line(&outcome()))),
        ];
        let response =
            ResponseBuilder::new().description("What became of each publish, in the form and order of the request.");
        let response = answered.into_iter().fold(response, |response, (form, content)| response.content(form, content));
        operation
            .body_of("The publishes: an array, or one on each line.", asked, Required::True)
            .answers_with(StatusCode::OK, response)
            .refuses(&[refusal::INSUFFICIENT_SCOPE])
    }
}
