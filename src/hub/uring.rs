//! Many sends in one system call, by io_uring (Linux 5.6 and later, `io_uring(7)`).
//!
//! A delivery to a room is a short write to each of very many sockets, and a good part of each is its system
//! call. Here a batch of them goes to the kernel at once. Nothing else of io_uring is used: each send is one that
//! does not wait, so that all of them are over when the call returns, as if they had been written one by one.
//! Where the kernel has no io_uring, or does not let this process use it (containers often do not), there is no
//! sender, and the hub writes one by one.

use super::client::Slot;
use crate::limits::{SENDS_AT_ONCE_FEW, SENDS_AT_ONCE_MAX};
use bytes::Bytes;
use io_uring::{IoUring, opcode, types::Fd};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;

/// `MSG_DONTWAIT` and `MSG_NOSIGNAL` of `send(2)`, the same on every Linux.
const FLAGS: i32 = 0x40 | 0x4000;

/// Frames for the socket at this index of the hub's list.
struct Send {
    index: usize,
    frames: Bytes,
    /// Bytes that were written, or the negative number of an error; `None` while the kernel has not said.
    outcome: Option<i32>,
}

/// A batch of sends, and the way to the kernel.
pub(super) struct UringSender {
    kernel: IoUring,
    /// How many it takes at once.
    sends: usize,
    batch: Vec<Send>,
}

impl UringSender {
    /// `None` where there is no io_uring for this process.
    pub fn open() -> Option<UringSender> {
        let (kernel, sends) = [SENDS_AT_ONCE_MAX, SENDS_AT_ONCE_FEW]
            .into_iter()
            .find_map(|sends| Some((IoUring::new(sends as u32).ok()?, sends)))?;
        let mut probe = io_uring::Probe::new();
        kernel.submitter().register_probe(&mut probe).ok()?;
        // A filter may allow all but this call.
        kernel.submit().ok()?;
        let batch = Vec::with_capacity(sends);
        probe
            .is_supported(opcode::Send::CODE)
            .then_some(UringSender { kernel, sends, batch })
    }

    /// Begins a batch, without what a panic may have left of an earlier one.
    pub fn begin(&mut self) {
        self.batch.clear();
    }

    /// Takes frames for a socket that nothing waits for, and that has none in this batch yet. Tells whether the
    /// batch is full.
    pub fn push(&mut self, index: usize, frames: Bytes) -> bool {
        self.batch.push(Send {
            index,
            frames,
            outcome: None,
        });
        self.batch.len() >= self.sends
    }

    /// Writes the batch. Fails where the kernel no longer takes any: then this sender must be dropped, since it may
    /// hold sends that the kernel has not taken yet.
    pub fn write(&mut self, slots: &mut [Slot]) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let submitted = self.submit(slots);
        // The kernel may still read frames whose outcome is not known.
        let unfinished = self.batch.iter_mut().filter(|send| send.outcome.is_none());
        unfinished.for_each(|send| std::mem::forget(std::mem::take(&mut send.frames)));
        for send in self.batch.drain(..) {
            let Some(slot) = slots.get_mut(send.index) else {
                continue;
            };
            match send.outcome {
                Some(written @ 0..) => slot.wrote(send.frames, Ok(written as usize)),
                Some(error) => slot.wrote(send.frames, Err(Error::from_raw_os_error(-error))),
                // Nobody can tell what its reader has. They come back, and catch up.
                None => slot.shut_down(),
            }
        }
        submitted
    }

    /// Hands the batch to the kernel, and waits until it is done with all of it.
    fn submit(&mut self, slots: &[Slot]) -> Result<()> {
        let mut waiting = 0;
        for (number, send) in self.batch.iter().enumerate() {
            let Some(slot) = slots.get(send.index) else { continue };
            let socket = Fd(slot.socket().as_raw_fd());
            let entry = opcode::Send::new(socket, send.frames.as_ptr(), send.frames.len() as u32)
                .flags(FLAGS)
                .build()
                .user_data(number as u64);
            // SAFETY: the kernel reads `frames` through a pointer until it has returned the outcome. They belong to the
            // batch, where they stay as they are until every outcome is there, or, where one never comes, are
            // never freed (`write`). The descriptor is open: its slot is borrowed until after the last outcome.
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
