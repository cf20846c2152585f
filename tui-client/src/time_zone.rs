//! The reader's time zone: as `TZ` has it, else as the system is set. Called by `main`.

use std::path::{Component, Path};

use jiff::tz::TimeZone;

/// Where systems keep their zones, a file for each.
const FOLDERS: &[&str] = &["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// The largest zone file that is read; real ones have some kilobytes.
const LONGEST: u64 = 1 << 20;

/// The time zone; and what `TZ` says, where no such zone is known and UTC is used.
///
/// The system's file of that zone goes before what this program brings along, which may be older. The library would
/// look through all of them for it, before anything is on the screen.
#[must_use]
pub fn find() -> (TimeZone, Option<String>) {
    let wanted = std::env::var_os("TZ").map(|wanted| wanted.to_string_lossy().into_owned());
    let file = match &wanted {
        Some(wanted) => of_system(name(wanted), FOLDERS),
        None => read("Local", Path::new("/etc/localtime")),
    };
    // Rules such as `KST-9`, other systems' ways, and every name without the system.
    match (file.or_else(|| TimeZone::try_system().ok()), wanted) {
        (Some(zone), _) => (zone, None),
        (None, wanted) => (TimeZone::UTC, wanted),
    }
}

/// The name of a zone, which may be written as a path, or behind a colon.
fn name(wanted: &str) -> &str {
    let wanted = wanted.trim_start_matches(':');
    wanted.rsplit_once("zoneinfo/").map_or(wanted, |(_, name)| name)
}

/// The zone of this name in the first folder that has it.
fn of_system(name: &str, folders: &[&str]) -> Option<TimeZone> {
    let within = !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    folders.iter().filter(|_| within).find_map(|folder| read(name, &Path::new(folder).join(name)))
}

fn read(name: &str, path: &Path) -> Option<TimeZone> {
    let file = std::fs::metadata(path).ok().filter(|file| file.is_file() && file.len() <= LONGEST);
    TimeZone::tzif(name, &std::fs::read(file.map(|_| path)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn hours(zone: &TimeZone) -> i32 {
        // The first of January, which is winter in one half of the world.
        zone.to_offset(Timestamp::from_second(1_767_225_600).unwrap()).seconds() / 3_600
    }

    #[test]
    fn a_name_is_known_however_it_is_written() {
        for wanted in [
            "Asia/Seoul",
            ":Asia/Seoul",
            "/usr/share/zoneinfo/Asia/Seoul",
            ":/usr/share/zoneinfo/Asia/Seoul",
            "../zoneinfo/Asia/Seoul",
        ] {
            assert_eq!(name(wanted), "Asia/Seoul", "{wanted}");
        }
    }

    #[test]
    fn every_name_is_known_without_the_system() {
        for (name, zone) in [("Asia/Seoul", 9), ("asia/seoul", 9), ("ROK", 9), ("America/New_York", -5), ("UTC", 0)] {
            assert_eq!(hours(&TimeZone::get(name).unwrap()), zone, "{name}");
        }
        assert!(TimeZone::get("Asia/Soul").is_err());
    }

    #[test]
    fn the_systems_file_is_taken_and_nothing_outside_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let zones = folder.path().join("zoneinfo");
        std::fs::create_dir_all(zones.join("Sample")).unwrap();
        // A zone of nine hours, in the first version of the format: one type, and no change of it.
        let mut zone = b"TZif\0".to_vec();
        zone.extend([0; 15]);
        for count in [0, 0, 0, 0, 1, 4_u32] {
            zone.extend(count.to_be_bytes());
        }
        zone.extend(32_400_i32.to_be_bytes());
        zone.extend(b"\0\0KST\0");
        std::fs::write(zones.join("Sample/Zone"), &zone).unwrap();
        std::fs::write(folder.path().join("outside"), &zone).unwrap();
        std::fs::write(zones.join("broken"), "no zone").unwrap();
        let folders = ["/nonexistent", zones.to_str().unwrap()];
        assert_eq!(of_system("Sample/Zone", &folders).as_ref().map(hours), Some(9));
        for name in ["../outside", "broken", "Sample", "", "/", "Nowhere"] {
            assert!(of_system(name, &folders).is_none(), "{name}");
        }
    }
}
