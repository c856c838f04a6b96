//! The composition root: opens, listens, connects the feed with the hub, and stops in order.

mod places;

use crate::chat::Chat;
use crate::clock::Clock;
use crate::config::{Config, Host};
use crate::http::{Connection, Http};
use crate::hub::Hub;
use crate::limits::{
    ADDRESSES_MAX, ERASE_EVERY, KEEPALIVE_AFTER, KEEPALIVE_EVERY, LAST_ANSWERS_TIMEOUT, LISTEN_BACKLOG,
    OPEN_FILES_SPARE, PINGS_PAUSE, REQUEST_HEAD_BYTES_MAX, REQUEST_HEAD_TIMEOUT, SESSIONS_DROP_EVERY,
    SOCKET_SEND_BYTES, SOCKET_SWEEP_EVERY, STOP_TIMEOUT, WRITE_STALL_TIMEOUT,
};
use crate::store::{Feed, OpenError, Options, Store};
use crate::wire::CloseCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use places::Places;
use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long to wait before the next accept when the process is out of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a server cannot start.
#[derive(Debug)]
pub enum StartError {
    /// The data file.
    Data(OpenError),
    /// Somebody else listens there.
    Taken(SocketAddr),
    /// The address is not ours, or not allowed.
    Listen(SocketAddr, io::Error),
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
    places: Arc<Places>,
}

impl Server {
    /// Opens the data file and the port. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`], whose text is for the terminal.
    pub fn open(config: &Config, options: Options, clock: Clock) -> Result<Server, StartError> {
        let metrics = options.metrics.clone();
        let (store, feed) = Store::open(&config.data, options).map_err(StartError::Data)?;
        let listener = listen(config.listen)?;
        let address = listener.local_addr().map_err(StartError::System)?;
        let hub = Arc::new(Hub::new(metrics.clone(), config.io_uring));
        let chat = Chat::new(store, hub, clock, config.rate_limits).map_err(StartError::System)?;
        let chat = Arc::new(chat);
        let connections_max = connections_max();
        tracing::info!(connections_max, "places for connections");
        Ok(Server {
            listener,
            address,
            hosts: config.hosts.clone(),
            http: Arc::new(Http::new(chat.clone(), config.hosts.clone())),
            chat,
            feed,
            places: Places::new(connections_max, config.rate_limits, metrics),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page for a browser on this computer. Not plain `localhost`: that one's cookies go to every
    /// other local server as well.
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        match ip.is_unspecified() || ip.is_loopback() && ip.is_ipv4() {
            true => format!("http://chapp.localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// The addresses of this computer by which others on the network reach the server, as `HOST:PORT`.
    pub fn addresses(&self) -> Vec<String> {
        own_addresses(self.address).into_iter().take(ADDRESSES_MAX).collect()
    }

    /// Serves until `stop`, then stops in order: no new work, what was accepted is committed and
    /// answered, sockets are closed with 1001, the data file is closed.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server {
            address,
            hosts,
            listener,
            chat,
            http,
            mut feed,
            places,
        } = self;
        chat.compare_clock().await;
        let fan_out = tokio::spawn({
            let chat = chat.clone();
            async move {
                feed.bring_answers();
                while let Some(events) = feed.batch().await {
                    chat.hub().deliver(&events);
                }
            }
        });
        let sweep = tokio::spawn(sweep(chat.clone(), address, hosts));
        let presence = tokio::spawn({
            let chat = chat.clone();
            async move { chat.tell_presence().await }
        });
        let erase = tokio::spawn(erase(chat.clone()));
        let (stopping, is_stopping) = watch::channel(false);
        tokio::select! {
            () = accept(listener, http, places.clone(), is_stopping) => {}
            () = stop => {}
        }
        sweep.abort();
        erase.abort();
        let _ = stopping.send(true);
        presence.abort();
        chat.note_last_seen().await;
        chat.hub().stop(CloseCode::GoingAway);
        // Every connection holds a place until it ends.
        if tokio::time::timeout(STOP_TIMEOUT, places.all_left()).await.is_err() {
            tracing::warn!(
                sockets = chat.hub().connections(),
                "some connections did not end in time"
            );
        }
        chat.store().clone().close().await;
        // It ends with the feed, once the last answers are handed on.
        let _ = tokio::time::timeout(LAST_ANSWERS_TIMEOUT, fan_out).await;
    }
}

/// Binds like `TcpListener::bind`, with the sizes that accepted sockets inherit.
fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bind = || {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
        // On Windows this option would let two programs share a port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_send_buffer_size(SOCKET_SEND_BYTES)?;
        // A reader that has vanished must not look as if it were here, one that reads no more must not hold
        // its place: the kernel asks the other kernel, which costs neither us nor the browser anything.
        let asking = socket2::TcpKeepalive::new()
            .with_time(KEEPALIVE_AFTER)
            .with_interval(KEEPALIVE_EVERY);
        socket.set_tcp_keepalive(&asking)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(WRITE_STALL_TIMEOUT))?;
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

/// Each connection takes two files: the socket, and the hub's second handle on it.
fn connections_max() -> u32 {
    let files = rlimit::increase_nofile_limit(crate::limits::OPEN_FILES_WANTED).unwrap_or(1024);
    (files.saturating_sub(OPEN_FILES_SPARE) / 2).clamp(1, 1 << 20) as u32
}

async fn accept(listener: TcpListener, http: Arc<Http>, places: Arc<Places>, stopping: watch::Receiver<bool>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let place = match places.take(peer.ip()) {
            Ok(place) => place,
            Err(why) => {
                places.turn_away(stream, why);
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
            permit: Arc::new(place),
        };
        tokio::spawn(serve(stream, connection, http.clone(), stopping.clone()));
    }
}

async fn serve(stream: TcpStream, connection: Connection, http: Arc<Http>, mut stopping: watch::Receiver<bool>) {
    let service = service_fn(move |request| {
        let (http, connection) = (http.clone(), connection.clone());
        async move { Ok::<_, Infallible>(http.handle(&connection, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_HEAD_TIMEOUT)
        .max_buf_size(REQUEST_HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    // A connection that breaks off is no news.
    tokio::select! {
        _ = serving.as_mut() => {}
        _ = stopping.changed() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

/// How others reach a server that listens on `listening`: by the addresses of this computer, and by the
/// names that it was told.
fn addresses(listening: SocketAddr, hosts: &[Host]) -> Vec<String> {
    let port = listening.port();
    let named = hosts.iter().filter(|host| !is_only_here(&host.name));
    let named = named.map(|host| match host.port.unwrap_or(port) {
        80 => host.name.clone(),
        port => format!("{}:{port}", host.name),
    });
    own_addresses(listening)
        .into_iter()
        .chain(named)
        .take(ADDRESSES_MAX)
        .collect()
}

/// Whether a name means this computer to every browser (RFC 6761 §6.3).
fn is_only_here(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn own_addresses(listening: SocketAddr) -> Vec<String> {
    let ip = listening.ip();
    if ip.is_loopback() {
        return Vec::new();
    }
    if !ip.is_unspecified() {
        return vec![listening.to_string()];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let others = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local());
    // The short ones, that people can type.
    let short = others.map(|interface| interface.ip()).filter(|ip| ip.is_ipv4());
    short
        .map(|ip| SocketAddr::new(ip, listening.port()).to_string())
        .collect()
}

async fn sweep(chat: Arc<Chat>, listening: SocketAddr, hosts: Vec<Host>) {
    let mut next_drop = Instant::now();
    loop {
        chat.set_addresses(addresses(listening, &hosts));
        if Instant::now() >= next_drop {
            chat.drop_expired_sessions().await;
            next_drop = Instant::now() + SESSIONS_DROP_EVERY;
        }
        tokio::time::sleep(SOCKET_SWEEP_EVERY).await;
        let mut from = 0;
        while let Some(next) = chat.hub().sweep(from) {
            from = next;
            tokio::time::sleep(PINGS_PAUSE).await;
        }
        chat.sweep_sessions().await;
    }
}

/// What was deleted and can no longer be brought back, or never was posted, is gone for good soon afterwards.
async fn erase(chat: Arc<Chat>) {
    loop {
        tokio::time::sleep(ERASE_EVERY).await;
        chat.erase_deleted().await;
        chat.erase_files().await;
    }
}
