//! Accepting: survives what `accept` may fail with, and refuses when there are too many.

use crate::{
    PeerAddr, Refusal,
    bind::BACKLOG,
    places::Places,
    server::{App, Context},
    socket,
    stats::Count,
};
use std::{
    io::{self, ErrorKind},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout},
};

/// How many refused connections are told so at the same time; others are closed without a word, because telling costs what they are refused for.
static TELLING: Semaphore = Semaphore::const_new(256);

/// The first pause after a failure of the system; it doubles with each until [`LONGEST_PAUSE`]. Without it a failing `accept` spins, since the
/// connection that could not be accepted is still there.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How often a lasting failure is logged.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// How many failures that concern only one connection may follow each other before they, too, are paused for.
const IN_A_ROW: u32 = 64;

/// Accepts connections until it is told to stop, and then those that wait already, unless somebody else will.
pub(crate) async fn run<A: App>(listener: TcpListener, context: Arc<Context<A>>, places: Arc<Places>) {
    until_stop(&listener, &context, &places).await;
    if !context.options.shared_sockets
        && let Ok(listener) = listener.into_std()
    {
        rest(&listener, &context, &places);
    }
}

/// Accepts whoever waits. At most as many as may wait at once: the others came later.
fn rest<A: App>(listener: &std::net::TcpListener, context: &Arc<Context<A>>, places: &Arc<Places>) {
    for _ in 0..BACKLOG {
        let accepted = listener.accept().and_then(|(stream, address)| {
            stream.set_nonblocking(true)?;
            Ok((TcpStream::from_std(stream)?, address))
        });
        match accepted {
            Ok((stream, address)) => welcome(stream, PeerAddr::of(address), context, places),
            Err(error) if of_one_connection(&error) => (),
            Err(_) => return,
        }
    }
}

async fn until_stop<A: App>(listener: &TcpListener, context: &Arc<Context<A>>, places: &Arc<Places>) {
    let mut stop = context.stop.clone();
    let mut trouble = Trouble::default();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.changed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                trouble.over();
                welcome(stream, PeerAddr::of(address), context, places);
            }
            Err(error) => {
                context.stats.count(Count::accept_errors);
                let pause = trouble.pause(&error);
                tokio::select! {
                    () = sleep(pause) => (),
                    _ = stop.changed() => return,
                }
            }
        }
    }
}

fn welcome<A: App>(stream: TcpStream, peer: PeerAddr, context: &Arc<Context<A>>, places: &Arc<Places>) {
    context.stats.count(Count::accepted);
    let Some(place) = places.take(peer.0.ip()) else {
        context.stats.count(Count::refused);
        if let Ok(permit) = TELLING.try_acquire() {
            tokio::spawn(tell(stream, context.options.linger, permit));
        }
        return;
    };
    if socket::prepare(&stream, &context.options).is_ok() {
        tokio::spawn(context.clone().connection(stream, peer, place));
    }
}

/// Answers 503 to whatever is asked, and waits a moment for the peer to have read it.
async fn tell(mut stream: TcpStream, linger: Duration, _permit: SemaphorePermit<'static>) {
    let told = async {
        stream.write_all(&Refusal::Full.bytes()).await?;
        stream.shutdown().await?;
        let mut scratch = [0; 512];
        while stream.read(&mut scratch).await? > 0 {}
        io::Result::Ok(())
    };
    // Whether it was heard is the peer's affair.
    _ = timeout(linger, told).await;
}

/// What `accept` has failed with lately.
#[derive(Debug, Default)]
struct Trouble {
    in_a_row: u32,
    pause: Option<Duration>,
    logged: Option<Instant>,
}

impl Trouble {
    /// How long to wait after this failure.
    fn pause(&mut self, error: &io::Error) -> Duration {
        self.in_a_row = self.in_a_row.saturating_add(1);
        if of_one_connection(error) && self.in_a_row < IN_A_ROW {
            return Duration::ZERO;
        }
        self.log(error);
        let pause = self.pause.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        pause
    }

    fn log(&mut self, error: &io::Error) {
        if self.logged.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
            self.logged = Some(Instant::now());
            tracing::error!(%error, "cannot accept connections; is the limit of open files reached?");
        }
    }

    fn over(&mut self) {
        if self.pause.take().is_some() {
            tracing::info!(failures = self.in_a_row, "accepting connections again");
        }
        self.in_a_row = 0;
    }
}

/// Whether only the connection that was to be accepted has failed: its peer went away.
fn of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
            | ErrorKind::PermissionDenied
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::TimedOut
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failure_of_the_system_is_paused_for_longer_and_longer() {
        let mut trouble = Trouble::default();
        let no_files = io::Error::from_raw_os_error(24);
        let pauses: Vec<_> = (0..7).map(|_| trouble.pause(&no_files).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        trouble.over();
        assert_eq!(trouble.pause(&no_files), FIRST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_went_away_is_not_paused_for_unless_it_never_ends() {
        let mut trouble = Trouble::default();
        let gone = io::Error::from(ErrorKind::ConnectionAborted);
        for _ in 1..IN_A_ROW {
            assert_eq!(trouble.pause(&gone), Duration::ZERO);
        }
        assert_eq!(trouble.pause(&gone), FIRST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lasting_failure_is_logged_now_and_then() {
        let mut trouble = Trouble::default();
        let no_files = io::Error::from_raw_os_error(24);
        trouble.pause(&no_files);
        let first = trouble.logged;
        tokio::time::advance(LOG_EVERY / 2).await;
        trouble.pause(&no_files);
        assert_eq!(trouble.logged, first);
        tokio::time::advance(LOG_EVERY).await;
        trouble.pause(&no_files);
        assert_ne!(trouble.logged, first);
    }
}
