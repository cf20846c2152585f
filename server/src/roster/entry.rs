//! A student of a roster: the row as a file writes it, and the entry once it was judged. `table` and `json` find rows;
//! `roster_file` makes entries of them.

use std::sync::Arc;

use squares_shared::{
    message::Student,
    student::{StudentError, check_id, is_visible, read_name},
    typed,
};

/// One student as a roster file writes it. What is empty is missing.
#[derive(Debug, Default)]
pub(super) struct RosterRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) department: String,
    pub(super) pin: String,
}

#[derive(Debug)]
pub(super) struct RosterEntry {
    pub(super) student: Student,
    /// The hash of the PIN.
    pub(super) pin: Option<Arc<str>>,
}

impl TryFrom<RosterRow> for RosterEntry {
    /// What is wrong, and how to mend it.
    type Error = String;

    fn try_from(row: RosterRow) -> Result<Self, String> {
        let id = id_of(&row.id);
        if is_spoiled(&id) {
            return Err(spoiled(&id));
        }
        check_id(&id).map_err(|_| {
            format!("{} is no student id; it takes 1 to 32 ASCII letters, digits, '-', '_' or '.'", quoted(&id))
        })?;
        let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        let readable = |what: &str, text: &str| {
            read_name(text).map_err(|error| {
                let why = match error {
                    StudentError::NameTooLong => "is longer than 64 characters; shorten it",
                    StudentError::NameMarks => {
                        "has too many combining marks on one character; type it again with fewer"
                    }
                    _ => "has control or invisible characters; type it again without them",
                };
                format!("the {what} of {id} {why}")
            })
        };
        let name = filled(row.name).map_or(Ok(id.clone()), |name| readable("name", &name))?;
        let department = filled(row.department).map(|text| readable("department", &text)).transpose()?;
        let pin = filled(row.pin).map(|pin| Arc::<str>::from(pin.trim()));
        if pin.as_deref().is_some_and(|pin| !pin.starts_with("$argon2id$")) {
            // The PIN itself is not repeated: this sentence goes to a log.
            return Err(format!(
                "the PIN of {id} is not an Argon2id hash; put in what `squares-server pin` prints for it"
            ));
        }
        Ok(Self { student: Student { id, name, department }, pin })
    }
}

/// What is wrong with a file that names nobody.
pub(super) const NO_STUDENT: &str = "no student stands in it; add them, or start without --roster";

/// What somebody wrote, as a log may show it: escaped, and cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// An id as it was meant: without what is invisible around it, and with ASCII for full-width characters.
pub(super) fn id_of(text: &str) -> String {
    typed::read(text.trim_matches(|c: char| c.is_whitespace() || !c.is_control() && !is_visible(c))).into_owned()
}

/// Whether this is what a spreadsheet makes of an id that it takes for a number: `20260001.0`, `2.026E+07`,
/// `20,260,001`.
fn is_spoiled(id: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let zeros = |text: &str| text.bytes().all(|byte| byte == b'0');
    let parts = |separator: char| id.split_once(separator);
    let is_decimal =
        ['.', ','].iter().any(|&point| parts(point).is_some_and(|(whole, rest)| digits(whole) && zeros(rest)));
    let has_exponent = parts('E').or_else(|| parts('e')).is_some_and(|(mantissa, exponent)| {
        let (whole, rest) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
        let unsigned = exponent.trim_start_matches(['+', '-']);
        let is_number = digits(whole) && (rest.is_empty() || digits(rest)) && digits(unsigned);
        // `3E12` may be somebody's id.
        is_number && (mantissa.len() > whole.len() || exponent.len() > unsigned.len())
    });
    let is_grouped = id.contains(',') && id.split(',').all(digits);
    is_decimal || has_exponent || is_grouped
}

pub(super) fn spoiled(id: &str) -> String {
    let id = quoted(id);
    format!(
        "{id} is a number as spreadsheets write it, and no id any more; set its column to text and put the ids in anew"
    )
}
