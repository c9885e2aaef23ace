//! Other servers, each as a process of its own: `GET /sub/USER` streams, `POST /pub/USER` publishes.

use super::{Server, pad};
use crate::{
    client::target::{Target, Urls},
    clock::pause,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rival {
    Nchan,
    BetterSse,
    Axum,
    Raw,
}

/// Where their programs are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Rivals {
    /// A folder with `usr/sbin/nginx` and nchan's module, as Debian's packages hold them
    #[arg(long)]
    nchan: Option<PathBuf>,
    /// The folder with `server.mjs` and better-sse in its `node_modules`
    #[arg(long)]
    better_sse: Option<PathBuf>,
    /// The plain axum program
    #[arg(long)]
    axum: Option<PathBuf>,
    /// The raw epoll writer
    #[arg(long)]
    raw: Option<PathBuf>,
}

impl Rivals {
    /// Those that are there.
    pub(crate) fn present(&self) -> Vec<Rival> {
        Rival::ALL.into_iter().filter(|rival| self.place(*rival).is_some()).collect()
    }

    fn place(&self, rival: Rival) -> Option<&Path> {
        match rival {
            Rival::Nchan => self.nchan.as_deref(),
            Rival::BetterSse => self.better_sse.as_deref(),
            Rival::Axum => self.axum.as_deref(),
            Rival::Raw => self.raw.as_deref(),
        }
    }
}

impl Rival {
    pub(crate) const ALL: [Self; 4] = [Self::Nchan, Self::BetterSse, Self::Axum, Self::Raw];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nchan => "nchan",
            Self::BetterSse => "better-sse",
            Self::Axum => "axum `Sse`",
            Self::Raw => "raw epoll writer",
        }
    }

    /// Starts it with room for so many messages per user that slow readers have not read.
    pub(crate) fn start(self, rivals: &Rivals, room: usize) -> Result<Running, String> {
        let place = rivals.place(self).ok_or_else(|| format!("{} is not there", self.name()))?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let address = free_address()?;
        let mut command = match self {
            Self::Nchan => nchan(place, folder.path(), address, room)?,
            Self::BetterSse => {
                let mut node = Command::new("node");
                node.arg(place.join("server.mjs")).arg(address.port().to_string()).env("NODE_ENV", "production");
                node
            }
            Self::Axum | Self::Raw => {
                let mut program = Command::new(place);
                program.args([address.to_string(), room.to_string()]);
                program
            }
        };
        let log = fs::File::create(folder.path().join("log")).map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().map_err(|error| format!("{}: {error}", self.name()))?;
        let mut running = Running { target: target(address, child.id())?, child, folder };
        running.listens(address).map_err(|why| format!("{}: {why}", self.name()))?;
        Ok(running)
    }
}

fn target(address: SocketAddr, process: u32) -> Result<Target, String> {
    let urls = Urls {
        stream: &format!("http://{address}/sub/{{user}}"),
        stream_headers: &[],
        publish: &format!("http://{address}/pub/{{user}}"),
        publish_headers: &["Content-Type: text/plain".to_owned()],
        body: "{stamp}{pad}",
    };
    let mut target = Target { process: Some(process), ..urls.target()? };
    target.publish.pad = pad("data: \n\n".len());
    Ok(target)
}

fn free_address() -> Result<SocketAddr, String> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
    socket.map_err(|error| error.to_string())
}

fn nchan(place: &Path, folder: &Path, address: SocketAddr, room: usize) -> Result<Command, String> {
    let module = place.join("usr/lib/nginx/modules/ngx_nchan_module.so");
    let config = include_str!("nchan.conf")
        .replace("MODULE", &module.display().to_string())
        .replace("ADDRESS", &address.to_string())
        .replace("ROOM", &room.to_string());
    let path = folder.join("nginx.conf");
    fs::write(&path, config).map_err(|error| error.to_string())?;
    let mut nginx = Command::new(place.join("usr/sbin/nginx"));
    nginx.arg("-p").arg(folder).arg("-c").arg(path).args(["-e", "stderr"]);
    Ok(nginx)
}

/// A rival that runs until it is dropped.
pub(crate) struct Running {
    target: Target,
    child: Child,
    folder: tempfile::TempDir,
}

const TRIES: usize = 500;

impl Running {
    fn listens(&mut self, address: SocketAddr) -> Result<(), String> {
        for _ in 0..TRIES {
            if TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                break;
            }
            pause(Duration::from_millis(10));
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(format!("does not listen: {log}"))
    }
}

impl Drop for Running {
    /// Asked first: nginx ends its workers itself.
    fn drop(&mut self) {
        if let Some(process) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(process, Signal::TERM); // It may have ended.
        }
        for _ in 0..TRIES {
            if !self.child.try_wait().is_ok_and(|status| status.is_none()) {
                return;
            }
            pause(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server for Running {
    fn target(&self) -> &Target {
        &self.target
    }
}
