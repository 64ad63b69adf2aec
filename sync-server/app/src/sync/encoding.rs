//! What travels between tablets and server is compressed where both can: gzip, by the standard headers.
//!
//! A tablet says `Accept-Encoding` and gets what it asks for; the answer that opens its session says `Accept-Encoding` in turn
//! (RFC 9110, 12.5.3), and from then on it may compress what it sends. One that knows nothing of this says nothing and goes on as before.
//! A body is bounded as it came and as it becomes, so that a bomb costs no more than an honest push. It is read to its end before it is
//! refused: whoever is still sending wouldn't hear why.

use crate::serve::Server;
use crate::sync::refusal::Refusal;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use shared::wire::limits::BODY_BYTES_MAX;
use std::io::Read;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

/// The encoding that this server speaks.
pub const GZIP: HeaderValue = HeaderValue::from_static("gzip");
/// Answers below this many bytes fit in one packet anyway, and go as they are.
pub const COMPRESSED_FROM_BYTES: u64 = 1024;

/// Routes whose answers are compressed for whoever asks for it. A photo is compressed already.
pub(crate) fn compressed(routes: Router<Server>) -> Router<Server> {
    routes.layer(CompressionLayer::new().compress_when(SizeAbove::new(COMPRESSED_FROM_BYTES).and(NotForContentType::IMAGES)))
}

/// Tells a tablet, with its session, that it may compress.
pub(crate) async fn told(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    answer.headers_mut().insert(header::ACCEPT_ENCODING, GZIP);
    answer
}

/// A body in an encoding that is known, not read yet.
pub struct Packed {
    body: Body,
    is_gzip: bool,
}

impl<S: Sync> FromRequest<S> for Packed {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        match encoding(request.headers()) {
            Some(is_gzip) => Ok(Self { body: request.into_body(), is_gzip }),
            None => {
                let mut refusal = Refusal::encoding_unknown().into_response();
                refusal.headers_mut().insert(header::ACCEPT_ENCODING, GZIP);
                Err(refusal)
            }
        }
    }
}

/// Whether a body is in gzip; `None` where it is in something else.
fn encoding(headers: &HeaderMap) -> Option<bool> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let is_gzip = match encodings.next().map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => return None,
    };
    encodings.next().is_none().then_some(is_gzip)
}

impl Packed {
    /// Reads the body as it comes.
    ///
    /// # Errors
    /// A body above the limit; a line that broke.
    pub async fn received(self) -> Result<Received, Refusal> {
        let bytes = to_bytes(self.body, BODY_BYTES_MAX).await.map_err(|error| {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(at) = cause {
                // A line that broke in the middle is no tablet that sends too much.
                if at.to_string().contains("length limit exceeded") {
                    return Refusal::too_large();
                }
                cause = at.source();
            }
            Refusal::unreadable()
        })?;
        Ok(Received { bytes, is_gzip: self.is_gzip })
    }
}

/// A body as it came.
pub struct Received {
    bytes: Bytes,
    is_gzip: bool,
}

impl Received {
    /// What it says. Never more than one byte above the limit is decompressed.
    ///
    /// # Errors
    /// Bytes that are no gzip; those that become too many.
    pub fn unpacked(self) -> Result<Bytes, Refusal> {
        if !self.is_gzip {
            return Ok(self.bytes);
        }
        let mut unpacked = Vec::new();
        let mut decoder = GzDecoder::new(self.bytes.as_ref()).take(BODY_BYTES_MAX as u64 + 1);
        decoder.read_to_end(&mut unpacked).map_err(|_| Refusal::unreadable())?;
        if unpacked.len() > BODY_BYTES_MAX { Err(Refusal::too_large()) } else { Ok(unpacked.into()) }
    }
}
