//! A look at a data file that writes nothing to it.

use super::disk::{Disk, locks_of_the_file};
use super::fault::Fault;
use redb::{BackendError, StorageBackend};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

const BLOCK: u64 = 4096;

/// A file whose writes stay in memory, so that redb can recover and check it and leave it alone.
#[derive(Debug)]
pub(super) struct Glass {
    file: Disk,
    drawn: Mutex<Drawn>,
}

#[derive(Debug)]
struct Drawn {
    len: u64,
    /// Up to here the file shows through; what was cut off does not come back.
    through: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Glass {
    pub fn new(file: Disk) -> Result<Glass, Fault> {
        let len = file.len()?;
        let drawn = Mutex::new(Drawn {
            len,
            through: len,
            blocks: BTreeMap::new(),
        });
        Ok(Glass { file, drawn })
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One block as it is now.
    fn block(&self, drawn: &Drawn, number: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = drawn.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = vec![0; BLOCK as usize];
        let from = number * BLOCK;
        let visible = drawn.through.saturating_sub(from).min(BLOCK) as usize;
        if visible > 0 {
            self.file.read(from, &mut block[..visible])?;
        }
        Ok(block)
    }
}

/// The blocks under `len` bytes from `offset`: number, where in the block, where in the bytes.
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

impl StorageBackend for Glass {
    locks_of_the_file!();

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.drawn().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let drawn = self.drawn();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > drawn.len) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for (number, inside, bytes) in pieces(offset, out.len()) {
            let block = self.block(&drawn, number)?;
            let piece = bytes.len();
            out[bytes].copy_from_slice(&block[inside..inside + piece]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut drawn = self.drawn();
        drawn.len = len;
        drawn.through = drawn.through.min(len);
        drop(drawn.blocks.split_off(&len.div_ceil(BLOCK)));
        if let Some(last) = drawn.blocks.get_mut(&(len / BLOCK)) {
            last[(len % BLOCK) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut drawn = self.drawn();
        for (number, inside, bytes) in pieces(offset, data.len()) {
            let mut block = self.block(&drawn, number)?;
            block[inside..inside + bytes.len()].copy_from_slice(&data[bytes]);
            drawn.blocks.insert(number, block);
        }
        drawn.len = drawn.len.max(offset + data.len() as u64);
        Ok(())
    }
}
