"""A bare WebKitGTK window for WebKitWebDriver to drive, in place of MiniBrowser.

Why: without a toolbar it can be as narrow as a phone; it tells every request on stdout; the console
goes to stderr; and it can turn dark, still or scriptless while it runs.

Arguments: a folder for its data, and the file that tells what it shall be like, which it takes away
once it has done so.
"""

import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

# Longer than any test run, so that no window outlives one for long.
LIFE_SECONDS = 3600
LOOK_MILLISECONDS = 20

# Printed with the console, where the driver side finds it.
REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) => console.log(
  `POLICY VIOLATION ${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`));
"""

data_folder, window_settings_file = sys.argv[1:3]
settings = WebKit2.Settings()
settings.set_enable_write_console_messages_to_stdout(True)
scripts = WebKit2.UserContentManager()
scripts.add_script(
    WebKit2.UserScript(
        REPORT_VIOLATIONS,
        WebKit2.UserContentInjectedFrames.ALL_FRAMES,
        WebKit2.UserScriptInjectionTime.START,
        None,
        None,
    )
)
# A data folder, because an ephemeral manager prints no console.
manager = WebKit2.WebsiteDataManager(
    base_data_directory=os.path.join(data_folder, "data"),
    base_cache_directory=os.path.join(data_folder, "cache"),
)
context = WebKit2.WebContext.new_with_website_data_manager(manager)
context.set_automation_allowed(True)
windows = set()


def tell(*words):
    # On its own pipe and in one write, or console lines would come in between.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def on_resource(_view, resource, request):
    url = request.get_uri()
    tell("REQUEST", url)
    resource.connect("failed", lambda _resource, error: tell("NO ANSWER", url, error.message))
    resource.connect("finished", on_finished, url)


def on_finished(resource, url):
    response = resource.get_response()
    if response and response.get_status_code() >= 400:
        tell("STATUS", response.get_status_code(), url)


def on_permission(_view, request):
    request.deny()
    return True


def open_window(_session=None):
    view = WebKit2.WebView(
        web_context=context,
        settings=settings,
        user_content_manager=scripts,
        is_controlled_by_automation=True,
    )
    window = Gtk.Window()
    window.set_decorated(False)
    window.set_default_size(1280, 900)
    window.add(view)
    view.connect("resource-load-started", on_resource)
    view.connect("permission-request", on_permission)
    view.connect("close", lambda _view: window.destroy())
    window.connect("destroy", lambda _window: windows.discard(window))
    windows.add(window)
    window.show_all()
    window.present()
    view.grab_focus()
    view.load_uri("about:blank")
    return view


def on_started(_context, session):
    session.connect("create-web-view", open_window)
    session.connect("will-close", lambda _session: Gtk.main_quit())


def apply_window_settings():
    try:
        with open(window_settings_file, encoding="utf-8") as file:
            window_settings = dict(word.split("=") for word in file.read().split())
    except FileNotFoundError:
        return True
    gtk = Gtk.Settings.get_default()
    gtk.set_property("gtk-application-prefer-dark-theme", window_settings["dark"] == "true")
    gtk.set_property("gtk-enable-animations", window_settings["still"] != "true")
    # Affects the page's scripts only; those of the driver always run.
    settings.set_enable_javascript_markup(window_settings["scripts"] == "true")
    os.remove(window_settings_file)
    return True


context.connect("automation-started", on_started)
apply_window_settings()
GLib.timeout_add(LOOK_MILLISECONDS, apply_window_settings)
GLib.timeout_add_seconds(LIFE_SECONDS, Gtk.main_quit)
Gtk.main()
