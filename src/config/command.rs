//! The commands besides running the server: as arguments, and as plain values.

use crate::store::Overwrite;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Subcommands {
    /// Print where the data file is, and nothing else.
    Where {
        #[arg(long, value_name = "FILE", env = "CHAPP_DATA")]
        /// The data file
        data: Option<PathBuf>,
    },

    /// Back up everything to FILE, also while Chapp runs.
    #[command(
        after_help = "The file appears once it is whole and has been read back and checked. It ends with 0 where \
        there is a backup, else with 1."
    )]
    Backup {
        /// The file to write; - for standard output
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// The data file
        #[arg(long, value_name = "FILE", env = "CHAPP_DATA")]
        data: Option<PathBuf>,

        /// Replace FILE where it exists
        #[arg(long)]
        force: bool,
    },

    /// Check a data file or a backup, and leave every byte of it as it is.
    #[command(
        after_help = "It ends with 0 for a sound file, with 1 where something is wrong, and with 2 where the file \
        cannot be read at all."
    )]
    Check {
        /// The file; without it, the data file
        #[arg(value_name = "FILE", env = "CHAPP_DATA")]
        file: Option<PathBuf>,
    },

    /// Rewrite a data file without the space that has come free. Chapp must not be running.
    Compact {
        /// The file; without it, the data file
        #[arg(value_name = "FILE", env = "CHAPP_DATA")]
        file: Option<PathBuf>,
    },

    /// Print a link with which somebody sets a new password, once; also while Chapp runs.
    Reset {
        /// Their name; the owner's, too
        name: String,

        /// The data file
        #[arg(long, value_name = "FILE", env = "CHAPP_DATA")]
        data: Option<PathBuf>,
    },

    /// Make somebody the owner of the server, also while Chapp runs.
    Owner {
        /// Their name; the owner until then becomes an admin
        name: String,

        /// The data file
        #[arg(long, value_name = "FILE", env = "CHAPP_DATA")]
        data: Option<PathBuf>,
    },
}

/// A command, and the data file it works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Backs the data file up.
    Backup {
        /// The file to write. `None` for standard output.
        to: Option<PathBuf>,
        /// The data file.
        data: PathBuf,
        /// Whether an existing file may be replaced.
        overwrite: Overwrite,
    },
    /// Checks a data file.
    Check {
        /// The data file, or a backup.
        file: PathBuf,
    },
    /// Rewrites the data file to make it smaller.
    Compact {
        /// The data file.
        file: PathBuf,
    },
    /// Prints a link that sets somebody's password.
    Reset {
        /// The person's name, as typed.
        name: String,
        /// The data file.
        data: PathBuf,
    },
    /// Makes somebody the owner.
    Owner {
        /// The new owner's name, as typed.
        name: String,
        /// The data file.
        data: PathBuf,
    },
}
