//! The theme's files, inside the program: `/theme/preau.css` and its fonts.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// How long a browser keeps a file without asking: the address changes with the release.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=86400");

#[derive(RustEmbed)]
#[folder = "theme/"]
struct Files;

/// One file.
pub async fn file(Path(name): Path<String>) -> Response {
    let Some(file) = Files::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => HeaderValue::from_static("text/css; charset=utf-8"),
        Some("woff2") => HeaderValue::from_static("font/woff2"),
        Some("svg") => HeaderValue::from_static("image/svg+xml"),
        _ => HeaderValue::from_static("application/octet-stream"),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEEP)], file.data).into_response()
}
