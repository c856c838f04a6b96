//! The engine: how changes become durable, and how the data file is kept whole.
//!
//! A post takes this path. `writer` takes all waiting changes and gives them to `committer`, which runs them as one
//! redb transaction (`data_file`). If recent batches were larger, `writer` first waits 20 µs for stragglers. A change
//! that is refused stays in the batch: it writes nothing, and its answer is the refusal. The rows that the transaction
//! changes and the events that it causes form one record (`record`). `journal` appends the record to the data file and
//! syncs it (on Linux both are one O_DSYNC write), which makes the commit durable. redb then commits in memory, so that
//! readers see the rows, and the committer hands the answers and the events to `publisher`. In a server, its `Feed`
//! sends the answers, when the reader of the events gets there.
//!
//! A durable redb commit writes everything to redb's pages (`commit_to_pages`) when a half of the journal is full, when
//! a record is too long for the journal, when the writer has been idle for a second, after opening, and at a clean
//! stop. `retained` keeps the pages of the previous root for any process that is copying the file.
//!
//! Two things take another path: read marks wait in a queue of `chat` and become changes later, and typing and presence
//! are signals in the hub, which are not stored.
//!
//! | file | what |
//! |---|---|
//! | `job`, `writer`, `committer`, `publisher` | the write path, on one thread |
//! | `load_shedding` | what the server refuses under load |
//! | `data_file`, `database`, `transaction` | the open file, and redb in it |
//! | `journal`, `file_journal`, `open_journal`, `record`, `record_keeper` | durable commits that are in no page yet |
//! | `retained`, `watch`, `damage` | roots kept for file copiers, and whether the file is still ours and sound |
//! | `disk`, `layout`, `disk_op`, `file_locks`, `overlay`, `free_space` | the file itself, a read-only view, free space |
//! | `options`, `open`, `create`, `draft`, `random`, `location`, `upgrade`, `old_journal`, `last_commit`, `open_error` | how a file is opened |
//! | `read_only`, `check_file`, `backup`, `copy`, `compact`, `pending_file`, `file_error` | what the commands do with a file |

pub mod backup;
pub mod check_file;
pub mod committer;
pub mod compact;
pub mod copy;
pub mod create;
pub mod damage;
pub mod data_file;
pub mod database;
pub mod disk;
pub mod disk_op;
pub mod draft;
pub mod file_error;
pub mod file_journal;
mod file_locks;
pub mod free_space;
pub mod job;
pub mod journal;
pub mod last_commit;
pub mod layout;
pub mod load_shedding;
pub mod location;
pub mod old_journal;
pub mod open;
pub mod open_error;
pub mod open_journal;
pub mod options;
pub mod overlay;
pub mod pending_file;
pub mod publisher;
pub mod random;
pub mod read_only;
pub mod record;
pub mod record_keeper;
pub mod retained;
pub mod transaction;
pub mod upgrade;
pub mod watch;
pub mod writer;
