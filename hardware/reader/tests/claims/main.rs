//! The reader's program against a chip on a pty, and against pcscd with a reader that isn't there; kept running as the tablet keeps it.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]
mod nfc;
mod pcsc;
mod running;
