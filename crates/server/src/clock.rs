//! Moments for people and other programs.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// This moment as RFC 3339 has it, in UTC and with milliseconds.
pub(crate) fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_millisecond(now.millisecond()).unwrap_or(now);
    now.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_have_the_form_of_rfc_3339() {
        let now = super::now();
        assert!(now.len() <= 24 && now.ends_with('Z') && now.as_bytes()[10] == b'T', "{now}");
    }
}
