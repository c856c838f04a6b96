//! The settings that Chapp starts with: arguments and `CHAPP_…` variables, as one plain struct.

mod command;
mod metrics_token;

use crate::chat::{BackupPlan, RateLimits};
use crate::limits::Timers;
use crate::permissions;
use crate::store::Overwrite;
use clap::Parser;
pub use command::Command;
use command::Subcommands;
pub use metrics_token::MetricsToken;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

const PORT: u16 = 4280;
const FILE_NAME: &str = "chapp.redb";

/// Real-time chat in one executable. Started without arguments it opens a browser and runs until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "chapp", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Subcommands>,

    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
struct Options {
    /// The data file. Without it: chapp.redb beside the executable if there is one, else in the platform's data folder
    #[arg(long, value_name = "FILE", env = "CHAPP_DATA")]
    data: Option<PathBuf>,

    /// The address to listen on; 0.0.0.0:4280 lets the network in
    #[arg(long, value_name = "ADDR", env = "CHAPP_LISTEN", default_value = "127.0.0.1:4280", value_parser = parse_listen)]
    listen: SocketAddr,

    /// A further name by which browsers reach this server, with :PORT where it is not the listening one; repeatable
    #[arg(long = "host", value_name = "NAME", env = "CHAPP_HOST", value_delimiter = ',', value_parser = parse_host)]
    hosts: Vec<Host>,

    /// Open a browser at start [default]
    #[arg(long, overrides_with = "no_open")]
    open: bool,

    /// Do not open a browser at start (CHAPP_OPEN=off)
    #[arg(long)]
    no_open: bool,

    /// Where nightly backups go, or off. Without it: NAME.backups beside the data file
    #[arg(long, value_name = "FOLDER|off", env = "CHAPP_BACKUPS")]
    backups: Option<PathBuf>,

    #[arg(long = "open-by-variable", hide = true, env = "CHAPP_OPEN", default_value = "on", value_parser = parse_switch)]
    open_by_variable: bool,

    /// What to log on standard error: off, error, warn, info, debug, or a tracing filter
    #[arg(long, value_name = "FILTER", env = "CHAPP_LOG", default_value = "warn")]
    log: String,

    /// A file with a token: whoever shows it (Authorization: Bearer …) reads /metrics from anywhere
    #[arg(long, value_name = "FILE", env = "CHAPP_METRICS_TOKEN_FILE")]
    metrics_token_file: Option<PathBuf>,

    /// Limits on how often somebody may log in, post and send; off is for load tests only
    #[arg(long, value_name = "on|off", env = "CHAPP_RATE_LIMITS", default_value = "on", value_parser = parse_switch, action = clap::ArgAction::Set)]
    rate_limits: bool,

    /// Linux: write to many sockets in one system call, where the kernel lets Chapp; off is a call for each
    #[arg(long, value_name = "on|off", env = "CHAPP_IO_URING", default_value = "on", value_parser = parse_switch, action = clap::ArgAction::Set)]
    io_uring: bool,
}

/// A name by which browsers reach this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name in lower case.
    pub name: String,
    /// The port. `None` for the one that the server listens on.
    pub port: Option<u16>,
}

/// The task of this process.
#[derive(Clone, Debug)]
pub enum Task {
    /// Runs the server.
    Serve(Box<Config>),
    /// Prints the path of the data file.
    Where(PathBuf),
    /// Runs a command on a data file.
    Run(Command),
}

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data file.
    pub data: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Further names by which browsers reach this server, besides `localhost`, `chapp.localhost` and its addresses.
    pub hosts: Vec<Host>,
    /// Whether to open a browser at the start.
    pub open: bool,
    /// The filter of the log.
    pub log: String,
    /// Lets a scraper read the metrics from anywhere. `None` for no such token.
    pub metrics_token: Option<MetricsToken>,
    /// Off only in load tests.
    pub rate_limits: RateLimits,
    /// Whether to write to many sockets in one system call, if the system allows it.
    pub io_uring: bool,
    /// The timers. They differ from the defaults only in tests.
    pub timers: Timers,
    /// The plan for nightly backups. `None` if they are off.
    pub backups: Option<BackupPlan>,
    /// Folders for the socket for commands, the preferred one first. Empty if no socket is wanted.
    pub control_folders: Vec<PathBuf>,
}

impl Task {
    /// Parses the arguments and variables of this process. Prints help, version and errors, and exits.
    ///
    /// # Errors
    /// A sentence for the terminal, if there is no folder for the data file, or its file holds no valid token.
    pub fn from_process() -> Result<Task, String> {
        let arguments = Arguments::parse();
        let Options {
            data,
            listen,
            hosts,
            open,
            no_open,
            open_by_variable,
            log,
            metrics_token_file,
            rate_limits,
            io_uring,
            backups,
        } = arguments.options;
        // Asked while there is only one thread: later the system's time zone cannot be read safely.
        let utc_offset_seconds = time::UtcOffset::current_local_offset().map_or(0, time::UtcOffset::whole_seconds);
        if let Some(command) = arguments.command {
            return task(command);
        }
        let data = with_folder(data)?;
        Ok(Task::Serve(Box::new(Config {
            backups: backup_plan(&data, backups, utc_offset_seconds)?,
            control_folders: Vec::new(),
            data,
            listen,
            hosts,
            open: open || (open_by_variable && !no_open),
            log,
            metrics_token: metrics_token_file.as_deref().map(MetricsToken::read).transpose()?,
            rate_limits: if rate_limits { RateLimits::On } else { RateLimits::Off },
            io_uring,
            timers: Timers::default(),
        })))
    }
}

fn task(subcommand: Subcommands) -> Result<Task, String> {
    Ok(Task::Run(match subcommand {
        Subcommands::Where { data } => return Ok(Task::Where(data_file(data)?)),
        Subcommands::Backup { file, data, force } => Command::Backup {
            to: (file.as_os_str() != "-").then(|| absolute(&file)).transpose()?,
            data: data_file(data)?,
            overwrite: if force { Overwrite::Allowed } else { Overwrite::Never },
        },
        Subcommands::Check { file } => Command::Check { file: data_file(file)? },
        Subcommands::Compact { file } => Command::Compact { file: data_file(file)? },
        Subcommands::Reset { name, data } => Command::Reset {
            name,
            data: data_file(data)?,
        },
        Subcommands::Owner { name, data } => Command::Owner {
            name,
            data: data_file(data)?,
        },
    }))
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|_| "That is not the name of a file.".to_owned())
}

fn backup_plan(data: &Path, given: Option<PathBuf>, utc_offset_seconds: i32) -> Result<Option<BackupPlan>, String> {
    let folder = match given {
        Some(word) if word.as_os_str().eq_ignore_ascii_case("off") => return Ok(None),
        Some(folder) if folder.is_file() => {
            let folder = folder.display();
            return Err(format!("--backups {folder} is a file. Name a folder, or off."));
        }
        Some(folder) => Some(absolute(&folder)?),
        None => None,
    };
    Ok(Some(BackupPlan::new(data, folder, utc_offset_seconds)))
}

fn data_file(given: Option<PathBuf>) -> Result<PathBuf, String> {
    if let Some(path) = given {
        return std::path::absolute(&path).map_err(|_| "--data needs the name of a file.".to_owned());
    }
    let beside = std::env::current_exe().ok().map(|exe| exe.with_file_name(FILE_NAME));
    if let Some(beside) = beside.filter(|path| path.exists()) {
        return Ok(beside);
    }
    let dirs = directories::ProjectDirs::from("", "", "Chapp")
        .ok_or("There is no home folder for the data file. Say where it should be: chapp --data FILE")?;
    Ok(dirs.data_dir().join(FILE_NAME))
}

/// The path of the data file, for a server about to start. The platform's data folder is created if needed. A folder
/// that somebody named must exist, because a missing one is more likely a typo.
fn with_folder(given: Option<PathBuf>) -> Result<PathBuf, String> {
    let is_given = given.is_some();
    let file = data_file(given)?;
    if let (false, Some(folder)) = (is_given, file.parent()) {
        permissions::create_private_folder(folder).map_err(|error| {
            format!(
                "The folder {} cannot be made ({error}). Say where the data file should be: chapp --data FILE",
                folder.display()
            )
        })?;
    }
    Ok(file)
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    match text.trim_start_matches(':').parse() {
        Ok(port) => Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)),
        Err(_) => Err("an address looks like 127.0.0.1:4280, or 0.0.0.0:4280 to let the network in".into()),
    }
}

fn parse_host(text: &str) -> Result<Host, String> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => return Err("a port is a number from 1 to 65535".into()),
        },
        None => (text, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || !name.chars().all(is_name) {
        return Err("a host is a name such as chat.example.org, without http:// or a path".into());
    }
    Ok(Host {
        name: name.to_ascii_lowercase(),
        port,
    })
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        _ => Err("on or off".into()),
    }
}
