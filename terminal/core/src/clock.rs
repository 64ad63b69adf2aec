//! The clocks of the machine, read here and nowhere else. Everything else
//! takes a [`Now`] as an argument, so that a seed or a file of actions can
//! replay a month.

use crate::store::StoreError;
use nix::time::{ClockId, clock_gettime};
use shared::calendar::{Instant, business_day, instant_from_ms, local};
use shared::id::BootId;

/// What the machine's clocks say at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, ms since 1970 UTC. Believed by nobody: a dead battery says 1970.
    pub wall_ms: i64,
    /// CLOCK_BOOTTIME, ms: goes on in sleep, never jumps. What waiting is measured with.
    pub boottime_ms: u64,
    /// Which start of the machine `boottime_ms` counts from.
    pub boot: BootId,
}

impl Now {
    /// The wall clock's instant.
    #[must_use]
    pub fn instant(&self) -> Instant {
        instant_from_ms(self.wall_ms)
    }

    /// The business day of the wall clock.
    #[must_use]
    pub fn day(&self) -> chrono::NaiveDate {
        business_day(self.instant())
    }

    /// The time of day in Europe/Paris.
    #[must_use]
    pub fn time(&self) -> chrono::NaiveTime {
        local(self.instant()).time()
    }

    /// The same instant with the wall clock put right, where the server has been heard since the machine started.
    #[must_use]
    pub fn corrected(self, observed: Option<Observed>) -> Self {
        match observed {
            Some(o) if o.boot == self.boot => {
                Self { wall_ms: o.server_ms.saturating_add(self.boottime_ms.cast_signed() - o.boottime_ms.cast_signed()), ..self }
            }
            _ => self,
        }
    }
}

/// The server's clock, seen at one instant of this machine's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// Which start of the machine.
    pub boot: BootId,
    /// CLOCK_BOOTTIME when it was seen.
    pub boottime_ms: u64,
    /// What it said, ms since 1970 UTC.
    pub server_ms: i64,
}

/// Where [`Now`] comes from.
pub trait Clock: Send {
    /// The clocks, now.
    fn now(&self) -> Now;
}

/// The machine's own clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    boot: BootId,
}

impl SystemClock {
    /// # Errors
    /// Where the kernel doesn't name its start: without it no time can be judged later.
    pub fn new() -> Result<Self, StoreError> {
        let path = "/proc/sys/kernel/random/boot_id";
        let text = std::fs::read_to_string(path).map_err(|e| StoreError::io(path, &e))?;
        let boot =
            text.trim().parse().map_err(|_| StoreError::Io { path: path.into(), why: "le noyau ne nomme pas son démarrage".into() })?;
        Ok(Self { boot })
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Now {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let wall_ms = match since {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        // CLOCK_BOOTTIME exists on every Linux since 2.6.39; were it refused, entries would say 0, and the wall clock still stands.
        let boottime_ms = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(0, |t| {
            u64::try_from(t.tv_sec()).unwrap_or(0).saturating_mul(1_000) + u64::try_from(t.tv_nsec() / 1_000_000).unwrap_or(0)
        });
        Now { wall_ms, boottime_ms, boot: self.boot }
    }
}

/// The wall clock in s since 1970 UTC; 0 for a clock before that.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Milliseconds of a duration that was measured on the monotonic clock, as a count of microseconds.
#[must_use]
pub fn elapsed_us(since: std::time::Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_of_1970_is_put_right_once_the_server_was_heard() {
        let boot = BootId::new(1, [1; 10]);
        let now = Now { wall_ms: 5_000, boottime_ms: 70_000, boot };
        let seen = Observed { boot, boottime_ms: 10_000, server_ms: 1_790_000_000_000 };
        assert_eq!(now.corrected(Some(seen)).wall_ms, 1_790_000_060_000);
        let before = Now { boottime_ms: 4_000, ..now };
        assert_eq!(before.corrected(Some(seen)).wall_ms, 1_789_999_994_000, "also for an instant before it was heard");
        let other_boot = Observed { boot: BootId::new(2, [2; 10]), ..seen };
        assert_eq!(now.corrected(Some(other_boot)), now, "another start of the machine says nothing");
    }

    #[test]
    fn the_machine_names_its_start_and_its_boottime_does_not_go_back() {
        let clock = SystemClock::new().unwrap();
        let (first, second) = (clock.now(), clock.now());
        assert_eq!(first.boot, second.boot);
        assert!(second.boottime_ms >= first.boottime_ms && first.boottime_ms > 0);
    }
}
