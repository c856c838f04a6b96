//! The composition root: opens, listens, connects the feed to the hub, and stops in order.

mod addresses;
mod commands;
mod connection_limiter;
mod stopping;

use crate::chat::{BackgroundTask, Chat, FaultPoints};
use crate::clock::Clock;
use crate::config::{Config, Host};
use crate::http::{Connection, Http, Linger, Lingering};
use crate::hub::Hub;
use crate::limits::{
    ACCEPT_PAUSE, ADDRESSES_MAX, CONNECTIONS_FEW, CONNECTIONS_MIN, KEEPALIVE_AFTER, KEEPALIVE_EVERY, LISTEN_BACKLOG,
    OPEN_FILES_SPARE, OPEN_FILES_WANTED, PINGS_PAUSE, READ_MARKS_EVERY, REQUEST_HEAD_BYTES_MAX, REQUEST_HEAD_TIMEOUT,
    SESSIONS_DROP_EVERY, SOCKET_SEND_BYTES, Timers,
};
use crate::permissions;
use crate::store::{Feed, OpenError, Options, Store, Unready};
use commands::Commands;
use connection_limiter::ConnectionLimiter;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use std::{fmt, io};
use stopping::BackgroundTasks;
pub use stopping::{Failure, Stopping};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Advice for a system that allows too few open files.
const MORE_FILES: &str = "To allow more, run ulimit -n 4096 before it, or set LimitNOFILE=65536 in its systemd unit.";

/// Why a server cannot start.
#[derive(Debug)]
pub enum StartError {
    /// The data file cannot be opened.
    Data(OpenError),
    /// Another process listens on the address.
    Taken(SocketAddr),
    /// The address is not this computer's, or not allowed.
    Listen(SocketAddr, io::Error),
    /// The process may open so few files that almost nobody could connect.
    FewFiles(u64),
    /// The system has no threads, files or randomness left.
    System(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Data(error) => error.fmt(f),
            StartError::Taken(address) => write!(
                f,
                "Another program already listens on {address}. Stop it, or start Chapp on another port: \
                 chapp --listen {}",
                SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(4280))
            ),
            StartError::Listen(address, error) => write!(
                f,
                "Chapp cannot listen on {address} ({error}). Choose an address of this computer: \
                 chapp --listen 127.0.0.1:4280"
            ),
            StartError::FewFiles(files) => write!(
                f,
                "The system lets Chapp open {files} files, too few for more than a handful of connections: it needs {} \
                 at least. {MORE_FILES}",
                OPEN_FILES_SPARE + 2 * u64::from(CONNECTIONS_MIN)
            ),
            StartError::System(error) => write!(f, "The system refused Chapp what it needs: {error}."),
        }
    }
}

impl std::error::Error for StartError {}

/// A server that is ready to run.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    hosts: Vec<Host>,
    chat: Arc<Chat>,
    http: Arc<Http>,
    feed: Feed,
    limiter: Arc<ConnectionLimiter>,
    timers: Timers,
    commands: Commands,
}

impl Server {
    /// Opens the data file and the port. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`], whose text is for the terminal.
    pub fn open(config: &Config, options: Options, clock: Clock) -> Result<Server, StartError> {
        let connections_max = connections_max()?;
        let metrics = options.metrics.clone();
        let (store, feed) = Store::open(&config.data, options).map_err(StartError::Data)?;
        permissions::close_to_others(&config.data);
        let listener = listen(config.listen)?;
        let address = listener.local_addr().map_err(StartError::System)?;
        let hub = Arc::new(Hub::new(metrics.clone(), config.io_uring, config.timers));
        let chat = Chat::new(store, hub, clock, config.rate_limits).map_err(StartError::System)?;
        let chat = Arc::new(chat);
        if let Some(plan) = &config.backups {
            chat.plan_backups(plan.clone());
        }
        tracing::info!(connections_max, "connection limit");
        Ok(Server {
            listener,
            address,
            hosts: config.hosts.clone(),
            http: Arc::new(Http::new(
                chat.clone(),
                config.hosts.clone(),
                config.metrics_token.clone(),
            )),
            chat,
            feed,
            timers: config.timers,
            limiter: ConnectionLimiter::new(connections_max, config.rate_limits, metrics),
            commands: Commands::listen(config),
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page for a browser on this computer. It is not plain `localhost`, whose cookies go to every other local
    /// server as well.
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        match ip.is_unspecified() || ip.is_loopback() && ip.is_ipv4() {
            true => format!("http://chapp.localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// The addresses of this computer by which others on the network reach the server, as `HOST:PORT`.
    pub fn addresses(&self) -> Vec<String> {
        addresses::own(self.address).into_iter().take(ADDRESSES_MAX).collect()
    }

    /// Why changes would be refused now. `None` if they would not. For the line printed at the start.
    pub fn trouble(&self) -> Option<&'static str> {
        self.chat.store().readiness().err().map(Unready::sentence)
    }

    /// The points where tests break tasks of the server.
    pub fn fault_points(&self) -> &FaultPoints {
        self.chat.fault_points()
    }

    /// Serves until `stop`, then stops in order: new work is refused, accepted work is committed and answered,
    /// sockets are closed with 1001, the data file is closed.
    ///
    /// # Errors
    /// [`Failure`] if a part of the server failed before that. It stops in order then too.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        self.serve(stop).await.finish().await
    }

    /// Serves until `stop`, or until a part fails: a full restart is better than half a server.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Stopping {
        let url = self.url();
        let Server {
            address,
            hosts,
            listener,
            chat,
            http,
            mut feed,
            limiter,
            commands,
            timers,
        } = self;
        chat.compare_clock().await;
        let mut fan_out = tokio::spawn({
            let chat = chat.clone();
            async move {
                feed.route_replies();
                while let Some(events) = feed.batch().await {
                    chat.fault_points().reach(BackgroundTask::FanOut);
                    chat.hub().deliver(events);
                }
            }
        });
        let (stopping, is_stopping) = watch::channel(false);
        let mut tasks = BackgroundTasks::default();
        tasks.spawn(BackgroundTask::Sweep, sweep(chat.clone(), address, hosts, timers));
        tasks.spawn(BackgroundTask::Presence, {
            let chat = chat.clone();
            async move { chat.announce_presence().await }
        });
        tasks.spawn(BackgroundTask::Coalesced, {
            let chat = chat.clone();
            async move { chat.deliver_coalesced().await }
        });
        tasks.spawn(BackgroundTask::ReadMarks, {
            let chat = chat.clone();
            async move { chat.keep_read_marks(READ_MARKS_EVERY).await }
        });
        tasks.spawn(BackgroundTask::Trouble, {
            let chat = chat.clone();
            async move { chat.announce_trouble().await }
        });
        tasks.spawn(BackgroundTask::Erase, erase(chat.clone(), timers));
        tasks.spawn(BackgroundTask::Commands, {
            let chat = chat.clone();
            async move {
                commands.serve(chat, url).await;
                // Without a socket, no commands arrive.
                std::future::pending().await
            }
        });
        tasks.spawn(BackgroundTask::Nightly, {
            let chat = chat.clone();
            async move {
                chat.back_up_nightly().await;
                // Without a plan, no backup is due.
                std::future::pending().await
            }
        });
        let accepting = accept(listener, http, chat.clone(), limiter.clone(), is_stopping);
        tasks.spawn(BackgroundTask::Accept, accepting);
        let failed = tokio::select! {
            () = stop => None,
            task = tasks.failed() => Some(task),
            // The feed ends with the writer, whether it stopped or failed.
            ended = &mut fan_out => Some(if ended.is_ok() { BackgroundTask::Writer } else { BackgroundTask::FanOut }),
        };
        if let Some(task) = failed {
            tracing::error!("{task} has failed: Chapp stops");
        }
        Stopping {
            chat,
            limiter,
            tasks,
            fan_out,
            stopping,
            failed,
        }
    }
}

/// Binds like `TcpListener::bind`, with the buffer sizes that accepted sockets inherit.
fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bind = || {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
        // On Windows this option would let two programs share a port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_send_buffer_size(SOCKET_SEND_BYTES)?;
        // A client that has vanished must not look online, and one that stopped reading must not keep its slot. The
        // kernels do the probing, which costs neither us nor the browser anything.
        let asking = socket2::TcpKeepalive::new()
            .with_time(KEEPALIVE_AFTER)
            .with_interval(KEEPALIVE_EVERY);
        socket.set_tcp_keepalive(&asking)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(crate::limits::WRITE_STALL_TIMEOUT))?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(LISTEN_BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    bind().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::Taken(address),
        _ => StartError::Listen(address, error),
    })
}

/// The maximum number of connections. Each takes two files: the socket, and the hub's second handle on it.
fn connections_max() -> Result<u32, StartError> {
    let files = open_files().map_err(StartError::System)?;
    let connections = (files.saturating_sub(OPEN_FILES_SPARE) / 2).min(1 << 20) as u32;
    if connections < CONNECTIONS_MIN {
        return Err(StartError::FewFiles(files));
    }
    if connections < CONNECTIONS_FEW {
        tracing::warn!(
            "No more than {connections} connections fit, since the system lets Chapp open {files} files. Everybody takes \
             one for each tab and a few more while a page loads. {MORE_FILES}"
        );
    }
    Ok(connections)
}

/// The number of files that the process may open, after raising the limit.
fn open_files() -> io::Result<u64> {
    let increased = rlimit::increase_nofile_limit(OPEN_FILES_WANTED);
    #[cfg(unix)]
    let increased = increased.or_else(|_| rlimit::Resource::NOFILE.get_soft());
    increased
}

async fn accept(
    listener: TcpListener,
    http: Arc<Http>,
    chat: Arc<Chat>,
    limiter: Arc<ConnectionLimiter>,
    stopping: watch::Receiver<bool>,
) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        chat.fault_points().reach(BackgroundTask::Accept);
        let slot = match limiter.take(peer.ip()) {
            Ok(slot) => slot,
            Err(why) => {
                limiter.turn_away(stream, why);
                continue;
            }
        };
        // Without it, an answer and a message to the same client would be 40 ms apart.
        let (Ok(()), Ok(local)) = (stream.set_nodelay(true), stream.local_addr()) else {
            continue;
        };
        let connection = Connection {
            peer,
            local,
            permit: Arc::new(slot),
            linger: Linger::default(),
        };
        tokio::spawn(serve(stream, connection, http.clone(), stopping.clone()));
    }
}

async fn serve(stream: TcpStream, connection: Connection, http: Arc<Http>, mut stopping: watch::Receiver<bool>) {
    let stream = Lingering::new(stream, connection.linger.clone());
    let service = service_fn(move |request| {
        let (http, connection) = (http.clone(), connection.clone());
        async move { Ok::<_, Infallible>(http.handle(&connection, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD_TIMEOUT)
        // A client may close its end after its request and still wait for the answer (RFC 9112 §9.6). A vanished
        // client looks the same until it is written to, so its request is completed, which is bounded work.
        .half_close(true)
        .max_buf_size(REQUEST_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    // A broken connection is not worth a log line.
    tokio::select! {
        _ = serving.as_mut() => {}
        _ = stopping.changed() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

async fn sweep(chat: Arc<Chat>, listening: SocketAddr, hosts: Vec<Host>, timers: Timers) {
    let mut next_drop = Instant::now();
    loop {
        chat.fault_points().reach(BackgroundTask::Sweep);
        chat.set_addresses(addresses::all(listening, &hosts));
        if Instant::now() >= next_drop {
            chat.drop_expired_sessions().await;
            next_drop = Instant::now() + SESSIONS_DROP_EVERY;
        }
        tokio::time::sleep(timers.sweep_every).await;
        let mut from = 0;
        while let Some(next) = chat.hub().sweep(from) {
            from = next;
            tokio::time::sleep(PINGS_PAUSE).await;
        }
        chat.sweep_sessions().await;
    }
}

/// Regularly erases deleted messages that can no longer be restored, and files that were never posted.
async fn erase(chat: Arc<Chat>, timers: Timers) {
    loop {
        tokio::time::sleep(timers.erase_every).await;
        chat.fault_points().reach(BackgroundTask::Erase);
        chat.erase_deleted().await;
        chat.count_files().await;
        chat.erase_files().await;
    }
}
