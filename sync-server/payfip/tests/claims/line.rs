//! A line that misbehaves below HTTP, played by a bare socket.

use crate::{idop, payment};
use payfip::{BODY_BYTES_MAX, Client, ConfigError, Error, OFFICIAL_HOST, Unreadable};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Answers one request with whatever a closure writes.
fn line(play: impl FnOnce(&mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 8192];
        let _ = stream.read(&mut request);
        play(&mut stream);
    });
    format!("http://{address}")
}

async fn asked(host: &str) -> Error {
    Client::with_patience(host, Duration::from_millis(1500)).unwrap().detail(&idop()).await.unwrap_err()
}

#[tokio::test]
async fn an_answer_without_end_is_left_at_the_limit() {
    let host = line(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\n\r\n");
        while stream.write_all(&[b' '; 4096]).is_ok() {}
    });
    assert_eq!(asked(&host).await, Error::Unreadable { status: 200, reason: Unreadable::TooLong });
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_not_even_begun() {
    let host = line(|stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
        let _ = stream.read(&mut [0; 1]);
    });
    assert_eq!(asked(&host).await, Error::Unreadable { status: 200, reason: Unreadable::TooLong });
}

#[tokio::test]
async fn an_answer_that_drips_is_a_timeout_all_the_same() {
    let host = line(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(asked(&host).await, Error::Timeout);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = elsewhere.local_addr().unwrap();
    let host = line(move |stream| {
        let _ = write!(stream, "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
    });
    let error = asked(&host).await;
    assert_eq!(error, Error::Unreadable { status: 307, reason: Unreadable::Empty });
    assert!(!error.is_retryable());
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.accept().is_err(), "nobody called there");
}

#[tokio::test]
async fn a_line_that_breaks_and_a_port_where_nobody_listens_are_unreachable() {
    let broken = line(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<S:Envelope");
    });
    assert!(matches!(asked(&broken).await, Error::Unreachable { connected: true, .. }));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = asked(&format!("http://{closed}")).await;
    assert!(matches!(error, Error::Unreachable { connected: false, .. }) && error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn the_request_is_the_post_that_soap_1_1_asks_for() {
    let (heard, request) = std::sync::mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        while !text.contains("</S:Envelope>") {
            let mut part = [0; 4096];
            let read = stream.read(&mut part).unwrap();
            text.push_str(std::str::from_utf8(&part[..read]).unwrap());
        }
        heard.send(text).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    });
    let error = Client::new(&host).unwrap().create(&payment()).await.unwrap_err();
    assert_eq!(error, Error::Unreadable { status: 502, reason: Unreadable::Empty });
    let request = request.recv().unwrap();
    assert!(request.starts_with("POST /tpa/services/securite HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("soapaction: \"\"\r\n") && request.contains("content-type: text/xml; charset=utf-8\r\n"), "{request}");
}

#[test]
fn a_host_is_encrypted_or_this_machine_and_nothing_but_a_host() {
    for fits in [OFFICIAL_HOST, "https://www.tipi.budget.gouv.fr/", "http://127.0.0.1:8099", "http://[::1]:1", "http://localhost:8099"] {
        assert!(Client::new(fits).is_ok(), "{fits}");
    }
    for open in ["http://www.payfip.gouv.fr", "http://192.168.1.4:8099", "http://localhost.example"] {
        assert!(matches!(Client::new(open), Err(ConfigError::NotEncrypted(_))), "{open}");
    }
    for wrong in
        ["www.payfip.gouv.fr", "", "https://www.payfip.gouv.fr/tpa", "https://a:b@www.payfip.gouv.fr", "https://x.fr/?a", "ftp://x.fr"]
    {
        assert!(matches!(Client::new(wrong), Err(ConfigError::Host(_))), "{wrong}");
    }
    let page = Client::new(OFFICIAL_HOST).unwrap().payment_page_url(&idop());
    assert_eq!(page.as_str(), "https://www.payfip.gouv.fr/tpa/paiementws.web?idop=cc0cb210-1cd4-11ea-8cca-0213ad91a103");
}
