//! Any server of event streams, by its URLs.

use crate::{
    bounds,
    client::{
        crowd::{Manner, Seat},
        publishers::{Plan, Targets},
        target::{Target, Urls},
    },
    report,
    scenario::{idle, load::Load, of_as_many, of_one, storm::Storm},
    table::mixed,
};
use std::time::Duration;

/// Measure any server, by its URLs
///
/// In URLs, headers and the body, `{user}` is a user's name, `{users}` all that a message goes to (a JSON array of strings), `{stamp}` what is looked for in
/// the streams (every message must have it, once), `{pad}` filler of `--pad` bytes, `{token}` a JWT for the user by `--jwt-secret`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is done
    #[arg(value_enum)]
    scenario: Scenario,
    /// Where a user's stream is: http://HOST:PORT/PATH
    #[arg(long)]
    stream_url: String,
    /// A header of that request
    #[arg(long)]
    stream_header: Vec<String>,
    /// Where one publishes (POST)
    #[arg(long)]
    publish_url: String,
    /// A header of that request
    #[arg(long)]
    publish_header: Vec<String>,
    /// Its body
    #[arg(long, default_value = "{stamp}{pad}")]
    publish_body: String,
    /// So many bodies in one request, as a JSON array
    #[arg(long, requires = "batch_taken", value_parser = bounds::some::<usize>())]
    batch: Option<usize>,
    /// What the answer to such a request has once for each body that was taken
    #[arg(long)]
    batch_taken: Option<String>,
    #[arg(long, default_value_t = 0)]
    pad: usize,
    #[arg(long)]
    jwt_secret: Option<String>,
    /// The event after which a stream misses nothing; without it, the head of its answer is taken for that
    #[arg(long)]
    ready_event: Option<String>,
    /// The server's process: what it and its children use is told
    #[arg(long)]
    pid: Option<u32>,
    /// Streams: of one user (broadcast, slow), or of as many users
    #[arg(long, default_value_t = 1000, value_parser = bounds::some::<usize>())]
    streams: usize,
    /// Connections of publishers
    #[arg(long, default_value_t = 8, value_parser = bounds::some::<usize>())]
    publishers: usize,
    /// Requests a second; without it, each publisher waits for its answer and goes on
    #[arg(long, value_parser = bounds::positive)]
    rate: Option<f64>,
    /// How long
    #[arg(long, default_value_t = 5.0, value_parser = bounds::positive)]
    seconds: f64,
    /// How many messages each stream is behind in a storm
    #[arg(long, default_value_t = 10)]
    behind: u64,
    /// Streams of a hundred that read nothing (slow)
    #[arg(long, default_value_t = 10)]
    stalled_percent: usize,
    /// Threads that read
    #[arg(long, default_value_t = 1, value_parser = bounds::some::<usize>())]
    threads: usize,
    /// Read streams by the rules of the format instead of searching them for stamps: slower, and checks more
    #[arg(long)]
    parse: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Scenario {
    /// Streams of as many users on which nothing comes
    Idle,
    /// Messages to one user's streams
    Broadcast,
    /// Messages to one of as many users each
    Single,
    /// Each message to all users, one stream each (by `{users}`)
    Group,
    /// All streams come back at once, some messages behind (by `{users}`)
    Storm,
    /// As broadcast, without and with streams that read nothing
    Slow,
    /// A crowd, single users, stalled readers, streams that come and go
    Mixed,
}

pub(crate) fn run(args: &Args) -> Result<(), String> {
    let target = args.target()?;
    let span = Duration::from_secs_f64(args.seconds);
    match args.scenario {
        Scenario::Idle => {
            let steps = idle::run(&target, &[args.streams], args.streams, span)?;
            steps.iter().for_each(|step| report::progress(&step.line()));
            Ok(())
        }
        Scenario::Storm => {
            let storm = Storm { streams: args.streams, behind: args.behind, threads: args.threads }.run(&target)?;
            report::progress(&storm.report());
            storm.exact().map(|_| ())
        }
        Scenario::Slow => {
            let stalled = args.streams * args.stalled_percent / 100;
            args.load(&target, of_one(0, args.streams), Targets::one(0))?;
            let slow = vec![Seat { user: 0, stalls: true, ..Seat::default() }; stalled];
            args.load(&target, [of_one(0, args.streams), slow].concat(), Targets::one(0))
        }
        Scenario::Mixed => one(mixed(args.streams, args.rate.unwrap_or(500.0), span), &target),
        Scenario::Broadcast => args.load(&target, of_one(0, args.streams), Targets::one(0)),
        Scenario::Single => args.load(&target, of_as_many(0..args.streams), Targets::singles(0, args.streams)),
        Scenario::Group => args.load(&target, of_as_many(0..args.streams), Targets::groups(1, args.streams)),
    }
}

fn one(load: Load, target: &Target) -> Result<(), String> {
    let loaded = load.run(target)?;
    report::progress(&loaded.report());
    loaded.exact().map(|_| ())
}

impl Args {
    fn target(&self) -> Result<Target, String> {
        let urls = Urls {
            stream: &self.stream_url,
            stream_headers: &self.stream_header,
            publish: &self.publish_url,
            publish_headers: &self.publish_header,
            body: &self.publish_body,
        };
        let mut target = Target { process: self.pid, ready: self.ready_event.clone(), ..urls.target()? };
        target.secret = self.jwt_secret.as_ref().map(|secret| secret.clone().into_bytes());
        target.publish.pad = self.pad;
        target.publish.batch = self.batch.zip(self.batch_taken.clone());
        Ok(target)
    }

    fn load(&self, target: &Target, seats: Vec<Seat>, targets: Targets) -> Result<(), String> {
        let manner = Manner { threads: self.threads, parses: self.parse, ..Manner::default() };
        let plan = Plan { rate: self.rate, ..Plan::loop_of(self.publishers, targets) };
        one(Load { seats, manner, plans: vec![plan], span: Duration::from_secs_f64(self.seconds) }, target)
    }
}
