//! Which operation a notification is about. It says nothing else, and anyone may send one: the service is asked, never believed here.

use crate::fields::IdOp;
use url::form_urlencoded;

/// Longest query or body that is looked at; a real one has 41 bytes.
pub const NOTIFICATION_BYTES_MAX: usize = 4096;

/// The operation that a notification, or a browser's return, names: `idop` or `idOp`, in the query or in a form, by GET or POST.
///
/// Nothing where none is named, where the name is no UUID, or where two different ones are named.
#[must_use]
pub fn notified_operation(method: &str, query: Option<&str>, body: &[u8]) -> Option<IdOp> {
    let form = match method {
        "GET" => &[][..],
        "POST" => body,
        _ => return None,
    };
    let query = query.unwrap_or_default().as_bytes();
    if form.len() > NOTIFICATION_BYTES_MAX || query.len() > NOTIFICATION_BYTES_MAX {
        return None;
    }
    let mut named = form_urlencoded::parse(form)
        .chain(form_urlencoded::parse(query))
        .filter(|(name, _)| matches!(name.as_ref(), "idop" | "idOp"))
        .map(|(_, value)| IdOp::new(&value));
    let first = named.next()?.ok()?;
    named.all(|other| other.is_ok_and(|other| first.is(other.as_str()))).then_some(first)
}
