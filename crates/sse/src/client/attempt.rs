//! One attempt to open the stream: token, request, redirects, answer.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Body, Client, Request, Response, StatusCode};
use tokio::time::timeout;

use super::answer;
use super::error::{Failure, Interruption, RedirectError};
use super::redirect::{self, LAST_EVENT_ID};
use super::template::Template;
use super::token::{TokenFor, Tokens};

/// What is the same in every attempt.
pub(super) struct Plan {
    pub(super) client: Client,
    pub(super) template: Template,
    pub(super) tokens: Option<Tokens>,
    pub(super) redirects: u32,
}

/// What is its own.
pub(super) struct Attempt {
    pub(super) plan: Arc<Plan>,
    pub(super) position: Option<HeaderValue>,
    pub(super) read_timeout: Option<Duration>,
}

impl Attempt {
    /// The body of the stream behind the position.
    pub(super) async fn run(self) -> Result<Body, Failure> {
        let mut answer = self.ask(TokenFor::Attempt).await?;
        if answer.status() == StatusCode::UNAUTHORIZED && self.plan.tokens.is_some() {
            answer = self.ask(TokenFor::Refused).await?;
        }
        answer::judge(answer).map(Body::from)
    }

    async fn ask(&self, reason: TokenFor) -> Result<Response, Failure> {
        let mut template = self.plan.template.clone();
        if let Some(tokens) = &self.plan.tokens {
            let value = tokens.authorization(reason).await.map_err(Interruption::Token)?;
            template.headers.insert(AUTHORIZATION, value);
        }
        if let Some(position) = &self.position {
            template.headers.insert(LAST_EVENT_ID, position.clone());
        }
        self.follow(template).await
    }

    /// Sends the request, and goes where the answers lead.
    async fn follow(&self, mut template: Template) -> Result<Response, Failure> {
        for _ in 0..=self.plan.redirects {
            let answer = self.send(template.request()).await?;
            match redirect::target(&answer) {
                None => return Ok(answer),
                Some(url) => redirect::follow(&mut template, answer.status(), url?),
            }
        }
        Err(RedirectError::TooMany.into())
    }

    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let answer = self.plan.client.execute(request);
        let answer = match self.read_timeout {
            None => answer.await,
            Some(time) => timeout(time, answer).await.map_err(|_| Interruption::Silent(time))?,
        };
        answer.map_err(Failure::of_request)
    }
}
