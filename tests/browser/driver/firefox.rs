//! Firefox, headless, by its own Marionette port: no geckodriver is needed.

use super::Outcome;
use super::browser::{Folder, Launched, START_LIMIT, program};
use super::process::Process;
use super::webdriver::Session;
use serde_json::{Value, json};
use std::thread;
use std::time::Instant;

const DARK: &str = "layout.css.prefers-color-scheme.content-override";
const STILL: &str = "ui.prefersReducedMotion";
const SCRIPTS: &str = "javascript.enabled";

pub fn launch(folder: &Folder) -> Outcome<Launched> {
    let preferences = preferences();
    let lines = preferences.as_object().into_iter().flatten();
    let lines = lines.map(|(name, value)| format!("user_pref({}, {value});\n", json!(name)));
    std::fs::write(folder.path("profile/user.js"), lines.collect::<String>())
        .map_err(|error| format!("profile: {error}"))?;
    let mut environment = folder.environment();
    environment.extend([
        ("MOZ_HEADLESS", "1"),
        ("MOZ_HEADLESS_WIDTH", "1280"),
        ("MOZ_HEADLESS_HEIGHT", "900"),
        ("MOZ_CRASHREPORTER_DISABLE", "1"),
        // Otherwise Firefox ignores the preference for the settings server and keeps contacting it.
        ("MOZ_REMOTE_SETTINGS_DEVTOOLS", "1"),
    ]);
    let arguments = [
        "--marionette",
        "--remote-debugging-port",
        "0",
        "--remote-allow-system-access",
        "-headless",
        "--no-remote",
        "--profile",
        &folder.path("profile"),
    ];
    let firefox = program("FIREFOX", &["firefox-esr", "firefox"])?;
    let process = Process::start(&firefox, &arguments, &environment)?;
    let port = marionette_port(folder, &process)?;
    let settings = json!({"webSocketUrl": true, "unhandledPromptBehavior": "ignore"});
    let session = Session::over_marionette(port, &settings)?;
    Ok(Launched {
        processes: vec![process],
        session,
    })
}

fn marionette_port(folder: &Folder, process: &Process) -> Outcome<u16> {
    let file = folder.path("profile/MarionetteActivePort");
    let started = Instant::now();
    loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Ok(port) = text.trim().parse() {
            return Ok(port);
        }
        if process.has_ended() || started.elapsed() > START_LIMIT {
            return Err(format!("Firefox did not start: {:#?}", process.lines()));
        }
        thread::sleep(super::POLL);
    }
}

pub fn set_media(session: &Session, dark: bool, still: bool) -> Outcome {
    set_preference(session, "setIntPref", DARK, json!(if dark { 0 } else { 1 }))?;
    set_preference(session, "setIntPref", STILL, json!(i32::from(still)))
}

/// Applies to pages that load from now on.
pub fn set_scripts(session: &Session, on: bool) -> Outcome {
    set_preference(session, "setBoolPref", SCRIPTS, json!(on))
}

fn set_preference(session: &Session, setter: &str, name: &str, value: Value) -> Outcome {
    session.marionette("Marionette:SetContext", &json!({"value": "chrome"}))?;
    let script = format!("Services.prefs.{setter}(arguments[0], arguments[1]);");
    let set = session.script(&script, json!([name, value]));
    session.marionette("Marionette:SetContext", &json!({"value": "content"}))?;
    set.map(drop)
}

/// Preferences that keep Firefox quiet and deterministic and all its traffic on this machine: every name resolves to
/// it, and the browser's own services are off.
fn preferences() -> Value {
    json!({
        "marionette.port": 0,
        (DARK): 1,
        (STILL): 0,
        "alerts.useSystemBackend": false,
        "app.normandy.api_url": "",
        "app.normandy.enabled": false,
        "app.update.disabledForTesting": true,
        "browser.newtabpage.enabled": false,
        "browser.region.network.url": "",
        "browser.region.update.enabled": false,
        "browser.safebrowsing.update.enabled": false,
        "browser.sessionstore.resume_from_crash": false,
        "browser.shell.checkDefaultBrowser": false,
        "browser.startup.homepage_override.mstone": "ignore",
        "browser.startup.page": 0,
        "browser.uitour.enabled": false,
        "browser.warnOnQuit": false,
        "datareporting.healthreport.uploadEnabled": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "datareporting.policy.dataSubmissionPolicyBypassNotification": true,
        "dom.ipc.reportProcessHangs": false,
        "extensions.getAddons.cache.enabled": false,
        "extensions.installDistroAddons": false,
        "extensions.update.enabled": false,
        "focusmanager.testmode": true,
        "geo.wifi.scan": false,
        "media.gmp-manager.updateEnabled": false,
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "network.dns.forceResolve": "127.0.0.1",
        "network.prefetch-next": false,
        "network.proxy.type": 0,
        "network.trr.mode": 5,
        "services.settings.server": "data:,#remote-settings-dummy/v1",
        "signon.rememberSignons": false,
        "startup.homepage_welcome_url": "about:blank",
        "toolkit.startup.max_resumed_crashes": -1,
        "toolkit.telemetry.enabled": false,
        "toolkit.telemetry.server": "",
    })
}
