//! What the engine tells besides its outcomes: warnings and errors on stderr, in the form of the command line's own.

use std::fmt::{self, Debug};
use std::io;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::render::{Paint, hint, warning};

/// Shows warnings and errors of the engine from now on.
pub(crate) fn show_warnings() {
    let format = Lines { paint: Paint::of(&io::stderr()) };
    let subscriber = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(Level::WARN).event_format(format);
    // Whoever has set up a log before us goes on with it.
    let _ = tracing::subscriber::set_global_default(subscriber.finish());
}

struct Lines {
    paint: Paint,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut told = Told::default();
        event.record(&mut told);
        let mut message = told.message;
        if let Some(error) = told.error {
            message.push_str(&format!(": {error}"));
        }
        if !told.rest.is_empty() {
            message.push_str(&format!(" ({})", told.rest.join(", ")));
        }
        writer.write_str(&warning(&message, self.paint))?;
        told.remedy.map_or(Ok(()), |remedy| writer.write_str(&hint(&remedy, self.paint)))
    }
}

/// The parts of an event.
#[derive(Default)]
struct Told {
    message: String,
    error: Option<String>,
    remedy: Option<String>,
    /// Other fields, each as `name: value`.
    rest: Vec<String>,
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.to_owned());
    }
}

impl Told {
    fn take(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            "error" => self.error = Some(value),
            "remedy" => self.remedy = Some(value),
            name => self.rest.push(format!("{name}: {value}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_warning_has_its_reason_and_what_to_do() {
        let shown = Shown::default();
        let writer = shown.clone();
        let format = Lines { paint: Paint::PLAIN };
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).event_format(format).finish();
        tracing::subscriber::with_default(subscriber, || {
            let error = io::Error::from_raw_os_error(13);
            tracing::warn!(%error, remedy = "ask for it", failures = 2, "there is none");
            tracing::error!("the end");
        });
        let shown = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            shown,
            "warning: there is none: Permission denied (os error 13) (failures: 2)\nhint: ask for it\nwarning: the end\n"
        );
    }
}
