//! A roster as JSON: an array of objects, whose fields are named as the columns of a table are. Called by `roster`,
//! and by `make_pins`.

use serde_json::{Map, Value};

use super::{
    columns::Columns,
    entry::{NO_STUDENT, RosterRow, id_of, quoted, spoiled},
};

/// More fields than any student has.
const MAX_TITLES: usize = 1_000;

/// The students of a roster file in JSON.
#[derive(Debug)]
pub(super) struct Objects {
    pub(super) students: Vec<Map<String, Value>>,
    /// The names of fields that any of them has.
    pub(super) titles: Vec<String>,
    pub(super) columns: Columns,
}

impl Objects {
    /// Reads the objects, and finds what their fields hold.
    ///
    /// # Errors
    /// What is wrong, with its place, and how to mend it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let students: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let what = match error.classify() {
                // What stands there is not repeated: it may be long, or a PIN.
                serde_json::error::Category::Data => {
                    format!("what stands before line {line} column {column} is of another kind")
                }
                _ => error.to_string(),
            };
            format!(
                "it is not a JSON array of students such as [{{\"id\":\"…\",\"name\":\"…\"}}] ({what}); mend it there"
            )
        })?;
        let mut titles = Vec::<String>::new();
        for key in students.iter().flat_map(Map::keys) {
            if !titles.contains(key) {
                titles.push(key.clone());
            }
            if titles.len() > MAX_TITLES {
                return Err(format!(
                    "its students have more than {MAX_TITLES} fields of different names; leave out those that are not needed"
                ));
            }
        }
        if titles.is_empty() {
            return Err(NO_STUDENT.to_owned());
        }
        let names: Vec<&str> = titles.iter().map(String::as_str).collect();
        let is_same = |one: usize, other: usize| students.iter().all(|s| s.get(names[one]) == s.get(names[other]));
        let columns = Columns::choose(&names, is_same)?;
        Ok(Self { students, titles, columns })
    }

    /// What was taken for what.
    pub(super) fn in_words(&self) -> String {
        let names: Vec<&str> = self.titles.iter().map(String::as_str).collect();
        self.columns.in_words(&names)
    }

    /// The students, each with its place.
    ///
    /// # Errors
    /// Where a field holds what it cannot, with its place.
    pub(super) fn rows(&self) -> Result<Vec<(String, RosterRow)>, String> {
        let rows = self.students.iter().enumerate().map(|(at, student)| {
            let place = format!("student {}", at + 1);
            let row = self.row(student).map_err(|why| format!("{place}: {why}"))?;
            Ok((place, row))
        });
        rows.collect()
    }

    fn row(&self, student: &Map<String, Value>) -> Result<RosterRow, String> {
        let Columns { id, department, pin, .. } = self.columns;
        let field = |at: usize| student.get(&self.titles[at]);
        let text = |at: usize| field(at).and_then(Value::as_str).unwrap_or_default();
        for at in self.columns.texts() {
            if !matches!(field(at), None | Some(Value::Null | Value::String(_))) {
                return Err(format!("its {} is no text; put it into quotes", quoted(&self.titles[at])));
            }
        }
        let of = |at: Option<usize>, what: &str| match at.and_then(field) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            // Spreadsheets that write JSON put digits alone without quotes. Any other number is spoiled.
            Some(Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
            Some(Value::Number(number)) if number.is_f64() && what == "id" => Err(spoiled(&number.to_string())),
            Some(_) => Err(format!("its {what} is no text; put it into quotes")),
        };
        let row = RosterRow {
            id: of(Some(id), "id")?,
            name: self.columns.name_in(text),
            department: of(department, "department")?,
            pin: of(pin, "PIN")?,
        };
        if row.id.is_empty() { Err("the id is missing; add it".to_owned()) } else { Ok(row) }
    }

    /// The id that a student has here.
    pub(super) fn id_of(&self, student: &Map<String, Value>) -> String {
        match student.get(&self.titles[self.columns.id]) {
            Some(Value::String(id)) => id_of(id),
            Some(id) => id.to_string(),
            None => String::new(),
        }
    }
}
