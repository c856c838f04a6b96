//! One running browser, with the same interface for every engine.

use super::bidi::Bidi;
use super::page_event::{EVENTS, POLICY_CHANNEL, PageEvent};
use super::process::Process;
use super::webdriver::Session;
use super::{Outcome, POLL, chromium, firefox, webkit};
use serde_json::json;
use std::net::{TcpListener, TcpStream};
use std::ops::Deref;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

pub const ENGINES: [Engine; 3] = [Engine::Chromium, Engine::Firefox, Engine::WebKit];

/// The longest start of a browser on a busy machine.
const PORT_MIN: u16 = 20_000;
const PORTS: u16 = 12_000;
pub const START_LIMIT: Duration = Duration::from_secs(40);

/// After this silence an engine has reported all events.
const QUIET: Duration = Duration::from_millis(150);

/// Runs before every page's own scripts where there is BiDi.
const REPORT_VIOLATIONS: &str = "(report) => addEventListener('securitypolicyviolation', (event) =>
    report(`${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`))";

/// The result of launching an engine. The processes end in this order.
pub struct Launched {
    pub processes: Vec<Process>,
    pub session: Session,
}

pub struct Browser {
    pub engine: Engine,
    session: Session,
    bidi: Option<Mutex<Bidi>>,
    processes: Vec<Process>,
    folder: Folder,
    settings: Mutex<webkit::WindowSettings>,
}

/// A browser has all the commands of WebDriver.
impl Deref for Browser {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Browser {
    pub fn start(engine: Engine) -> Outcome<Browser> {
        let folder = Folder::create()?;
        let Launched { processes, session } = match engine {
            Engine::Chromium => chromium::launch(&folder)?,
            Engine::Firefox => firefox::launch(&folder)?,
            Engine::WebKit => webkit::launch(&folder)?,
        };
        let bidi = match session.capabilities["webSocketUrl"].as_str() {
            Some(url) => Some(Mutex::new(Bidi::connect(url)?)),
            None => None,
        };
        let settings = Mutex::default();
        let browser = Browser {
            engine,
            session,
            bidi,
            processes,
            folder,
            settings,
        };
        browser.watch()?;
        Ok(browser)
    }

    /// One browser of each engine, in the order of `ENGINES`.
    pub fn start_all() -> Outcome<Vec<Browser>> {
        thread::scope(|scope| {
            let start = |engine| Browser::start(engine).map_err(|error| format!("{engine:?} did not start: {error}"));
            let starts = ENGINES.map(|engine| scope.spawn(move || start(engine)));
            let join = |start: thread::ScopedJoinHandle<'_, _>| start.join().expect("no panic");
            starts.into_iter().map(join).collect()
        })
    }

    /// Subscribes to the events that become page events. The WebKit window reports them unasked.
    fn watch(&self) -> Outcome {
        let Some(bidi) = &self.bidi else {
            return Ok(());
        };
        let mut bidi = bidi.lock().expect("no command panics");
        bidi.command("session.subscribe", &json!({"events": EVENTS}))?;
        let channel = json!({"type": "channel", "value": {"channel": POLICY_CHANNEL}});
        let script = json!({"functionDeclaration": REPORT_VIOLATIONS, "arguments": [channel]});
        bidi.command("script.addPreloadScript", &script).map(drop)
    }

    /// The page events since the last call.
    pub fn take_sightings(&self) -> Vec<PageEvent> {
        let Some(bidi) = &self.bidi else {
            thread::sleep(QUIET);
            let lines = self.processes[0].take_lines();
            return lines.iter().filter_map(|line| PageEvent::from_line(line)).collect();
        };
        let events = bidi.lock().expect("no command panics").take_events(QUIET);
        events.iter().filter_map(PageEvent::from_event).collect()
    }

    /// Sets the exact size of the viewport, of a phone or of a desktop.
    pub fn set_viewport(&self, width: u32, height: u32) -> Outcome {
        match &self.bidi {
            Some(bidi) => {
                let mut bidi = bidi.lock().expect("no command panics");
                let tab = bidi.first_tab()?;
                let size = json!({"width": width, "height": height});
                let wish = json!({"context": tab, "viewport": size});
                bidi.command("browsingContext.setViewport", &wish)?;
            }
            None => {
                let size = json!({"x": 0, "y": 0, "width": width, "height": height});
                self.post("/window/rect", size)?;
            }
        }
        self.until(&format!("innerWidth === {width}"), START_LIMIT)
    }

    /// Sets the reader's system preferences for colours and motion.
    pub fn set_media(&self, dark: bool, still: bool) -> Outcome {
        match self.engine {
            Engine::Chromium => chromium::set_media(self, dark, still)?,
            Engine::Firefox => firefox::set_media(self, dark, still)?,
            Engine::WebKit => self.wish(|settings| {
                settings.dark = dark;
                settings.still = still;
            })?,
        }
        let media = format!(
            "matchMedia('(prefers-color-scheme: dark)').matches === {dark} &&
             matchMedia('(prefers-reduced-motion: reduce)').matches === {still}"
        );
        self.until(&media, START_LIMIT)
    }

    /// Whether the pages that load from now on may run scripts. The driver's own scripts always run.
    pub fn set_scripts(&self, on: bool) -> Outcome {
        match self.engine {
            Engine::Chromium => chromium::set_scripts(self, on),
            Engine::Firefox => firefox::set_scripts(self, on),
            Engine::WebKit => self.wish(|settings| settings.scripts = on),
        }
    }

    fn wish(&self, change: impl FnOnce(&mut webkit::WindowSettings)) -> Outcome {
        let mut settings = self.settings.lock().expect("no wish panics");
        change(&mut settings);
        webkit::set_window(&self.folder, *settings)
    }

    /// Types into a field with the keyboard, or like an input method if the driver has no key:
    /// WebKitWebDriver drops what lies beyond the Basic Multilingual Plane, such as emoji, and
    /// ChromeDriver refuses it.
    pub fn write_into(&self, selector: &str, text: &str) -> Outcome {
        let has_keys = text.chars().all(|character| u32::from(character) <= 0xFFFF);
        if has_keys || self.engine == Engine::Firefox {
            return self.type_into(selector, text);
        }
        let insert = "document.querySelector(arguments[0]).focus();
            document.execCommand('insertText', false, arguments[1]);";
        self.script(insert, json!([selector, text])).map(drop)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.session.delete("");
        for process in &mut self.processes {
            process.kill();
        }
    }
}

/// A folder for everything that a browser writes; removed when dropped.
pub struct Folder {
    root: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Folder {
    fn create() -> Outcome<Folder> {
        let root = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut variables = Vec::new();
        for (variable, name) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_DATA_HOME", "data"),
            ("", "profile"),
        ] {
            let path = root.path().join(name);
            std::fs::create_dir_all(&path).map_err(|error| error.to_string())?;
            if !variable.is_empty() {
                variables.push((variable, path.display().to_string()));
            }
        }
        Ok(Folder { root, variables })
    }

    pub fn path(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }

    /// Removes the proxies, desktop session and accessibility bus of the person who runs the tests.
    pub fn environment(&self) -> Vec<(&str, &str)> {
        let mut environment = vec![("NO_AT_BRIDGE", "1")];
        for foreign in [
            "http_proxy",
            "https_proxy",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "DBUS_SESSION_BUS_ADDRESS",
        ] {
            environment.push((foreign, ""));
        }
        environment.extend(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        environment
    }
}

/// A free port below those that the system gives to outgoing connections (32768 on Linux), which would
/// otherwise take it before the server does.
pub fn free_port() -> Outcome<u16> {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() as u16;
    (0..PORTS)
        .map(|_| PORT_MIN + first.wrapping_add(TRIED.fetch_add(1, Relaxed)) % PORTS)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| "no port is free".to_owned())
}

pub fn wait_for_port(port: u16, process: &Process) -> Outcome {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if process.has_ended() || started.elapsed() > START_LIMIT {
            return Err(format!("nothing listens on {port}: {:#?}", process.lines()));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// The path of the program that the variable names, or of the first of `names` that is installed.
pub fn program(variable: &str, names: &[&str]) -> Outcome<String> {
    if let Ok(named) = std::env::var(variable) {
        return Ok(named);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    // Joined to a folder, an absolute path stays itself.
    let candidates = names
        .iter()
        .flat_map(|name| path.split(':').map(move |folder| Path::new(folder).join(name)));
    candidates
        .into_iter()
        .find(|candidate| candidate.exists())
        .map(|found| found.display().to_string())
        .ok_or_else(|| format!("none of {names:?} is installed, and {variable} names no other"))
}
