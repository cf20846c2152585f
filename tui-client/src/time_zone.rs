//! The reader's time zone: as `TZ` has it, else as the system is set. Called by `main`.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The time zone; and what `TZ` says, where nobody knows such a one and UTC has to do.
#[must_use]
pub fn find() -> (TimeZone, Option<String>) {
    let wanted = std::env::var_os("TZ").map(|wanted| wanted.to_string_lossy().into_owned());
    match (TimeZone::try_system(), wanted) {
        (Ok(zone), _) => (zone, None),
        (Err(_), Some(wanted)) => match bundled(&wanted) {
            Some(zone) => (zone, None),
            None => (TimeZone::UTC, Some(wanted)),
        },
        (Err(_), None) => (TimeZone::UTC, None),
    }
}

/// A zone by its name, also where the system knows only some: those of old names are a package of their own in places.
fn bundled(wanted: &str) -> Option<TimeZone> {
    let wanted = wanted.trim_start_matches(':');
    let name = wanted.rsplit_once("zoneinfo/").map_or(wanted, |(_, name)| name);
    TimeZoneDatabase::bundled().get(name).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn every_name_is_known_without_the_system_however_it_is_written() {
        let new_year = Timestamp::from_second(1_767_225_600).unwrap();
        for (name, hours) in [
            ("Asia/Seoul", 9),
            (":Asia/Seoul", 9),
            ("asia/seoul", 9),
            ("/usr/share/zoneinfo/Asia/Seoul", 9),
            (":/usr/share/zoneinfo/posix/../zoneinfo/Asia/Seoul", 9),
            ("ROK", 9),
            ("America/New_York", -5),
            ("UTC", 0),
        ] {
            let zone = bundled(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(zone.to_offset(new_year).seconds(), hours * 3_600, "{name}");
        }
        for name in ["Asia/Soul", "", "KST", "../etc/passwd"] {
            assert!(bundled(name).is_none(), "{name}");
        }
    }
}
