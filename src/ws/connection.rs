//! One socket from its first frame to its last.
//!
//! tungstenite parses frames and answers control frames. All its output goes through the hub, which alone writes to
//! sockets.

use super::closing;
use super::hub_socket::HubSocket;
use super::registration::Registration;
use crate::chat::{Answer, BackgroundTask, Chat, RateLimits, TokenBucket};
use crate::error::{Error, Kind, Result};
use crate::hub::Client;
use crate::limits::{
    ANSWERS_AT_STOP_TIMEOUT, ANSWERS_PENDING_MAX, DRAINED_BYTES, FRAME_BYTES_MAX, FRAMES_BURST, FRAMES_PER_SECOND,
    SLOW_SOCKET_CLOSE_TIMEOUT, SOCKET_CLOSE_TIMEOUT, SOCKET_READ_BYTES,
};
use crate::model::{Catchup, ReadMark, RoomId, Seq, Viewer};
use crate::wire::{self, CloseCode, Command, Incoming, Refused};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{FusedStream, FuturesUnordered};
use socket2::SockRef;
use std::future::Future;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

type ConnectionTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves one socket. `None` if it cannot be registered. Most sockets are idle, and an idle one costs the size of
/// this future, so temporary state is boxed.
pub fn serve(chat: Arc<Chat>, viewer: Viewer, stream: TcpStream) -> Option<ConnectionTask> {
    let started = Instant::now();
    let joined = chat.hub().join(&viewer, stream);
    let (client, reading) = joined
        .inspect_err(|error| tracing::error!(%error, "a socket could not be registered"))
        .ok()?;
    let mut connection = Connection {
        frames: TokenBucket::new(FRAMES_BURST, FRAMES_PER_SECOND, Duration::from_secs(1), started),
        registration: Registration::new(chat.clone(), client.clone(), viewer.user.id, started),
        chat,
        viewer,
        client,
    };
    Some(Box::pin(async move {
        connection.serve(reading).await;
    }))
}

struct Connection {
    chat: Arc<Chat>,
    viewer: Viewer,
    client: Arc<Client>,
    frames: TokenBucket,
    registration: Registration,
}

/// A change waiting for its commit, and then the frame that answers it, if any.
type PendingAnswer = Pin<Box<dyn Future<Output = Option<Bytes>> + Send>>;

impl Connection {
    fn send(&self, frame: Bytes) {
        self.chat.hub().send(self.client.id, frame);
    }

    fn answer(&self, answer: Option<Bytes>) {
        if let Some(frame) = answer {
            self.send(frame);
        }
    }

    async fn serve(&mut self, reading: OwnedReadHalf) {
        self.registration.code = self.run(reading).await;
    }

    /// Runs the socket. Returns the code it was closed with.
    async fn run(&mut self, reading: OwnedReadHalf) -> CloseCode {
        if let Err(code) = Box::pin(self.open()).await {
            self.chat.hub().close(self.client.id, code);
            return code;
        }
        let hub_socket = HubSocket {
            chat: self.chat.clone(),
            client: self.client.clone(),
            reading,
        };
        let mut socket = WebSocketStream::from_raw_socket(hub_socket, Role::Server, Some(settings())).await;
        let code = self.talk(&mut socket).await;
        self.chat.hub().close(self.client.id, code);
        Box::pin(self.drain(&mut socket, code)).await;
        code
    }

    /// Sends the first frame.
    async fn open(&mut self) -> std::result::Result<(), CloseCode> {
        match self.ready().await {
            Ok(ready) => {
                self.chat.hub().open(self.client.id, ready);
                Ok(())
            }
            Err(error) => {
                error.log();
                Err(match error.kind {
                    Kind::Unauthenticated => CloseCode::SignedOut,
                    _ => CloseCode::Internal,
                })
            }
        }
    }

    /// Builds `ready`, the first frame. The socket is registered already, so events from here on wait behind that
    /// frame.
    async fn ready(&mut self) -> Result<Bytes> {
        let (store, hub) = (self.chat.store(), self.chat.hub());
        let user = self.viewer.user.id;
        hub.set_rooms(self.client.id, store.room_ids(user).await?);
        // A session that ended between the handshake and the join did not end this socket.
        if store.session(self.viewer.session).await?.is_none() {
            return Err(Error::unauthenticated());
        }
        // Read again, because the request's copy may be out of date.
        let viewer = store.user(user).await?.ok_or_else(Error::unauthenticated)?;
        self.viewer.user = hub.update(viewer);
        self.chat.write_read_marks_of(user).await;
        Ok(wire::ready(&wire::Ready {
            epoch: store.epoch(),
            viewer: &self.viewer.user,
            rooms: &store.rooms(user).await?,
            online: &hub.online(),
            direct: &store.direct_people(user).await?,
            people_version: store.people_version().await?,
            settings: &store.settings(user).await?,
            blocked: &store.blocked(user).await?,
            saved: &store.saved_places(user).await?,
            server: &store.server().await?,
            server_id: store.file_id(),
            addresses: &self.chat.addresses(),
            backup_trouble: self.chat.has_backup_trouble(&self.viewer).await?,
            trouble: self.chat.trouble(),
        }))
    }

    async fn talk(&mut self, socket: &mut WebSocketStream<HubSocket>) -> CloseCode {
        let client = self.client.clone();
        let mut in_flight: FuturesUnordered<PendingAnswer> = FuturesUnordered::new();
        let code = loop {
            tokio::select! {
                biased;
                code = client.ended() => break code,
                Some(answer) = in_flight.next() => self.answer(answer),
                frame = socket.next(), if in_flight.len() < ANSWERS_PENDING_MAX => {
                    match self.receive(frame) {
                        Ok(None) => {}
                        Ok(Some(asked)) => Box::pin(self.dispatch(asked, &mut in_flight)).await,
                        Err(code) => break code,
                    }
                }
            }
        };
        // A stopping server still answers accepted commands. But if the disk hangs, clients must hear of the stop in
        // time.
        let answering = async {
            while let Some(answer) = in_flight.next().await {
                self.answer(answer);
            }
        };
        match code {
            CloseCode::GoingAway => drop(Box::pin(timeout(ANSWERS_AT_STOP_TIMEOUT, answering)).await),
            _ => answering.await,
        }
        code
    }

    /// Turns a frame into a command, if it is one.
    fn receive(
        &mut self,
        frame: Option<std::result::Result<Message, SocketError>>,
    ) -> std::result::Result<Option<Incoming>, CloseCode> {
        self.chat.hub().record_activity(&self.client);
        self.chat
            .fault_points()
            .reach(BackgroundTask::Socket(self.viewer.user.id));
        let text = match frame {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => return Err(CloseCode::NotTheProtocol),
            // The hub's close frame is the answer.
            Some(Ok(Message::Close(close))) => return Err(closing::answer(close.as_ref())),
            // tungstenite answers pings.
            Some(Ok(_)) => return self.count().map(|()| None),
            Some(Err(error)) => return Err(closing::of_error(&error)),
            None => return Err(CloseCode::Normal),
        };
        self.count()?;
        match wire::decode(&text) {
            Ok(asked) => return Ok(Some(asked)),
            Err(Refused::NotTheProtocol) => return Err(CloseCode::NotTheProtocol),
            Err(Refused::Command {
                reference,
                client_id,
                error,
            }) => self.send(wire::error(reference.as_deref(), client_id.as_deref(), &error)),
        }
        Ok(None)
    }

    fn count(&mut self) -> std::result::Result<(), CloseCode> {
        self.registration.received += 1;
        match self.chat.rate_limits() {
            RateLimits::Off => Ok(()),
            RateLimits::On => self.frames.take(Instant::now()).map_err(|_| CloseCode::Flooding),
        }
    }

    /// Waits for a limited time until the client has taken what was written and has sent its close frame. Dropping a
    /// socket with unread bytes resets the connection, and the close frame is lost. After both close frames, the
    /// server ends the connection (RFC 6455 §7.1.1). A client whose input can no longer be parsed sends no close
    /// frame that we could read: our side is shut down, and the client's end is awaited. A flooding client is read no
    /// faster than before.
    async fn drain(&mut self, socket: &mut WebSocketStream<HubSocket>, code: CloseCode) {
        let patience = match code {
            CloseCode::TooSlow => SLOW_SOCKET_CLOSE_TIMEOUT,
            _ => SOCKET_CLOSE_TIMEOUT,
        };
        let _ = timeout(patience, async {
            self.client.flushed().await;
            // An error here or earlier terminates the stream.
            while !socket.is_terminated() {
                self.throttle().await;
                match socket.next().await {
                    None | Some(Ok(Message::Close(_))) => return,
                    Some(Ok(_) | Err(_)) => {}
                }
            }
            let mut sink = vec![0; DRAINED_BYTES];
            let reading = &mut socket.get_mut().reading;
            let _ = SockRef::from(reading.as_ref()).shutdown(Shutdown::Write);
            while reading.read(&mut sink).await.is_ok_and(|read| read > 0) {
                self.throttle().await;
            }
        })
        .await;
    }

    /// Waits until one more frame may be read.
    async fn throttle(&mut self) {
        while self.chat.rate_limits() == RateLimits::On
            && let Err(wait_ms) = self.frames.take(Instant::now())
        {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    async fn dispatch(&self, asked: Incoming, in_flight: &mut FuturesUnordered<PendingAnswer>) {
        let Incoming { reference, command } = asked;
        let reference_text = reference.as_deref();
        let client_id = match &command {
            Command::Post { client_id, .. } => Some(client_id.as_str().to_owned()),
            _ => None,
        };
        let is_query = matches!(command, Command::Sync { .. });
        match self.begin(reference.clone(), command).await {
            Ok(Some(answered)) => in_flight.push(answered),
            Ok(None) => {}
            Err(error) if is_query => {
                error.log();
                self.send(wire::error(reference_text, None, &error));
            }
            Err(error) => self.send(refused(&self.chat, reference_text, client_id.as_deref(), &error)),
        }
    }

    /// Starts a command. Work that waits for a commit is returned as a future, so that the next frame can be read in
    /// the meantime. A change that is returned as a future is queued already.
    async fn begin(&self, reference: Option<String>, command: Command) -> Result<Option<PendingAnswer>> {
        let (chat, viewer, connection_id) = (&self.chat, &self.viewer, self.client.id);
        let reference_text = reference.as_deref();
        match command {
            Command::Ping => self.send(wire::pong(reference_text)),
            Command::Typing { room } => chat.typing(viewer, room).await?,
            Command::Away { on } => chat.hub().set_away(connection_id, on),
            Command::Sync { room, since } => self.sync(reference_text, room, since).await?,
            Command::Post {
                room,
                client_id,
                content,
            } => {
                let id = client_id.as_str().to_owned();
                let posting = chat.post(viewer, room, client_id, content).await?;
                let chat = chat.clone();
                return Ok(Some(Box::pin(async move {
                    let reference_text = reference.as_deref();
                    Some(match posting.await {
                        Ok(answer) => wire::posted(reference_text, &id, answer.room, answer.seq),
                        Err(error) => refused(&chat, reference_text, Some(&id), &error),
                    })
                })));
            }
            Command::Do { target, action } => {
                let acting = chat.act(viewer, target, action).await?;
                return Ok(Some(answer_later(
                    chat.clone(),
                    reference,
                    acting,
                    |reference_text, answer: Answer| Some(wire::done(reference_text, answer.room, answer.seq)),
                )));
            }
            Command::Save { target, on } => {
                let saving = chat.save(viewer, connection_id, target, on).await?;
                return Ok(Some(answer_later(
                    chat.clone(),
                    reference,
                    saving,
                    move |reference_text, ()| Some(wire::saved(reference_text, target, on)),
                )));
            }
            Command::Read { room, seq } => {
                let marking = chat.mark_read(viewer, connection_id, room, seq).await?;
                if reference.is_some() {
                    return Ok(Some(answer_later(
                        chat.clone(),
                        reference,
                        marking,
                        |reference_text, read: ReadMark| Some(wire::read(reference_text, &read)),
                    )));
                }
            }
            Command::Unread { target } => {
                let marking = chat.mark_unread(viewer, connection_id, target).await?;
                return Ok(Some(answer_later(
                    chat.clone(),
                    reference,
                    marking,
                    |reference_text, read: ReadMark| Some(wire::read(reference_text, &read)),
                )));
            }
        }
        Ok(None)
    }

    async fn sync(&self, reference: Option<&str>, room: RoomId, since: Seq) -> Result<()> {
        match self.chat.catch_up(&self.viewer, room, since).await? {
            Catchup::Reset { head } => self.send(wire::reset(reference, room, head)),
            Catchup::Changed { messages, through } => {
                let mut frames = BytesMut::new();
                for (seq, message) in messages {
                    let posted = crate::model::Posted { room, seq, message };
                    frames.extend_from_slice(&posted.frame_for(self.viewer.user.id));
                }
                frames.extend_from_slice(&wire::synced(reference, room, through));
                self.send(frames.freeze());
            }
        }
        Ok(())
    }
}

/// Answers with `frame` once `work` is done, or with the error.
fn answer_later<T: Send + 'static>(
    chat: Arc<Chat>,
    reference: Option<String>,
    work: impl Future<Output = Result<T>> + Send + 'static,
    frame: impl FnOnce(Option<&str>, T) -> Option<Bytes> + Send + 'static,
) -> PendingAnswer {
    Box::pin(async move {
        let reference_text = reference.as_deref();
        match work.await {
            Ok(done) => frame(reference_text, done),
            Err(error) => Some(refused(&chat, reference_text, None, &error)),
        }
    })
}

fn refused(chat: &Chat, reference: Option<&str>, client_id: Option<&str>, error: &Error) -> Bytes {
    error.log();
    chat.count_failure(error);
    wire::error(reference, client_id, error)
}

/// Sets every size, because the defaults suit a few large connections and not many small ones.
fn settings() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(SOCKET_READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(FRAME_BYTES_MAX)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX))
        .accept_unmasked_frames(false)
}
