//! Reading `/metrics`.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// The number of open streams.
pub(super) const CONNECTIONS: &str = "campanile_connections";

/// The sum of the values of a metric whose labels hold `labels`. Counters end with `_total` in the text; `name` may leave that out.
pub(super) fn sum(text: &str, name: &str, labels: &str) -> f64 {
    let value = |line: &str| -> Option<f64> {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, found_labels) = series.split_once('{').unwrap_or((series, ""));
        let same = found == name || found.strip_suffix("_total") == Some(name);
        (same && found_labels.contains(labels)).then(|| value.parse().ok()).flatten()
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(value).sum()
}

/// Waits a moment for the streams whose readers are gone to be gone too; how many are not.
///
/// Blocking, for use in a destructor.
pub(super) fn leaked(admin: SocketAddr) -> Option<f64> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        // A node that does not answer any more has no streams either.
        let count = sum(&fetch(admin).ok()?, CONNECTIONS, "");
        if count < 0.5 {
            return None;
        }
        if Instant::now() > deadline {
            return Some(count);
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn fetch(admin: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(admin)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_summed_over_labels() {
        let text = "# TYPE a counter\na_total{x=\"1\",y=\"2\"} 3\na_total{x=\"2\"} 4\nab 5\na_bucket{le=\"1\"} 9\n";
        assert!((sum(text, "a", "") - 7.0).abs() < 1e-9);
        assert!((sum(text, "a", "x=\"1\"") - 3.0).abs() < 1e-9);
        assert!((sum(text, "ab", "") - 5.0).abs() < 1e-9);
        assert!(sum(text, "c", "").abs() < 1e-9);
    }
}
