//! Many sends in one system call, with io_uring (Linux 5.6 and later, `io_uring(7)`).
//!
//! A delivery to a room is a short write to each of many sockets, and the system call is a large part of its cost.
//! Here the kernel gets a batch of them at once. No other feature of io_uring is used: no send waits, so all of them
//! are complete when the call returns, as if they had been written one by one. If the kernel has no io_uring, or
//! refuses it to this process (as containers often do), there is no sender and the hub writes one by one.

use super::client::Slot;
use crate::limits::{SENDS_AT_ONCE_FEW, SENDS_AT_ONCE_MAX};
use bytes::Bytes;
use io_uring::{IoUring, opcode, types::Fd};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;

/// `MSG_DONTWAIT` and `MSG_NOSIGNAL` of `send(2)`, the same on every Linux.
const FLAGS: i32 = 0x40 | 0x4000;

/// Frames for the socket at this index of the hub's list.
struct SendEntry {
    index: usize,
    frames: Bytes,
    /// Bytes written, or the negated error number. `None` until the kernel reports it.
    outcome: Option<i32>,
}

/// A batch of sends, and the ring that submits them.
pub(super) struct UringSender {
    kernel: IoUring,
    /// Maximum sends in one batch.
    sends: usize,
    batch: Vec<SendEntry>,
}

impl UringSender {
    /// `None` if this process cannot use io_uring.
    pub fn open() -> Option<UringSender> {
        let (kernel, sends) = [SENDS_AT_ONCE_MAX, SENDS_AT_ONCE_FEW]
            .into_iter()
            .find_map(|sends| Some((IoUring::new(sends as u32).ok()?, sends)))?;
        let mut probe = io_uring::Probe::new();
        kernel.submitter().register_probe(&mut probe).ok()?;
        // A seccomp filter may allow every call but this one.
        kernel.submit().ok()?;
        let batch = Vec::with_capacity(sends);
        probe
            .is_supported(opcode::Send::CODE)
            .then_some(UringSender { kernel, sends, batch })
    }

    /// Begins a batch. Drops what a panic may have left of an earlier one.
    pub fn begin(&mut self) {
        self.batch.clear();
    }

    /// Adds frames for a socket that has nothing queued and no frames in this batch yet. Returns whether the batch is
    /// full.
    pub fn push(&mut self, index: usize, frames: Bytes) -> bool {
        self.batch.push(SendEntry {
            index,
            frames,
            outcome: None,
        });
        self.batch.len() >= self.sends
    }

    /// Submits the batch. An error means that the kernel takes no more: the sender must then be dropped, since it may
    /// hold sends that the kernel has not taken yet.
    pub fn write(&mut self, slots: &mut [Slot]) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let submitted = self.submit(slots);
        // The kernel may still read the frames of a send without an outcome.
        let unfinished = self.batch.iter_mut().filter(|send| send.outcome.is_none());
        unfinished.for_each(|send| std::mem::forget(std::mem::take(&mut send.frames)));
        for send in self.batch.drain(..) {
            let Some(slot) = slots.get_mut(send.index) else {
                continue;
            };
            match send.outcome {
                Some(written @ 0..) => slot.account_for(send.frames, Ok(written as usize)),
                Some(error) => slot.account_for(send.frames, Err(Error::from_raw_os_error(-error))),
                // It is unknown which bytes the client got. It reconnects and catches up.
                None => slot.shut_down(),
            }
        }
        submitted
    }

    /// Submits the batch to the kernel, and waits until all of it is complete.
    fn submit(&mut self, slots: &[Slot]) -> Result<()> {
        let mut waiting = 0;
        for (number, send) in self.batch.iter().enumerate() {
            let Some(slot) = slots.get(send.index) else { continue };
            let socket = Fd(slot.socket().as_raw_fd());
            let entry = opcode::Send::new(socket, send.frames.as_ptr(), send.frames.len() as u32)
                .flags(FLAGS)
                .build()
                .user_data(number as u64);
            // SAFETY: the kernel reads `frames` through a pointer until it has returned the outcome. They belong to
            // the batch and stay unchanged until every outcome is there. If one never comes, they are never freed
            // (`write`). The descriptor is open: its slot is borrowed until after the last outcome.
            #[expect(unsafe_code, reason = "the kernel reads memory after this call")]
            let pushed = unsafe { self.kernel.submission().push(&entry) };
            pushed.map_err(|_| ErrorKind::ResourceBusy)?;
            waiting += 1;
        }
        while waiting > 0 {
            match self.kernel.submit_and_wait(waiting) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            for done in self.kernel.completion() {
                if let Some(send) = self.batch.get_mut(done.user_data() as usize) {
                    send.outcome = Some(done.result());
                    waiting -= 1;
                }
            }
        }
        Ok(())
    }
}
