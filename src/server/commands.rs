//! Where commands such as `chapp backup` find the running server.

use crate::chat::Chat;
use crate::config::Config;
use crate::{control, instance};
use std::path::PathBuf;
use std::sync::Arc;

/// The socket for commands, and the folders where commands look for it.
pub(super) struct Commands {
    folders: Vec<PathBuf>,
    name: String,
    /// `None` if no socket is wanted, or it could not be created.
    listener: Option<control::Listener>,
}

impl Commands {
    /// Listens. The data file is open, so no other server can own its socket.
    pub fn listen(config: &Config) -> Commands {
        let folders = config.control_folders.clone();
        let name = instance::name(&config.data).unwrap_or_default();
        let listener = match control::Listener::bind(&folders, &name) {
            Ok(listener) => Some(listener),
            Err(error) => {
                if !folders.is_empty() {
                    tracing::warn!(%error, "commands such as chapp backup cannot reach this server");
                }
                None
            }
        };
        Commands {
            folders,
            name,
            listener,
        }
    }

    pub async fn serve(self, chat: Arc<Chat>, url: String) {
        if let Some(listener) = self.listener {
            control::serve(listener, self.folders, self.name, chat, url).await;
        }
    }
}
