//! WebKitGTK in a bare window of our own, by way of WebKitWebDriver, on a private X server.
//!
//! The engine of Safari, with GTK's form controls and without the phone's keyboard.

use super::browser::{Folder, Launched, START_LIMIT, free_port, program, wait_for_port};
use super::process::Process;
use super::webdriver::Session;
use super::{Outcome, POLL};
use serde_json::json;
use std::path::Path;
use std::thread;
use std::time::Instant;

const WINDOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/driver/webkit_window.py");

pub fn launch(folder: &Folder) -> Outcome<Launched> {
    // With `-displayfd` the X server finds a free number itself and prints it. It serves one
    // browser only: two windows on one display steal each other's focus.
    let arguments = [
        "-displayfd",
        "1",
        "-screen",
        "0",
        "1600x1200x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ];
    let display = Process::start(&program("XVFB", &["Xvfb"])?, &arguments, &[])?;
    let number: u32 = display.wait_for(START_LIMIT, |line| line.parse().ok())?;
    let display_name = format!(":{number}");
    let mut environment = folder.environment();
    environment.extend([
        ("DISPLAY", display_name.as_str()),
        ("GDK_BACKEND", "x11"),
        ("LIBGL_ALWAYS_SOFTWARE", "1"),
        // One of the three has no language: then WebKit says that it is "C", which is no language tag.
        ("LC_ALL", "C.UTF-8"),
    ]);
    let port = free_port()?;
    let driver = program("WEBKITDRIVER", &["WebKitWebDriver"])?;
    let process = Process::start(&driver, &[&format!("--port={port}")], &environment)?;
    wait_for_port(port, &process)?;
    write_settings(folder, WindowSettings::default())?;
    let arguments = [WINDOW, &folder.path("data"), &folder.path(SETTINGS_FILE)];
    let python = program("PYTHON", &["/usr/bin/python3", "python3"])?;
    let options = json!({"binary": python, "args": arguments});
    let session = Session::over_http(port, &json!({"webkitgtk:browserOptions": options}))?;
    Ok(Launched {
        processes: vec![process, display],
        session,
    })
}

const SETTINGS_FILE: &str = "settings";

/// The settings of the window, which polls their file for changes.
#[derive(Clone, Copy)]
pub struct WindowSettings {
    pub dark: bool,
    pub still: bool,
    pub scripts: bool,
}

impl Default for WindowSettings {
    fn default() -> WindowSettings {
        WindowSettings {
            dark: false,
            still: false,
            scripts: true,
        }
    }
}

/// Returns once the window has applied the settings.
pub fn set_window(folder: &Folder, settings: WindowSettings) -> Outcome {
    write_settings(folder, settings)?;
    let file = folder.path(SETTINGS_FILE);
    let started = Instant::now();
    while Path::new(&file).exists() {
        if started.elapsed() > START_LIMIT {
            return Err("the WebKit window does not look for its settings".into());
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// The window removes the file once it has applied it.
fn write_settings(folder: &Folder, settings: WindowSettings) -> Outcome {
    let WindowSettings { dark, still, scripts } = settings;
    let file = folder.path(SETTINGS_FILE);
    let unfinished = format!("{file}.new");
    std::fs::write(&unfinished, format!("dark={dark} still={still} scripts={scripts}"))
        .and_then(|()| std::fs::rename(&unfinished, &file))
        .map_err(|error| format!("{file}: {error}"))
}
