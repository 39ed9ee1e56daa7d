//! One POST over HTTP/1.1, plain or with TLS (`rustls`, the roots of Mozilla), within a deadline.
//!
//! Written here because a judge needs one kind of request, and general clients bring in many crates.
//! Left out: redirects, proxies, compression, and connections that are kept.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Longer replies are not read, in bytes.
const LONGEST: usize = 1 << 20;

/// What was answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Opens connections.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    tls: Arc<ClientConfig>,
}

impl Default for Connector {
    fn default() -> Self {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: Arc::new(tls) }
    }
}

impl Connector {
    /// Sends JSON to `url`, with `key` as bearer's token.
    ///
    /// # Errors
    /// Where there is no whole reply within `timeout`; [`ErrorKind::InvalidInput`] where the URL is none.
    pub(super) fn post(
        &self,
        url: &str,
        key: Option<&str>,
        body: &str,
        timeout: Duration,
    ) -> io::Result<Reply> {
        let to = Address::of(url)?;
        let until = Instant::now().checked_add(timeout);
        let stream = Timed::connect(&to, until)?;
        let key = key.map_or(String::new(), |key| {
            format!("Authorization: Bearer {key}\r\n")
        });
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\n{key}Content-Type: application/json\r\nContent-Length: \
             {}\r\nAccept: application/json\r\nConnection: close\r\n\r\n{body}",
            to.path,
            to.authority,
            body.len()
        );
        if !to.secure {
            return exchange(stream, &request);
        }
        let name = ServerName::try_from(to.host).map_err(invalid)?;
        let session = ClientConnection::new(self.tls.clone(), name).map_err(Error::other)?;
        exchange(StreamOwned::new(session, stream), &request)
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::InvalidInput, error)
}

/// A URL in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    secure: bool,
    host: String,
    port: u16,
    /// Host and port as they were written.
    authority: String,
    path: String,
}

impl Address {
    fn of(url: &str) -> io::Result<Self> {
        let (secure, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(invalid("the URL begins with neither http:// nor https://")),
        };
        if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid("the URL has blanks in it"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // The colons of `[::1]` part no port.
        let colon = authority
            .rfind(':')
            .filter(|at| !authority[*at..].contains(']'));
        let (host, port) = match colon {
            Some(at) => {
                let port = authority[at + 1..].parse().map_err(invalid)?;
                (&authority[..at], port)
            }
            None => (authority, if secure { 443 } else { 80 }),
        };
        if host.is_empty() || host.contains('@') {
            return Err(invalid("the URL has no plain host"));
        }
        Ok(Self {
            secure,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            authority: authority.to_owned(),
            path: if path.is_empty() { "/" } else { path }.to_owned(),
        })
    }
}

/// A connection that fails once its time is over.
struct Timed {
    stream: TcpStream,
    until: Option<Instant>,
}

impl Timed {
    fn connect(to: &Address, until: Option<Instant>) -> io::Result<Self> {
        let mut failed = Error::new(ErrorKind::NotFound, "the host has no address");
        for address in (to.host.as_str(), to.port).to_socket_addrs()? {
            let opened = match left(until)? {
                Some(left) => TcpStream::connect_timeout(&address, left),
                None => TcpStream::connect(address),
            };
            match opened {
                Ok(stream) => return Ok(Self { stream, until }),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

/// The time that is left.
fn left(until: Option<Instant>) -> io::Result<Option<Duration>> {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    match left {
        Some(Duration::ZERO) => Err(Error::new(ErrorKind::TimedOut, "no reply in time")),
        left => Ok(left),
    }
}

/// Both kinds of systems' word for it.
fn timed(error: Error) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock => Error::new(ErrorKind::TimedOut, "no reply in time"),
        _ => error,
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(left(self.until)?)?;
        self.stream.read(buffer).map_err(timed)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(left(self.until)?)?;
        self.stream.write(buffer).map_err(timed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<Reply> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if let Some(reply) = reply(&bytes, false)? {
            return Ok(reply);
        }
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            let cut = || Error::new(ErrorKind::UnexpectedEof, "the reply was cut off");
            return reply(&bytes, true)?.ok_or_else(cut);
        }
        bytes.extend_from_slice(&buffer[..count]);
        if bytes.len() > LONGEST {
            let long = format!("the reply is longer than {LONGEST} bytes");
            return Err(Error::new(ErrorKind::InvalidData, long));
        }
    }
}

/// The reply in `bytes`; `None` where it is not whole. `ended`: nothing comes after.
fn reply(bytes: &[u8], ended: bool) -> io::Result<Option<Reply>> {
    let malformed = || Error::new(ErrorKind::InvalidData, "the reply is no HTTP");
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let mut lines = head.lines();
    let status = lines.next().filter(|line| line.starts_with("http/1."));
    let status = status.and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(malformed)?;
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let header = |name: &str| {
        let found = headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.trim())
    };
    let rest = &bytes[end + 4..];
    let body = if header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        chunks(rest).ok_or_else(malformed)?
    } else if let Some(length) = header("content-length") {
        let length: usize = length.parse().map_err(|_| malformed())?;
        rest.get(..length).map(<[u8]>::to_vec)
    } else {
        ended.then(|| rest.to_vec())
    };
    Ok(body.map(|body| Reply {
        status,
        body: String::from_utf8_lossy(&body).into_owned(),
    }))
}

/// The chunks put together: `Some(None)` where the last has not come, `None` where they are none.
fn chunks(mut rest: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else {
            return Some(None);
        };
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(Some(body));
        }
        let Some(chunk) = rest.get(..size) else {
            return Some(None);
        };
        body.extend_from_slice(chunk);
        match rest.get(size..size + 2) {
            Some(b"\r\n") => rest = &rest[size + 2..],
            Some(_) => return None,
            None => return Some(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let of = |url: &str| {
            Address::of(url)
                .map(|a| (a.secure, a.host, a.port, a.path))
                .ok()
        };
        let parts = |secure, host: &str, port, path: &str| {
            Some((secure, host.to_owned(), port, path.to_owned()))
        };
        assert_eq!(
            of("http://localhost:8000/v1/x"),
            parts(false, "localhost", 8000, "/v1/x")
        );
        assert_eq!(of("https://a.org"), parts(true, "a.org", 443, "/"));
        assert_eq!(of("http://[::1]/v1"), parts(false, "::1", 80, "/v1"));
        assert_eq!(of("http://[::1]:8/v1"), parts(false, "::1", 8, "/v1"));
        for none in [
            "ftp://a",
            "a.org",
            "http://",
            "http://a:x",
            "http://me@a",
            "http://a/b c",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn a_reply_ends_where_its_head_says() {
        let whole = |text: &str| {
            reply(text.as_bytes(), false)
                .unwrap()
                .map(|r| (r.status, r.body))
        };
        let said = |status, body: &str| Some((status, body.to_owned()));
        assert_eq!(
            whole("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
            said(200, "{}")
        );
        assert_eq!(
            whole("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"),
            None
        );
        let head = "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(
            whole(&format!("{head}2\r\n{{\"\r\n3;x=1\r\na\"}}\r\n0\r\n\r\n")),
            said(503, "{\"a\"}")
        );
        for part in ["", "2", "2\r\n{", "2\r\n{}\r\n", "2\r\n{}"] {
            assert_eq!(whole(&format!("{head}{part}")), None, "{part}");
        }
        assert!(reply(format!("{head}x\r\n").as_bytes(), false).is_err());
        assert!(reply(b"SSH-2.0\r\n\r\n", false).is_err());
        let open = b"HTTP/1.0 200 OK\r\n\r\n{}";
        assert_eq!(reply(open, false).unwrap(), None);
        assert_eq!(reply(open, true).unwrap().unwrap().body, "{}");
    }
}
