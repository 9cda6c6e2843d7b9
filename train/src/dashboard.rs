//! burn-train's terminal dashboard.

use burn::train::Interrupter;
use burn::train::renderer::MetricsRenderer;
use burn::train::renderer::tui::TuiMetricsRendererWrapper;

use crate::renderer::RunLength;

/// Starts the dashboard of a run.
pub(crate) fn renderer(length: RunLength, interrupter: &Interrupter) -> Box<dyn MetricsRenderer> {
    let rounds_before = length.rounds_before();
    let wrapper = TuiMetricsRendererWrapper::new(interrupter.clone(), Some(rounds_before));
    deliver_interrupts();
    Box::new(wrapper)
}

/// Keeps Ctrl-C a signal while a dashboard holds the terminal in raw mode; without this it would be
/// an unhandled key press.
#[cfg(unix)]
fn deliver_interrupts() {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
    use std::time::{Duration, Instant};

    // The dashboard's own thread enters raw mode shortly after it starts.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        let Ok(mut settings) = tcgetattr(std::io::stdin()) else {
            return; // Not a terminal.
        };
        if !settings.local_flags.contains(LocalFlags::ISIG) {
            settings.local_flags.insert(LocalFlags::ISIG);
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &settings);
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Keeps Ctrl-C a signal while a dashboard holds the terminal in raw mode.
#[cfg(not(unix))]
fn deliver_interrupts() {}
