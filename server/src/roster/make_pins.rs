//! Gives PINs to the students of a roster who have none: makes the roster with hashes, and the sheet with the PINs
//! themselves. Touches no file; the command `roster` does.

use std::{io, num::NonZero, thread};

use squares_shared::{
    pin::{ALPHABET, LENGTH},
    spreadsheet,
};

use super::{
    columns::{Columns, NameColumns},
    encoding::text_of,
    entry::id_of,
    json::Objects,
    roster_file::{Roster, is_json},
    table::{Table, id_in},
};
use crate::pins::hash_pin;

/// Letters of which one at least stands in each PIN that is made: no number has them, in whatever base and notation
/// it is read.
const NO_DIGITS: std::ops::RangeInclusive<u8> = b'g'..=b'z';

/// What came of [`make_pins`].
pub struct MadePins {
    /// The roster, with the hashes.
    pub roster: Vec<u8>,
    /// The students who got a PIN, as CSV: ids and names under the titles that the roster has for them (`id` and `name`
    /// where it is JSON), and `PIN`. The only place where the PINs stand.
    pub sheet: Vec<u8>,
    /// How many got one.
    pub made: usize,
    /// How many had one already.
    pub had: usize,
}

/// Somebody who gets a PIN.
struct NewPin {
    id: String,
    name: String,
    pin: String,
    hash: String,
}

/// Gives every student of a roster file without a PIN a random one.
///
/// # Errors
/// What is wrong in the roster, with its place, and how to mend it: one line.
pub fn make_pins(bytes: &[u8]) -> Result<MadePins, String> {
    let roster = Roster::parse(bytes)?;
    roster.without_pin()?;
    let text = text_of(bytes)?;
    if is_json(text) {
        let objects = Objects::read(text)?;
        let ids = objects.students.iter().map(|student| objects.id_of(student)).collect();
        let titles = titles(&objects.columns, |at| &objects.titles[at]);
        return make(&roster, ids, &titles, |hash_of| json_with(&objects, hash_of));
    }
    let table = Table::find(text)?;
    let ids = table.rows()?.rows.into_iter().map(|(_, row)| id_of(&row.id)).collect();
    let titles = titles(&table.columns, |at| &table.titles[at]);
    make(&roster, ids, &titles, |hash_of| csv_with(&table, hash_of))
}

/// Makes PINs for those of these ids who have none. `with` writes the roster again with the hashes.
fn make(
    roster: &Roster,
    ids: Vec<String>,
    titles: &[String; 2],
    with: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<Vec<u8>, String>,
) -> Result<MadePins, String> {
    let mut new = Vec::new();
    for id in ids {
        if let Some(listed) = roster.students.get(&id).filter(|listed| listed.pin.is_none()) {
            let (name, pin) = (listed.student.name.clone(), random_pin()?);
            new.push(NewPin { id, name, pin, hash: String::new() });
        }
    }
    hash_all(&mut new)?;
    let hash_of = |id: &str| new.iter().find(|student| student.id == id).map(|student| student.hash.clone());
    let made = new.len();
    let roster_anew = with(&hash_of)?;
    let sheet = sheet(titles, &new).map_err(|error| error.to_string())?;
    Ok(MadePins { roster: roster_anew, sheet, made, had: roster.len() - made })
}

/// A PIN such as `k7mq-93xd`, each as likely as the others. Online, the protocol lets nobody try more than a few
/// hundred a day for one student; a stolen roster, at about 40 tries a second and core, holds out for centuries of
/// one core.
fn random_pin() -> Result<String, String> {
    /// The largest count of bytes that every character has the same share of.
    const FAIR: usize = 256 / ALPHABET.len() * ALPHABET.len();
    loop {
        let mut bytes = [0; 2 * LENGTH];
        getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no randomness: {error}; try again"))?;
        let fair = bytes.into_iter().map(usize::from).filter(|byte| *byte < FAIR);
        let made: Vec<u8> = fair.map(|byte| ALPHABET[byte % ALPHABET.len()]).take(LENGTH).collect();
        if made.len() == LENGTH && made.iter().any(|letter| NO_DIGITS.contains(letter)) {
            let (left, right) = made.split_at(LENGTH / 2);
            return Ok(left.iter().chain(b"-").chain(right).copied().map(char::from).collect());
        }
    }
}

/// Hashing takes tens of milliseconds each: every processor helps.
fn hash_all(new: &mut [NewPin]) -> Result<(), String> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = new.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let hash = |part: &mut [NewPin]| {
            part.iter_mut().try_for_each(|student| {
                student.hash = hash_pin(&student.pin).map_err(|error| error.to_string())?;
                Ok(())
            })
        };
        let parts: Vec<_> = new.chunks_mut(share).map(|part| scope.spawn(move || hash(part))).collect();
        parts.into_iter().try_for_each(|part| part.join().unwrap_or_else(|_| Err("a thread is gone".to_owned())))
    })
}

/// How this roster calls ids and names.
fn titles<'a>(columns: &Columns, title: impl Fn(usize) -> &'a str) -> [String; 2] {
    let id = title(columns.id);
    let name = match columns.name {
        NameColumns::In(at) => title(at),
        _ if id.chars().any(|c| matches!(c, '가'..='힣')) => "이름",
        _ => "name",
    };
    [id, name].map(str::to_owned)
}

fn json_with(objects: &Objects, hash_of: &dyn Fn(&str) -> Option<String>) -> Result<Vec<u8>, String> {
    let pin = objects.columns.pin.map_or("pin", |at| &objects.titles[at]);
    let mut students = objects.students.clone();
    for student in &mut students {
        if let Some(hash) = hash_of(&objects.id_of(student)) {
            student.insert(pin.to_owned(), hash.into());
        }
    }
    let mut roster = serde_json::to_vec_pretty(&students).map_err(|error| error.to_string())?;
    roster.push(b'\n');
    Ok(roster)
}

fn csv_with(table: &Table<'_>, hash_of: &dyn Fn(&str) -> Option<String>) -> Result<Vec<u8>, String> {
    let failed = |error: csv::Error| error.to_string();
    let columns = table.titles.len();
    let pin = table.columns.pin.unwrap_or(columns);
    // With the mark that spreadsheets need to see that it is UTF-8.
    let begin = format!("\u{feff}{}", table.separator_line);
    let mut writer =
        csv::WriterBuilder::new().flexible(true).delimiter(table.separator()).from_writer(begin.into_bytes());
    for (at, record) in table.records().enumerate() {
        let record = record.map_err(failed)?;
        let mut row: Vec<String> = record.iter().map(str::to_owned).collect();
        if at >= table.header {
            row.resize(row.len().max(columns.max(pin + 1)), String::new());
            if at > table.header {
                let hash = record.get(table.columns.id).and_then(|id| hash_of(&id_of(id_in(id))));
                row[pin] = hash.unwrap_or_else(|| std::mem::take(&mut row[pin]));
            } else if pin == columns {
                "PIN".clone_into(&mut row[pin]);
            }
        }
        writer.write_record(row).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

fn sheet([id, name]: &[String; 2], new: &[NewPin]) -> io::Result<Vec<u8>> {
    let mut sheet = spreadsheet::Table::begin(spreadsheet::BYTE_ORDER_MARK.into(), [id, name, "PIN"])?;
    new.iter().try_for_each(|student| sheet.row([&student.id, &student.name, &student.pin]))?;
    sheet.end()
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, PasswordVerifier as _};
    use squares_shared::{number::Number, pin::canonical};

    use super::*;

    #[test]
    fn no_pin_that_is_made_is_a_number_or_has_characters_that_look_like_others() {
        let mut counts = [0_usize; 256];
        for _ in 0..5000 {
            let pin = random_pin().unwrap();
            let (left, right) = pin.split_once('-').unwrap();
            assert_eq!((left.len(), right.len()), (4, 4), "{pin}");
            let letters = left.bytes().chain(right.bytes());
            assert!(letters.clone().any(|letter| !letter.is_ascii_hexdigit()), "{pin}");
            for text in [&*pin, &*canonical(&pin), &pin.to_uppercase(), left, right] {
                let whole = text.len() >= LENGTH;
                assert!(!whole || Number::parse(text, 1000).is_err(), "{text}");
            }
            letters.for_each(|letter| counts[usize::from(letter)] += 1);
        }
        for (letter, count) in (0..=u8::MAX).zip(counts) {
            let expected = if ALPHABET.contains(&letter) { 1000..1700 } else { 0..1 };
            assert!(expected.contains(&count), "{:?} {count} times", char::from(letter));
        }
        assert!(b"0o1ile".iter().all(|letter| !ALPHABET.contains(letter)));
    }

    fn check(file: &str, titles: &str) {
        let made = make_pins(file.as_bytes()).expect(file);
        assert_eq!((made.made, made.had), (2, 1), "{file}");
        let roster = Roster::parse(&made.roster).expect(file);
        assert_eq!(roster.without_pin(), Ok(0), "{file}");
        let sheet = String::from_utf8(made.sheet).unwrap();
        let lines: Vec<&str> = sheet.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], titles);
        assert_eq!(lines.len(), 3, "{sheet}");
        for line in &lines[1..] {
            let [id, name, pin] = *line.split(',').collect::<Vec<_>>() else { panic!("{line}") };
            assert_eq!(name.trim_start_matches('\''), roster.students[id].student.name);
            let read = canonical(pin);
            assert!(pin.len() == LENGTH + 1 && *read == pin.replacen('-', "", 1), "{pin}");
            let hash: &str = roster.students[id].pin.as_ref().unwrap();
            assert!(Argon2::default().verify_password(read.as_bytes(), hash).is_ok(), "{line}");
            assert!(!String::from_utf8_lossy(&made.roster).contains(pin));
        }
        let again = make_pins(&made.roster).unwrap();
        assert_eq!((again.made, again.had), (0, 3), "nobody gets a second one");
    }

    #[test]
    fn who_has_no_pin_gets_one_and_the_rest_stays_as_it_is() {
        let hash = hash_pin("1").unwrap();
        check(&format!("\u{feff}학번,이름,PIN,메모\ns1,가람,,x\n s2 ,나래,\"{hash}\"\ns3,=다솜\n"), "학번,이름,PIN");
        check(&format!("name,id,pin\nA,s1\n\n+B,s3\nC,s2,\"{hash}\"\n"), "id,name,PIN");
        check(&format!("Student ID,PIN\ns1,\ns2,\"{hash}\"\ns3\n"), "Student ID,name,PIN");
        check(
            &format!(
                "sep=;\n명단;;;\n\n번호;학번(ID);이름;PIN\n1;s1;가람;\n2;s2;나래;\"{hash}\"\n3;=\"s3\";다솜\n;;;\n"
            ),
            "학번(ID),이름,PIN",
        );
        check(
            &format!("Student\tID\tSIS User ID\tpin\n    Points Possible\nA\t1\ts1\nB\t2\ts2\t{hash}\nC\t3\ts3\n"),
            "SIS User ID,Student,PIN",
        );
        check(
            &format!(r#"[{{"학번":"s1","성명":"가람"}},{{"학번":"s2","PIN":"{hash}"}},{{"학번":" s3 "}}]"#),
            "학번,성명,PIN",
        );
        check(&format!("학번,PIN\ns1,\ns2,\"{hash}\"\ns3\n"), "학번,이름,PIN");
        check(
            &format!(r#"[{{"id":1,"name":"가람","x":[1]}},{{"id":"s2","pin":"{hash}"}},{{"id":"s3"}}]"#),
            "id,name,PIN",
        );
    }

    #[test]
    fn a_plain_pin_is_refused_here_too() {
        let error = make_pins(b"id,pin\ns1,4711\n").err().unwrap();
        assert!(error.contains("squares-server pin") && !error.contains("4711"), "{error}");
    }
}
