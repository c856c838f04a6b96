//! Chromium, headless, by way of chromedriver.

use super::browser::{Launched, free_port, program, wait_for_port};
use super::process::Process;
use super::webdriver::Session;
use super::{Outcome, browser::Folder};
use serde_json::json;

const ARGUMENTS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--mute-audio",
    "--window-size=1280,900",
    // Nothing leaves the machine: no other name has an address.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost",
];

pub fn launch(folder: &Folder) -> Outcome<Launched> {
    let port = free_port()?;
    let driver = program("CHROMEDRIVER", &["chromedriver"])?;
    let process = Process::start(&driver, &[&format!("--port={port}")], &folder.environment())?;
    wait_for_port(port, &process)?;
    let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", folder.path("profile")));
    let chromium = ["chromium", "google-chrome", "google-chrome-stable"];
    let session = Session::over_http(
        port,
        &json!({
            "webSocketUrl": true,
            "unhandledPromptBehavior": "ignore",
            "goog:chromeOptions": {"binary": program("CHROMIUM", &chromium)?, "args": arguments},
        }),
    )?;
    Ok(Launched {
        processes: vec![process],
        session,
    })
}

pub fn set_media(session: &Session, dark: bool, still: bool) -> Outcome {
    let features = json!([
        {"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }},
        {"name": "prefers-reduced-motion", "value": if still { "reduce" } else { "no-preference" }},
    ]);
    devtools(session, "Emulation.setEmulatedMedia", json!({"features": features}))
}

/// Applies to pages that load from now on.
pub fn set_scripts(session: &Session, on: bool) -> Outcome {
    devtools(session, "Emulation.setScriptExecutionDisabled", json!({"value": !on}))
}

fn devtools(session: &Session, command: &str, parameters: serde_json::Value) -> Outcome {
    let body = json!({"cmd": command, "params": parameters});
    session.post("/goog/cdp/execute", body).map(drop)
}
