//! The engine: how changes become durable, and how the data file is kept whole.
//!
//! A post goes through it like this. `writer` takes everything that waits and gives it to `committer`, which runs it as
//! one transaction of redb (`data_file`). The rows that it changes and the events that it causes make one record
//! (`record`), which `journal` appends to the data file with one write and one sync. Then the commit is durable. redb
//! commits in memory, for readers to see, and `publisher` sends the answers and the events on their way. When a half of
//! the journal is full, or it has been quiet for a second, a durable commit of redb brings everything to its pages
//! (`commit_to_pages`), and `retained` keeps the pages of the root before for somebody who is copying the file.
//!
//! | file | what |
//! |---|---|
//! | `job`, `writer`, `committer`, `publisher` | the write path, on one thread |
//! | `load_shedding` | what is refused when there is too much to do |
//! | `data_file`, `database`, `transaction` | the open file, and redb in it |
//! | `journal`, `file_journal`, `open_journal`, `record`, `record_keeper` | durable commits that are in no page yet |
//! | `retained`, `watch`, `damage` | roots for those who copy the file, and whether it is still ours and whole |
//! | `disk`, `layout`, `disk_op`, `file_locks`, `overlay`, `free_space` | the file itself, a view that changes nothing, the space left |
//! | `options`, `open`, `create`, `draft`, `random`, `home`, `upgrade`, `old_journal`, `last_commit`, `open_error` | how a file comes into use |
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
pub mod home;
pub mod job;
pub mod journal;
pub mod last_commit;
pub mod layout;
pub mod load_shedding;
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
