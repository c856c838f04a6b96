//! Password hashing on one dedicated thread that reuses its buffer.
//!
//! A hash takes 19 MiB. On the threads that serve sockets it would block them, and a thread for each would fill the
//! memory. So one runs at a time, a few wait, and the rest is shed. If the system allows it, the thread yields to
//! those that serve sockets: a log-in can wait, a conversation should not.

use super::background_task::{BackgroundTask, FaultPoints};
use crate::error::{Error, Result};
use crate::limits::{ARGON2_KIB, ARGON2_LANES, ARGON2_PASSES, HASH_QUEUE_MAX, HASH_RETRY_MS};
use crate::model::{Password, PasswordHash};
use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// Sends jobs to the hashing thread.
pub(super) struct Passwords(SyncSender<Job>);

enum Job {
    Hash {
        password: Password,
        answer: oneshot::Sender<Result<PasswordHash>>,
    },
    Verify {
        password: Password,
        stored: Option<PasswordHash>,
        answer: oneshot::Sender<Result<Option<Verified>>>,
    },
}

/// The result for a correct password.
pub(super) struct Verified {
    /// Its hash with today's parameters. `None` if the stored hash has them.
    pub rehashed: Option<PasswordHash>,
}

/// Time that the idle thread keeps its buffer.
const BUFFER_KEPT_FOR: Duration = Duration::from_secs(10);

/// Nice value of the thread: next to one that serves sockets, it gets a tenth of the processor.
#[cfg(target_os = "linux")]
const HASH_NICE: i32 = 10;

impl Passwords {
    pub fn start(fault_points: FaultPoints) -> std::io::Result<Passwords> {
        let (jobs, queue) = sync_channel(HASH_QUEUE_MAX);
        let mut hasher = Hasher::new().map_err(std::io::Error::other)?;
        std::thread::Builder::new().name("passwords".into()).spawn(move || {
            lower_thread_priority();
            while let Ok(mut job) = queue.recv() {
                loop {
                    // A panic costs one caller their answer, but does not end log-ins for everybody.
                    let work = AssertUnwindSafe(|| {
                        fault_points.reach(BackgroundTask::Passwords);
                        hasher.run(job);
                    });
                    if catch_unwind(work).is_err() {
                        break;
                    }
                    match queue.recv_timeout(BUFFER_KEPT_FOR) {
                        Ok(next) => job = next,
                        Err(_) => break,
                    }
                }
                hasher.memory = Vec::new();
            }
        })?;
        Ok(Passwords(jobs))
    }

    /// Hashes a new password with a fresh salt (RFC 9106, argon2id).
    pub async fn hash(&self, password: Password) -> Result<PasswordHash> {
        let (answer, result) = oneshot::channel();
        self.send(Job::Hash { password, answer })?;
        result.await.map_err(Error::internal)?
    }

    /// Compares a password with the stored hash. Without a stored hash it takes as long, and fails.
    pub async fn verify(&self, password: Password, stored: Option<&PasswordHash>) -> Result<Option<Verified>> {
        let (answer, result) = oneshot::channel();
        let stored = stored.cloned();
        self.send(Job::Verify {
            password,
            stored,
            answer,
        })?;
        result.await.map_err(Error::internal)?
    }

    fn send(&self, job: Job) -> Result<()> {
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => {
                Error::too_many("Many people are logging in. Try again in a moment.", HASH_RETRY_MS)
            }
            TrySendError::Disconnected(_) => Error::internal("the hashing thread has ended"),
        })
    }
}

/// Lowers this thread's priority. On Linux each thread has its own nice value, contrary to POSIX (setpriority(2)).
/// Elsewhere it would apply to the whole process.
pub(super) fn lower_thread_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(HASH_NICE) {
        tracing::info!(%error, "the priority of background work could not be lowered");
    }
}

struct Hasher {
    params: Params,
    memory: Vec<Block>,
    /// Compared with when there is no account, so that a wrong name takes as long as a wrong password.
    dummy: phc::PasswordHash,
}

impl Hasher {
    fn new() -> Result<Hasher> {
        let params = Params::new(ARGON2_KIB, ARGON2_PASSES, ARGON2_LANES, None).map_err(Error::internal)?;
        let mut hash = [0; Params::DEFAULT_OUTPUT_LEN];
        getrandom::fill(&mut hash).map_err(Error::internal)?;
        let dummy = phc_string(&params, &random_salt()?, &hash)?;
        Ok(Hasher {
            params,
            memory: Vec::new(),
            dummy,
        })
    }

    fn run(&mut self, job: Job) {
        // The caller may have been dropped, and then nobody needs the answer.
        match job {
            Job::Hash { password, answer } => {
                let _ = answer.send(self.hash(&password));
            }
            Job::Verify {
                password,
                stored,
                answer,
            } => {
                let _ = answer.send(self.verify(&password, stored));
            }
        }
    }

    fn hash(&mut self, password: &Password) -> Result<PasswordHash> {
        let salt = random_salt()?;
        let params = self.params.clone();
        let hash = self.digest(password, &salt, &params)?;
        Ok(PasswordHash(phc_string(&params, &salt, &hash)?.to_string()))
    }

    fn verify(&mut self, password: &Password, stored: Option<PasswordHash>) -> Result<Option<Verified>> {
        let known = match &stored {
            Some(stored) => phc::PasswordHash::new(&stored.0).map_err(Error::internal)?,
            None => self.dummy.clone(),
        };
        let (Some(salt), Some(expected)) = (&known.salt, &known.hash) else {
            return Err(Error::internal("a stored password has no hash"));
        };
        let params = Params::try_from(&known).map_err(Error::internal)?;
        let hash = self.digest(password, salt, &params)?;
        // `Output` compares in constant time.
        let is_right = Output::new(&hash).is_ok_and(|hash| hash == *expected) && stored.is_some();
        if !is_right {
            return Ok(None);
        }
        let is_current =
            params.m_cost() == ARGON2_KIB && params.t_cost() == ARGON2_PASSES && params.p_cost() == ARGON2_LANES;
        let rehashed = if is_current { None } else { Some(self.hash(password)?) };
        Ok(Some(Verified { rehashed }))
    }

    fn digest(
        &mut self,
        password: &Password,
        salt: &[u8],
        params: &Params,
    ) -> Result<[u8; Params::DEFAULT_OUTPUT_LEN]> {
        let blocks = params.block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::default());
        }
        let mut hash = [0; Params::DEFAULT_OUTPUT_LEN];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
            .hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, &mut self.memory[..blocks])
            .map_err(Error::internal)?;
        Ok(hash)
    }
}

fn random_salt() -> Result<Salt> {
    let mut bytes = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Salt::new(&bytes).map_err(Error::internal)
}

fn phc_string(params: &Params, salt: &Salt, hash: &[u8]) -> Result<phc::PasswordHash> {
    Ok(phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(Error::internal)?,
        salt: Some(*salt),
        hash: Some(Output::new(hash).map_err(Error::internal)?),
    })
}
