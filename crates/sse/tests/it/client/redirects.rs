//! Redirects, and what does not go along.

use campanile_sse::client::EventSource;

use super::{GONE, Given, Server, collect, http, source};

fn with_credentials(server: &Server) -> Given {
    let request = http().post(server.url("/stream")).header("x-api-key", "secret").header("cookie", "secret");
    let builder = EventSource::builder(request.header("user-agent", "test").body("b")).read_timeout(None);
    collect(builder.last_event_id("a-1").token(|_| async { Ok("secret".to_owned()) }))
}

#[tokio::test(start_paused = true)]
async fn all_five_are_followed_and_the_next_attempt_begins_at_the_first_address() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start().await;
        let given = collect(source(&server));
        server.status(status, "location: /elsewhere?x=1\r\n").await;
        assert_eq!(server.stream("data: x\n\n").await.line(), "GET /elsewhere?x=1", "{status}");
        assert_eq!(server.answer(GONE).await.line(), "GET /stream", "{status}");
        assert_eq!(given.await.unwrap(), ["x"]);
    }
}

#[tokio::test(start_paused = true)]
async fn within_the_origin_credentials_and_body_go_along() {
    let server = Server::start().await;
    let given = with_credentials(&server);
    server.status(307, "location: /b\r\n").await;
    let request = server.answer(GONE).await;
    assert_eq!((request.line(), &request.body[..]), ("POST /b", &b"b"[..]));
    assert_eq!(request.header("authorization"), Some("Bearer secret"));
    assert_eq!((request.header("x-api-key"), request.header("cookie")), (Some("secret"), Some("secret")));
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_credential_goes_to_another_origin_nor_home_again() {
    let (home, other) = (Server::start().await, Server::start().await);
    let given = with_credentials(&home);
    home.status(308, &format!("location: {}\r\n", other.url("/there"))).await;
    let there = other.status(307, &format!("location: {}\r\n", home.url("/back"))).await;
    let back = home.answer(GONE).await;
    assert_eq!((there.line(), back.line()), ("POST /there", "POST /back"));
    for request in [there, back] {
        for name in ["authorization", "x-api-key", "cookie", "referer"] {
            assert_eq!(request.header(name), None, "{name}");
        }
        assert_eq!((request.header("user-agent"), request.header("last-event-id")), (Some("test"), Some("a-1")));
    }
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_follows_by_itself_forwards_no_authorization_either() {
    let _ = http();
    let (home, other) = (Server::start().await, Server::start().await);
    let request = reqwest::Client::new().get(home.url("/"));
    let given = collect(EventSource::builder(request).read_timeout(None).token(|_| async { Ok("secret".to_owned()) }));
    let first = home.status(302, &format!("location: {}\r\n", other.url("/there"))).await;
    let second = other.answer(GONE).await;
    assert_eq!((first.header("authorization"), second.header("authorization")), (Some("Bearer secret"), None));
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_circle_is_the_end() {
    let server = Server::start().await;
    let given = collect(source(&server).redirects(3));
    for _ in 0..4 {
        server.status(302, "location: /stream\r\n").await;
    }
    assert_eq!(given.await.unwrap(), ["the redirect is not followed: too many in a row"]);
}

#[tokio::test(start_paused = true)]
async fn a_circle_that_the_http_client_follows_is_the_end_too() {
    let _ = http();
    let server = Server::start().await;
    let given = collect(EventSource::builder(reqwest::Client::new().get(server.url("/"))).read_timeout(None));
    for _ in 0..11 {
        server.status(302, "location: /\r\n").await;
    }
    assert_eq!(given.await.unwrap(), ["the redirect is not followed: too many in a row"]);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_nowhere_is_the_end() {
    for lines in ["", "location: ftp://127.0.0.1/\r\n", "location: http://me:secret@127.0.0.1/\r\n"] {
        let server = Server::start().await;
        let given = collect(source(&server));
        server.status(302, lines).await;
        assert_eq!(given.await.unwrap(), ["the redirect is not followed: its location is not an address to go to"]);
    }
}
