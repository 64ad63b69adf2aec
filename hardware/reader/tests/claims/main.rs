//! The reader's program against a chip on a pty, and against pcscd with a reader that isn't there; kept running as the tablet keeps it.

mod nfc;
mod pcsc;

mod running;
