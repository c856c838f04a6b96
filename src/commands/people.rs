//! `chapp reset` and `chapp owner`: help for people who cannot log in or hand over, from somebody with access to the
//! data file.

use super::data_file::{existing, not_reached, options, server};
use super::outcome::Outcome;
use crate::chat::{self, ResetOffered};
use crate::clock::Clock;
use crate::control::{Connection, Lost};
use crate::error::{Error, Result as Answered};
use crate::model::User;
use crate::store::{OpenError, Store};
use crate::wire::control::{Answer, Request};
use std::path::Path;

/// Chapp's default address.
const USUAL_URL: &str = "http://chapp.localhost:4280";

pub(super) fn reset(data: &Path, name: &str) -> Outcome {
    let request = Request::Reset { name: name.to_owned() };
    let stopped = async |store: &Store| {
        let offered = chat::offer_reset(store, name, Clock::System.now()).await?;
        Ok(not_running(&offered))
    };
    run(data, &request, stopped, |answer| match answer {
        Answer::Reset { name, urls } => Some(running(name, urls)),
        _ => None,
    })
}

fn running(name: &str, urls: &[String]) -> String {
    let links: Vec<String> = urls.iter().map(|url| format!("  {url}")).collect();
    format!(
        "{name} can set a new password with this link, once, within 24 hours:\n{}",
        links.join("\n")
    )
}

fn not_running(offered: &ResetOffered) -> String {
    format!(
        "{} can set a new password with this link, once, within 24 hours. Start Chapp first; where it has another \
         address, put that in front:\n  {USUAL_URL}{}",
        offered.user.name.as_str(),
        offered.code.reset_path()
    )
}

pub(super) fn owner(data: &Path, name: &str) -> Outcome {
    let request = Request::Owner { name: name.to_owned() };
    let is_owner = |name: &str| format!("{name} is now the server owner.");
    let stopped = async |store: &Store| {
        let user: User = chat::hand_over(store, name).await?;
        Ok(is_owner(user.name.as_str()))
    };
    run(data, &request, stopped, |answer| match answer {
        Answer::Owner { name } => Some(is_owner(name)),
        _ => None,
    })
}

/// Asks the running server, or works on the data file directly.
fn run(
    data: &Path,
    request: &Request,
    stopped: impl AsyncFn(&Store) -> Answered<String>,
    said: impl Fn(&Answer) -> Option<String>,
) -> Outcome {
    if let Err(none) = existing(data) {
        return none;
    }
    if let Some(server) = server(data) {
        return ask(server, request, said);
    }
    match Store::open(data, options()) {
        Ok((store, feed)) => {
            // Nobody is connected who could be notified.
            drop(feed);
            let done = tokio::runtime::Handle::current().block_on(async {
                let done = stopped(&store).await;
                store.close().await;
                done
            });
            done.map_or_else(|error| Outcome::failed(in_full(&error)), Outcome::done)
        }
        // A server may have started in the meantime.
        Err(OpenError::AlreadyOpen { .. }) => match server(data) {
            Some(server) => ask(server, request, said),
            None => not_reached(data),
        },
        Err(error) => Outcome::failed(error),
    }
}

fn in_full(error: &Error) -> String {
    match &error.cause {
        Some(cause) => format!("{} ({cause})", error.title),
        None => error.title.to_string(),
    }
}

fn ask(mut server: Connection, request: &Request, said: impl Fn(&Answer) -> Option<String>) -> Outcome {
    let mut asked = || -> Result<Result<String, String>, Lost> {
        server.ask(request)?;
        loop {
            let answer = server.answer()?;
            match (said(&answer), answer) {
                (Some(said), _) => return Ok(Ok(said)),
                (None, Answer::Error { title, .. }) => return Ok(Err(title)),
                _ => {}
            }
        }
    };
    match asked() {
        Ok(Ok(said)) => Outcome::done(said),
        Ok(Err(title)) => Outcome::failed(title),
        Err(lost) => Outcome::failed(lost),
    }
}
