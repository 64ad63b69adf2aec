//! The three cookies: the session, the token of forms before log-in, and the way back from a sign-on.
//!
//! All are HttpOnly and SameSite=Lax (a link in an e-mail finds the session; a form of another site doesn't send it). Where browsers
//! reach us encrypted they are `__Host-`: no other host of the domain can plant one.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Who is logged in.
    Session,
    /// The token that a form must repeat, before log-in.
    Form,
    /// Which browser left for a sign-on.
    SignOn,
}

impl Name {
    fn text(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-preau",
            (Self::Session, false) => "preau",
            (Self::Form, true) => "__Host-preau-formulaire",
            (Self::Form, false) => "preau-formulaire",
            (Self::SignOn, true) => "__Host-preau-sso",
            (Self::SignOn, false) => "preau-sso",
        }
    }
}

/// What a browser sent under a name.
#[must_use]
pub fn read(headers: &HeaderMap, name: Name, https: bool) -> Option<String> {
    let name = name.text(https);
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut found = lines.flat_map(|line| Cookie::split_parse(line.to_owned()).flatten()).filter(|cookie| cookie.name() == name);
    let value = found.next()?.value().to_owned();
    // Two of one name: one of them was planted from another path, and which is unknown.
    found.next().is_none().then_some(value)
}

/// A `Set-Cookie`. Without a life it goes with the browser's window; with none left it goes at once.
#[must_use]
pub fn set(name: Name, value: &str, life_s: Option<i64>, https: bool) -> Option<HeaderValue> {
    let cookie = Cookie::build((name.text(https), value.to_owned())).path("/").http_only(true).secure(https).same_site(SameSite::Lax);
    let cookie = match life_s {
        Some(seconds) => cookie.max_age(Duration::seconds(seconds)),
        None => cookie,
    };
    HeaderValue::from_str(&cookie.build().to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_a_cookie_is_this_host_s_alone() {
        let text = set(Name::Session, "abc", Some(60), true).unwrap();
        assert_eq!(text, "__Host-preau=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60");
        assert_eq!(set(Name::Session, "abc", None, false).unwrap(), "preau=abc; HttpOnly; SameSite=Lax; Path=/");
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let sent = |line: &str| {
            let headers: HeaderMap = [(header::COOKIE, HeaderValue::from_str(line).unwrap())].into_iter().collect();
            read(&headers, Name::Session, false)
        };
        assert_eq!(sent("a=1; preau=x; b=2").as_deref(), Some("x"));
        assert_eq!(sent("preau=x; preau=y"), None);
        assert_eq!(sent("__Host-preau=x"), None);
    }
}
