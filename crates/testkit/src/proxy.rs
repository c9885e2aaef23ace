//! A TCP proxy that does to connections what networks do.

use rustix::net::sockopt;
use std::{collections::VecDeque, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// How connections are cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// By a reset: both ends know at once, and what was under way is gone.
    Reset,
    /// By an orderly close (FIN) towards both ends.
    Close,
}

/// How the proxy treats its connections now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Forward,
    /// Nothing is forwarded, nothing is closed: a laptop's lid, a dead link.
    Hang,
    /// So many bytes a second, per direction and connection.
    Slow(u64),
}

#[derive(Clone, Copy, Debug)]
struct Control {
    target: SocketAddr,
    mode: Mode,
    /// Connections of an older generation are cut.
    generation: u64,
    cut: Cut,
}

/// A proxy on a free port of this machine. Dropping it resets its connections.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    control: Arc<watch::Sender<Control>>,
    acceptor: JoinHandle<()>,
}

impl TcpProxy {
    /// Starts a proxy that forwards to `target`. New connections are accepted in every mode.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(target: SocketAddr) -> Self {
        Self::with(target, None).await
    }

    /// The same, with kernels that keep only so many bytes per connection and direction (twice, with their own accounting): who stalls behind it
    /// stalls the other end soon.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn with_buffers(target: SocketAddr, bytes: usize) -> Self {
        Self::with(target, Some(bytes)).await
    }

    async fn with(target: SocketAddr, buffers: Option<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let control = Control { target, mode: Mode::Forward, generation: 0, cut: Cut::Reset };
        let control = Arc::new(watch::Sender::new(control));
        let acceptor = tokio::spawn(accept(listener, Arc::clone(&control), buffers));
        Self { address, control, acceptor }
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forwards as fast as it can, again.
    pub fn forward(&self) {
        self.set(Mode::Forward);
    }

    /// Stops forwarding, in both directions, without closing anything. What is sent meanwhile waits.
    pub fn hang(&self) {
        self.set(Mode::Hang);
    }

    /// Forwards at most so many bytes a second.
    ///
    /// # Panics
    ///
    /// If that is 0: then it is [`TcpProxy::hang`].
    pub fn slow(&self, bytes_per_second: u64) {
        assert_ne!(bytes_per_second, 0, "this is hang()");
        self.set(Mode::Slow(bytes_per_second));
    }

    /// Cuts every connection there is; new ones are taken.
    pub fn cut(&self, cut: Cut) {
        self.control.send_modify(|control| {
            control.generation += 1;
            control.cut = cut;
        });
    }

    /// Forwards new connections to somewhere else.
    pub fn retarget(&self, target: SocketAddr) {
        self.control.send_modify(|control| control.target = target);
    }

    fn set(&self, mode: Mode) {
        self.control.send_modify(|control| control.mode = mode);
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.cut(Cut::Reset);
    }
}

async fn accept(listener: TcpListener, control: Arc<watch::Sender<Control>>, buffers: Option<usize>) {
    while let Ok((client, _)) = listener.accept().await {
        let watch = control.subscribe();
        tokio::spawn(async move {
            let target = watch.borrow().target;
            // A node that is away: the client's connection is closed, as a proxy's would be.
            let Ok(server) = TcpStream::connect(target).await else { return };
            if let Some(bytes) = buffers {
                keep_little(&client, bytes);
                keep_little(&server, bytes);
            }
            relay(client, server, watch).await;
        });
    }
}

/// Lets the kernel keep only so many bytes for one end of a connection.
fn keep_little(socket: &TcpStream, bytes: usize) {
    let _ = sockopt::set_socket_recv_buffer_size(socket, bytes);
    let _ = sockopt::set_socket_send_buffer_size(socket, bytes);
}

/// Forwards both ways until one side has ended both ways, or the connection is cut.
async fn relay(client: TcpStream, server: TcpStream, mut control: watch::Receiver<Control>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let generation = control.borrow().generation;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let up = Pump { from: from_client, to: to_server, control: control.clone(), held: VecDeque::new() };
    let down = Pump { from: from_server, to: to_client, control: control.clone(), held: VecDeque::new() };
    let (mut up, mut down) = (up, down);
    let cut = tokio::select! {
        _ = async { tokio::join!(up.run(), down.run()) } => return,
        cut = is_cut(&mut control, generation) => cut,
    };
    if cut == Cut::Reset {
        for half in [up.to, down.to] {
            let _ = half.as_ref().set_zero_linger();
            half.forget(); // Dropped as usual it would send FIN first.
        }
    }
}

/// Waits until connections of this generation are cut; a proxy that is gone cuts as it was last told.
async fn is_cut(control: &mut watch::Receiver<Control>, generation: u64) -> Cut {
    let _ = control.wait_for(|control| control.generation != generation).await;
    control.borrow().cut
}

/// One direction of a connection.
struct Pump {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    control: watch::Receiver<Control>,
    held: VecDeque<u8>,
}

impl Pump {
    async fn run(&mut self) {
        // Errors are the ends' business: they see them too.
        let _ = self.forward().await;
        let _ = self.to.shutdown().await;
    }

    async fn forward(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let mode = self.allowed().await;
            if self.held.is_empty() {
                let length = self.from.read(&mut buffer).await?;
                if length == 0 {
                    return Ok(());
                }
                self.held.extend(&buffer[..length]);
                continue; // The mode may have changed while nothing came.
            }
            self.write(mode).await?;
        }
    }

    async fn allowed(&mut self) -> Mode {
        let control = self.control.wait_for(|control| control.mode != Mode::Hang).await;
        control.map_or(Mode::Forward, |control| control.mode) // A proxy that is gone has cut this connection.
    }

    /// Writes what is held: all of it, or the tenth part of a second's share.
    async fn write(&mut self, mode: Mode) -> io::Result<()> {
        let tick = Duration::from_millis(100);
        let share = match mode {
            Mode::Slow(rate) => usize::try_from((rate / 10).max(1)).unwrap_or(usize::MAX),
            Mode::Forward | Mode::Hang => usize::MAX,
        };
        let piece: Vec<u8> = self.held.drain(..share.min(self.held.len())).collect();
        self.to.write_all(&piece).await?;
        if share != usize::MAX {
            tokio::time::sleep(tick).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soon;

    /// An echo server behind a proxy, and a client before it.
    async fn echo() -> (TcpProxy, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TcpProxy::start(listener.local_addr().unwrap()).await;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut from, mut to) = stream.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
            }
        });
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        (proxy, client)
    }

    async fn say(client: &mut TcpStream, word: &[u8]) -> Vec<u8> {
        client.write_all(word).await.unwrap();
        hear(client, word.len()).await
    }

    async fn hear(client: &mut TcpStream, length: usize) -> Vec<u8> {
        let mut echo = vec![0; length];
        soon("an echo", client.read_exact(&mut echo)).await.unwrap();
        echo
    }

    #[tokio::test]
    async fn what_is_sent_while_it_hangs_arrives_afterwards() {
        let (proxy, mut client) = echo().await;
        assert_eq!(say(&mut client, b"one").await, b"one");
        proxy.hang();
        client.write_all(b"two").await.unwrap();
        let mut early = [0];
        let early = tokio::time::timeout(Duration::from_millis(50), client.read(&mut early)).await;
        assert!(early.is_err(), "the proxy did not hang");
        proxy.forward();
        assert_eq!(hear(&mut client, 3).await, b"two");
    }

    #[tokio::test]
    async fn a_cut_is_a_reset_or_a_close_and_spares_who_comes_later() {
        for (cut, expected) in [(Cut::Reset, Err(io::ErrorKind::ConnectionReset)), (Cut::Close, Ok(0))] {
            let (proxy, mut client) = echo().await;
            assert_eq!(say(&mut client, b"x").await, b"x");
            proxy.cut(cut);
            let end = soon("the end", client.read(&mut [0; 8])).await;
            assert_eq!(end.map_err(|error| error.kind()), expected, "{cut:?}");
            let mut next = TcpStream::connect(proxy.address()).await.unwrap();
            assert_eq!(say(&mut next, b"y").await, b"y");
        }
    }

    #[tokio::test]
    async fn a_slow_one_takes_its_time() {
        let (proxy, mut client) = echo().await;
        proxy.slow(1000);
        let start = tokio::time::Instant::now();
        assert_eq!(say(&mut client, &[b'x'; 250]).await, [b'x'; 250]);
        assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn the_end_of_one_direction_is_passed_on() {
        let (_proxy, mut client) = echo().await;
        client.write_all(b"last").await.unwrap();
        client.shutdown().await.unwrap();
        let mut all = Vec::new();
        soon("the end", client.read_to_end(&mut all)).await.unwrap();
        assert_eq!(all, b"last");
    }
}
