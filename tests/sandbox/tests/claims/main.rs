//! The client against the sandbox in this process: every call, fault and switch; and the sandbox against its own description.
#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

mod calls;
mod description;
mod life;
mod notifications;
mod spoiled;
mod world;
