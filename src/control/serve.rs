//! Serves commands: one request each, answered line by line.

use super::Listener;
use crate::chat::{BackgroundTask, BackupTaken, Chat};
use crate::error::{Error, Kind, Result};
use crate::limits::{
    ACCEPT_PAUSE, BACKUP_CHUNK_BYTES, CONTROL_CLIENTS_MAX, CONTROL_LOOK_EVERY, CONTROL_PROGRESS_EVERY,
    CONTROL_REQUEST_BYTES_MAX, CONTROL_REQUEST_TIMEOUT, CONTROL_STALL_TIMEOUT,
};
use crate::model::Backup;
use crate::store::{Progress, ReadBack};
use crate::wire::control::{Answer, Finding, Report, Request};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Serves commands until this future is dropped, which also ends the work of current commands. `url` is the address
/// of the pages on this computer.
pub async fn serve(mut listener: Listener, folders: Vec<PathBuf>, name: String, chat: Arc<Chat>, url: String) {
    let turns = Arc::new(Semaphore::new(CONTROL_CLIENTS_MAX));
    let mut clients = JoinSet::new();
    let mut look = interval(CONTROL_LOOK_EVERY);
    let mut has_warned = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = look.tick() => {
                if !listener.is_there() {
                    match Listener::bind(&folders, &name) {
                        Ok(again) => (listener, has_warned) = (again, false),
                        Err(error) if !has_warned => {
                            tracing::warn!(%error, "commands such as chapp backup can no longer reach this server");
                            has_warned = true;
                        }
                        Err(_) => {}
                    }
                }
                continue;
            }
            // Removes finished tasks, so that they do not pile up.
            Some(_) = clients.join_next() => continue,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a command could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        chat.fault_points().reach(BackgroundTask::Commands);
        let turn = turns.clone().try_acquire_owned();
        let (chat, url) = (chat.clone(), url.clone());
        clients.spawn(async move {
            let mut client = Client(BufReader::new(stream));
            let served = match &turn {
                Ok(_) => client.serve(&chat, &url).await,
                Err(_) => Err(busy()),
            };
            let last = match &served {
                Ok(()) => Answer::Done,
                Err(error) => {
                    error.log();
                    Answer::from(error)
                }
            };
            // The client may have disconnected.
            let _ = client.say(&last).await;
        });
    }
}

fn gone() -> Error {
    Error::bad_request("The command has ended.")
}

fn busy() -> Error {
    Error::new(
        Kind::Conflict,
        "Other commands are still running. Try again when they are done.",
    )
}

/// The connection to a command.
struct Client<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn serve(&mut self, chat: &Arc<Chat>, url: &str) -> Result<()> {
        match self.request().await? {
            Request::Backup { checked } => self.back_up(chat, checked).await,
            Request::Check => {
                let progress = Arc::new(Progress::default());
                let report = self.wait(&progress, chat.check_by_command(progress.clone())).await?;
                let findings = report.findings.into_iter().map(|finding| Finding {
                    table: finding.table,
                    key: finding.key,
                    what: finding.what,
                });
                let report = Report {
                    rows: report.rows,
                    messages: report.messages,
                    count: report.count,
                    damaged: report.damaged,
                    findings: findings.collect(),
                };
                self.tell(&Answer::Report(report)).await
            }
            Request::Reset { name } => {
                let offered = chat.offer_reset_by_command(&name).await?;
                let path = offered.code.reset_path();
                let others = chat.addresses();
                let others = others.iter().map(|address| format!("http://{address}{path}"));
                let name = offered.user.name.as_str().to_owned();
                let urls = std::iter::once(format!("{url}{path}")).chain(others).collect();
                self.tell(&Answer::Reset { name, urls }).await
            }
            Request::Owner { name } => {
                let owner = chat.hand_over_by_command(&name).await?;
                let name = owner.name.as_str().to_owned();
                self.tell(&Answer::Owner { name }).await
            }
        }
    }

    async fn request(&mut self) -> Result<Request> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.0).take(CONTROL_REQUEST_BYTES_MAX as u64);
        let read = timeout(CONTROL_REQUEST_TIMEOUT, bounded.read_until(b'\n', &mut line)).await;
        match read {
            Ok(Ok(_)) if line.ends_with(b"\n") => Request::parse(&line),
            _ => Err(Error::bad_request("The request broke off, or is too long.")),
        }
    }

    async fn back_up(&mut self, chat: &Arc<Chat>, checked: bool) -> Result<()> {
        let read_back = if checked { ReadBack::Yes } else { ReadBack::No };
        let progress = Arc::new(Progress::default());
        let taken = self
            .wait(&progress, chat.back_up_by_command(read_back, progress.clone()))
            .await?;
        let backup = Backup {
            at: taken.at,
            bytes: taken.copy.bytes,
        };
        self.tell(&Answer::Bytes { bytes: backup.bytes }).await?;
        self.send(taken, backup.bytes).await.map_err(Error::internal)?;
        chat.backed_up_by_command(backup).await;
        Ok(())
    }

    /// Sends a copy, as fast as the command takes it.
    async fn send(&mut self, taken: BackupTaken, bytes: u64) -> io::Result<()> {
        let (mut taken, mut left) = (taken, bytes);
        while left > 0 {
            let reading = tokio::task::spawn_blocking(move || {
                let mut chunk = vec![0; BACKUP_CHUNK_BYTES.min(usize::try_from(left).unwrap_or(usize::MAX))];
                (&taken.copy.file).read_exact(&mut chunk)?;
                Ok::<_, io::Error>((taken, chunk))
            });
            let chunk;
            (taken, chunk) = reading.await.map_err(io::Error::other)??;
            left -= chunk.len() as u64;
            self.write(&chunk).await?;
        }
        Ok(())
    }

    /// Waits for work and reports its progress. Ends when the command disconnects.
    async fn wait<T>(&mut self, progress: &Progress, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = std::pin::pin!(work);
        let mut ticks = interval(CONTROL_PROGRESS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut more = [0; 1];
            tokio::select! {
                done = &mut work => return done,
                // A command sends nothing after its request.
                read = self.0.read(&mut more) => match read {
                    Ok(1..) => {}
                    Ok(0) | Err(_) => return Err(gone()),
                },
                _ = ticks.tick() => self.tell(&Answer::Progress { rows: progress.rows() }).await?,
            }
        }
    }

    async fn tell(&mut self, answer: &Answer) -> Result<()> {
        self.say(answer).await.map_err(|error| gone().because(error))
    }

    async fn say(&mut self, answer: &Answer) -> io::Result<()> {
        self.write(&answer.line()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.0.get_mut();
        let written = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        timeout(CONTROL_STALL_TIMEOUT, written).await?
    }
}
