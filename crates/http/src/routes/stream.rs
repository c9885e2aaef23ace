//! `GET /stream`: the event stream.

use crate::{
    Code, Http, Problem, accept, query,
    session_body::SessionBody,
    tickets::{Taken, Tickets},
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use campanile_core::{EndReason, Identity, Offered, OpenRequest, Transport, frame};
use campanile_sse::LastEventId;
use futures_util::stream;
use http::{
    HeaderName, HeaderValue, Method, StatusCode, Version,
    header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE},
    request::Parts,
};
use std::convert::Infallible;

/// Opens a stream; for HEAD, says whether it would be opened.
pub(super) async fn open(State(http): State<Http>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    try_open(&http, &parts).await.unwrap_or_else(|problem| refuse(&parts, problem))
}

async fn try_open(http: &Http, parts: &Parts) -> Result<Response, Problem> {
    let (identity, ticket) = identify(http, parts).await?;
    if !accept::allows_event_stream(&parts.headers) {
        return Err(Problem::new(Code::NotAcceptable, "This route answers with text/event-stream only."));
    }
    let request = OpenRequest { identity, position: LastEventId::of(parts).into_bytes(), transport: transport(parts) };
    if parts.method == Method::HEAD {
        http.could_connect(&request.identity.recipient)?;
        http.engine().check(&request).await?;
        return Ok(streaming(parts, nothing()));
    }
    let who = request.identity.recipient.clone();
    http.connect(&who)?;
    let session = http.engine().open(request).await.inspect_err(|_| http.unconnect(&who))?;
    ticket.into_iter().for_each(Taken::use_up);
    let offered = Offered::new(session);
    let takeover = offered.takeover();
    let mut response = streaming(parts, Body::new(SessionBody(offered)));
    response.extensions_mut().insert(takeover);
    Ok(response)
}

/// Whose stream it is: by token, cookie or ticket, in that order. HEAD leaves the ticket alone.
async fn identify(http: &Http, parts: &Parts) -> Result<(Identity, Option<Taken>), Problem> {
    let ticket = query::first(parts.uri.query(), "ticket").filter(|ticket| !ticket.is_empty());
    let problem = match http.user(parts).await {
        Ok(identity) => return Ok((identity, None)),
        Err(problem) => problem,
    };
    let Some(ticket) = ticket.filter(|_| problem.code() == Code::CredentialsMissing) else { return Err(problem) };
    let (identity, taken) = by_ticket(http.tickets(), &ticket, &parts.method)?;
    // The token may have been revoked since the ticket was issued.
    http.refuse_revoked(&identity).await?;
    Ok((identity, taken))
}

fn by_ticket(tickets: &Tickets, ticket: &[u8], method: &Method) -> Result<(Identity, Option<Taken>), Problem> {
    if *method == Method::HEAD {
        return Ok((tickets.peek(ticket)?, None));
    }
    let taken = tickets.take(ticket)?;
    Ok((taken.identity().clone(), Some(taken)))
}

fn transport(parts: &Parts) -> Transport {
    if parts.version > Version::HTTP_11 { Transport::Http2 } else { Transport::Http1 }
}

/// A refusal. A plain `EventSource` gives up for good on any status but 200, so it gets a stream that says when to come back.
fn refuse(parts: &Parts, problem: Problem) -> Response {
    let later = matches!(problem.code().status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    match query::first(parts.uri.query(), "eventsource") {
        Some(value) if &*value == b"1" && later => {
            let reason = if problem.code() == Code::Draining { EndReason::Draining } else { EndReason::Busy };
            let frame = stream::iter([Ok::<_, Infallible>(frame::refusal(reason))]);
            streaming(parts, Body::from_stream(frame))
        }
        _ => problem.into_response(),
    }
}

/// A body of unknown length with nothing in it, so that nobody announces a length.
fn nothing() -> Body {
    Body::from_stream(stream::empty::<Result<bytes::Bytes, Infallible>>())
}

/// The head of every stream.
fn streaming(parts: &Parts, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache, no-transform, private"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    delimit(parts, &mut response);
    response
}

/// Over HTTP/1.1 a stream ends with its connection: no `Transfer-Encoding`, no chunks between its events. hyper leaves a body without a
/// length undivided only in an HTTP/1.0 response, so that is what the response says. It is valid under any server; ours
/// (`campanile_live`) raises it to 1.1.
fn delimit(parts: &Parts, response: &mut Response) {
    if parts.version <= Version::HTTP_11 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        *response.version_mut() = Version::HTTP_10;
    }
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use crate::openapi::{Operation, example, one_of, refusal, tags};
    use campanile_core::frame::schema::StreamEvent;
    use http::StatusCode;
    use utoipa::openapi::ResponseBuilder;

    const ABOUT: &str = "Every change of the user's inbox as it happens, and signals. Events of the log carry an `id`; a client that reconnects with \
        the last one as `Last-Event-ID` misses nothing and gets nothing twice. Parameters that are not known here are passed over.";
    const EVENTSOURCE: &str = "`1` for a plain `EventSource`, which gives up for good on any status but 200: 429 and 503 become a stream with nothing but \
        `reconnect`";

    pub(in crate::routes) fn open() -> Operation {
        let mut operation = Operation::new(tags::STREAM, "openStream", "Open the event stream")
            .about(ABOUT)
            .head_too()
            .of_user()
            .or_ticket()
            .header::<String>("Last-Event-ID", "The position to go on from; what is none of this log is `reset`")
            .query::<String>("lastEventId", "The same, for whoever cannot set headers")
            .query::<String>("last_event_id", "The same")
            .query_of("eventsource", EVENTSOURCE, one_of(["1"]));
        let content = operation.sequence::<StreamEvent>(example::stream());
        let response =
            ResponseBuilder::new().description("The stream: `ready`, then what happens, without an end of its own.");
        operation.answers_with(StatusCode::OK, response.content("text/event-stream", content)).refuses(&[
            refusal::NOT_ACCEPTABLE,
            refusal::TOO_MANY_CONNECTIONS,
            refusal::NO_PLACE,
        ])
    }
}
