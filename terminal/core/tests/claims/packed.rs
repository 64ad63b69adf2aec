//! What the tablet compresses, and for whom.

use crate::tls::{ALWAYS, Authority, Heard, authority, server_that, url};
use std::io::Read;
use std::sync::{Arc, Mutex};
use terminal_core::sync::believed_time::BelievedTime;
use terminal_core::sync::gzip::{COMPRESSED_FROM_BYTES, compressed};
use terminal_core::sync::http::Http;
use terminal_core::sync::transport::{Answer, LineFailure, Request, Transport};

/// Whether each body that a server heard was compressed, in order.
type Packed = Arc<Mutex<Vec<bool>>>;

/// A server that answers with these headers and this status where a body is compressed, and keeps what it heard.
fn server(authority: &Authority, status_of_packed: u16, headers: &'static str) -> (Http, Packed) {
    let packed = Packed::default();
    let kept = Arc::clone(&packed);
    let at = server_that(authority, ALWAYS, move |Heard { head, body }| {
        assert!(head.contains("accept-encoding: gzip\r\n"), "{head}");
        let is_packed = head.contains("content-encoding: gzip\r\n");
        kept.lock().unwrap().push(is_packed);
        let status = if is_packed { status_of_packed } else { 200 };
        if is_packed && status == 200 {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, long().body);
        }
        format!("HTTP/1.1 {status} OK\r\n{headers}content-length: 2\r\nconnection: close\r\n\r\n{{}}").into_bytes()
    });
    (Http::pinned(&url(at), &authority.der, BelievedTime::by(Some(1_590_000_000), || 1_590_000_000)).unwrap(), packed)
}

fn long() -> Request {
    Request { path: "/sync/v1/push", bearer: None, body: vec![b'{'; COMPRESSED_FROM_BYTES] }
}

fn short() -> Request {
    Request { path: "/sync/v1/session", bearer: None, body: b"{}".to_vec() }
}

fn ask(http: &mut Http, request: &Request) -> u16 {
    http.send(request).unwrap().status
}

#[test]
fn a_body_is_compressed_once_the_server_has_said_that_it_reads_it_and_only_a_long_one() {
    let (mut http, packed) = server(&authority(), 200, "accept-encoding: gzip\r\n");
    for request in [long(), short(), long()] {
        assert_eq!(ask(&mut http, &request), 200);
    }
    assert_eq!(*packed.lock().unwrap(), [false, false, true]);
}

#[test]
fn a_server_that_says_nothing_gets_what_it_always_got() {
    let (mut http, packed) = server(&authority(), 400, "");
    for _ in 0..3 {
        assert_eq!(ask(&mut http, &long()), 200);
    }
    assert_eq!(*packed.lock().unwrap(), [false; 3]);
}

#[test]
fn where_an_older_server_takes_the_place_of_a_newer_one_the_body_is_sent_again_as_it_is() {
    let authority = authority();
    for status in [400, 415] {
        let (mut http, packed) = server(&authority, status, "accept-encoding: gzip\r\n");
        assert_eq!((ask(&mut http, &short()), ask(&mut http, &long())), (200, 200), "{status}");
        assert_eq!(*packed.lock().unwrap(), [false, true, false]);
    }
}

fn answered(headers: &'static str, body: Vec<u8>) -> Result<Answer, LineFailure> {
    let authority = authority();
    let at = server_that(&authority, ALWAYS, move |_| {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        [head.as_bytes(), &body].concat()
    });
    Http::pinned(&url(at), &authority.der, BelievedTime::by(Some(1_590_000_000), || 1_590_000_000)).unwrap().send(&short())
}

#[test]
fn an_answer_is_unpacked_and_one_that_cannot_be_is_none_of_our_server() {
    let said = vec![b'{'; 5_000];
    let packed = compressed(&said).unwrap();
    assert_eq!(answered("content-encoding: gzip\r\n", packed.clone()).unwrap().body, said);
    assert_eq!(answered("", said.clone()).unwrap().body, said);
    assert_eq!(answered("content-encoding: gzip\r\n", said), Err(LineFailure::NotPreau));
    let bomb = compressed(&vec![b' '; 17 * 1024 * 1024]).unwrap();
    assert_eq!(answered("content-encoding: gzip\r\n", bomb), Err(LineFailure::NotPreau), "read up to the ceiling, and no further");
}
