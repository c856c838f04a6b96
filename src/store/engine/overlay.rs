//! A copy-on-write overlay over a data file. redb's writes stay in memory, so redb can recover and check the file
//! without changing a byte of it.

use super::disk::Disk;
use super::file_locks::file_locks;
use crate::store::store_error::StoreError;
use redb::{BackendError, Builder, Database, StorageBackend};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::ops::{Bound, Deref};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

const BLOCK: u64 = 4096;

/// A database whose changes are discarded, so it closes without the commit that redb makes on drop. Over a damaged
/// list of free pages, that commit panics twice, which would abort the process.
pub struct OverlayDatabase(Option<Database>);

impl OverlayDatabase {
    pub fn open(builder: &Builder, file: Disk) -> Result<OverlayDatabase, StoreError> {
        Ok(OverlayDatabase(Some(builder.create_with_backend(Overlay::new(file)?)?)))
    }
}

impl Deref for OverlayDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        match &self.0 {
            Some(database) => database,
            None => unreachable!("only dropping takes it"),
        }
    }
}

impl Drop for OverlayDatabase {
    fn drop(&mut self) {
        let database = self.0.take();
        // redb skips that commit while a panic unwinds, and `resume_unwind` calls no panic hook.
        let _ = catch_unwind(AssertUnwindSafe(move || {
            let _dropped_by_unwinding = database;
            resume_unwind(Box::new(()));
        }));
    }
}

#[derive(Debug)]
struct Overlay {
    file: Disk,
    changes: Mutex<Changes>,
}

#[derive(Debug)]
struct Changes {
    len: u64,
    /// The length up to which the file shows through. Bytes that were truncated do not come back.
    visible: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    fn new(file: Disk) -> Result<Overlay, StoreError> {
        let len = file.len()?;
        let changes = Mutex::new(Changes {
            len,
            visible: len,
            blocks: BTreeMap::new(),
        });
        Ok(Overlay { file, changes })
    }

    fn is_read_only(&self) -> bool {
        self.file.is_read_only()
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current contents of one block.
    fn block(&self, changes: &Changes, number: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = changes.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = vec![0; BLOCK as usize];
        let from = number * BLOCK;
        let visible = changes.visible.saturating_sub(from).min(BLOCK) as usize;
        if visible > 0 {
            self.file.read(from, &mut block[..visible])?;
        }
        Ok(block)
    }
}

/// The blocks under `len` bytes from `offset`: block number, offset in the block, range in the bytes.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let inside = (at % BLOCK) as usize;
        let piece = (len - done).min(BLOCK as usize - inside);
        let bytes = done..done + piece;
        done += piece;
        (piece > 0).then_some((at / BLOCK, inside, bytes))
    })
}

impl StorageBackend for Overlay {
    file_locks!();

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.changes().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let changes = self.changes();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > changes.len) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for (number, inside, bytes) in pieces(offset, out.len()) {
            let block = self.block(&changes, number)?;
            let piece = bytes.len();
            out[bytes].copy_from_slice(&block[inside..inside + piece]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut changes = self.changes();
        changes.len = len;
        changes.visible = changes.visible.min(len);
        drop(changes.blocks.split_off(&len.div_ceil(BLOCK)));
        if let Some(last) = changes.blocks.get_mut(&(len / BLOCK)) {
            last[(len % BLOCK) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut changes = self.changes();
        for (number, inside, bytes) in pieces(offset, data.len()) {
            let mut block = self.block(&changes, number)?;
            block[inside..inside + bytes.len()].copy_from_slice(&data[bytes]);
            changes.blocks.insert(number, block);
        }
        changes.len = changes.len.max(offset + data.len() as u64);
        Ok(())
    }
}
