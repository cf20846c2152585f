//! Which column of a roster holds what, by its title: in English and Korean, as people write them and as
//! universities' and learning platforms' exports do (Canvas, Moodle, Blackboard, D2L and their kin). Called by
//! `table` for CSV, and by `roster` for JSON.

use unicode_normalization::UnicodeNormalization as _;

use super::entry::quoted;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Id,
    Name,
    /// The name that somebody was given, where the family's stands in a column of its own.
    Given,
    Family,
    Department,
    Pin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) id: usize,
    pub(super) name: NameColumns,
    pub(super) department: Option<usize>,
    pub(super) pin: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameColumns {
    Nowhere,
    In(usize),
    Parted { given: usize, family: usize },
}

impl Columns {
    /// Chooses among columns with these titles. `is_same` tells whether two of them have the same in every row.
    ///
    /// # Errors
    /// Where none, or two alike, could be the id, with the titles that there are.
    pub(super) fn choose(titles: &[&str], is_same: impl Fn(usize, usize) -> bool) -> Result<Self, String> {
        let known: Vec<(usize, ColumnKind, u8)> = titles
            .iter()
            .enumerate()
            .filter_map(|(at, title)| known(title).map(|(kind, rank)| (at, kind, rank)))
            .collect();
        let best = |kind: ColumnKind| {
            let of_kind = || known.iter().filter(move |(_, other, _)| *other == kind);
            let rank = of_kind().map(|&(_, _, rank)| rank).min();
            of_kind().filter(move |&&(_, _, other)| Some(other) == rank).map(|&(at, ..)| at).collect::<Vec<_>>()
        };
        let alike = |columns: &[usize], what: &str| match *columns {
            [first, ref others @ ..] => {
                let differs = |&&at: &&usize| key(titles[at]) == key(titles[first]) || !is_same(first, at);
                others.iter().find(differs).map_or(Ok(first), |&other| {
                    let (first, other) = (quoted(titles[first]), quoted(titles[other]));
                    Err(format!("two columns could be the {what}, {first} and {other}: it has {}; rename or remove the wrong one", listed(titles)))
                })
            }
            [] => Err(format!("no column could be the id: it has {}; call one '학번' or 'Student ID'", listed(titles))),
        };
        let id = alike(&best(ColumnKind::Id), "id")?;
        let pins = best(ColumnKind::Pin);
        let pin = if pins.is_empty() { None } else { Some(alike(&pins, "PIN")?) };
        let first = |kind| best(kind).into_iter().find(|&at| at != id);
        let name = match (first(ColumnKind::Name), first(ColumnKind::Given), first(ColumnKind::Family)) {
            (None, Some(given), Some(family)) => NameColumns::Parted { given, family },
            // Korean and European tables call the given name so beside the family's.
            (Some(given), None, Some(family)) if is_given_beside_family(titles[given]) => {
                NameColumns::Parted { given, family }
            }
            (Some(name), ..) => NameColumns::In(name),
            // Canvas calls the name so; elsewhere it may be the id.
            (None, None, None) => titles
                .iter()
                .position(|title| key(title) == STUDENT)
                .filter(|&at| at != id)
                .map_or(NameColumns::Nowhere, NameColumns::In),
            (None, given, family) => given.or(family).map_or(NameColumns::Nowhere, NameColumns::In),
        };
        Ok(Self { id, name, department: first(ColumnKind::Department), pin })
    }

    /// The columns of names.
    pub(super) fn texts(&self) -> impl Iterator<Item = usize> + use<> {
        let [one, other] = match self.name {
            NameColumns::Nowhere => [None, None],
            NameColumns::In(at) => [Some(at), None],
            NameColumns::Parted { given, family } => [Some(given), Some(family)],
        };
        one.into_iter().chain(other)
    }

    /// Whose name stands in a row with these cells.
    pub(super) fn name_in<'a>(&self, cell: impl Fn(usize) -> &'a str) -> String {
        match self.name {
            NameColumns::Nowhere => String::new(),
            NameColumns::In(at) => cell(at).to_owned(),
            NameColumns::Parted { given, family } => {
                let (given, family) = (cell(given), cell(family));
                let is_east_asian = |text: &str| text.nfc().all(|c| matches!(c, '가'..='힣' | '一'..='鿿'));
                let parts = if is_east_asian(given) && is_east_asian(family) {
                    [family, "", given]
                } else {
                    [given, " ", family]
                };
                parts.concat().trim().to_owned()
            }
        }
    }

    /// What was taken for what, for the log.
    pub(super) fn in_words(&self, titles: &[&str]) -> String {
        let title = |at: Option<usize>| at.map_or_else(|| "none".to_owned(), |at| quoted(titles[at]));
        let name = match self.name {
            NameColumns::Nowhere => "none, students are called by their ids".to_owned(),
            NameColumns::In(at) => quoted(titles[at]),
            NameColumns::Parted { given, family } => {
                format!("{} and {}", quoted(titles[given]), quoted(titles[family]))
            }
        };
        let (id, department, pin) = (quoted(titles[self.id]), title(self.department), title(self.pin));
        format!("id: {id}, name: {name}, department: {department}, PIN: {pin}")
    }
}

/// How many of these titles are known, where one of them could be the id's: so a header is told from the lines around
/// it.
pub(super) fn recognised<'a>(titles: impl Iterator<Item = &'a str>) -> Option<usize> {
    let kinds: Vec<ColumnKind> = titles.filter_map(known).map(|(kind, _)| kind).collect();
    kinds.contains(&ColumnKind::Id).then_some(kinds.len())
}

/// Titles for a sentence, as many as are read with patience.
fn listed(titles: &[&str]) -> String {
    const SHOWN: usize = 8;
    let mut shown: Vec<String> =
        titles.iter().filter(|title| !title.trim().is_empty()).take(SHOWN).map(|title| quoted(title)).collect();
    if shown.is_empty() {
        return "no names of columns".to_owned();
    }
    if titles.len() > SHOWN {
        shown.push("and more".to_owned());
    }
    shown.join(", ")
}

const STUDENT: &str = "student";

fn is_given_beside_family(title: &str) -> bool {
    matches!(&*key(title), "이름" | "name" | "한글이름")
}

/// What a title says without blanks, marks, brackets and what is in them: `학번 (ID)*` is `학번`.
fn key(title: &str) -> String {
    let mut depth = 0_u32;
    let mut is_outside = |c: &char| {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    letters(title.nfkc().filter(|c| is_outside(c)))
}

fn letters(text: impl Iterator<Item = char>) -> String {
    text.flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// What a title says the column holds, and how sure that is: the lowest rank of a kind wins.
fn known(title: &str) -> Option<(ColumnKind, u8)> {
    let key = key(title);
    let in_both_languages = || {
        // `학번 Student ID`, `성명/Name`.
        let (hangul, others): (String, String) = key.chars().partition(|c| matches!(c, '가'..='힣'));
        let (hangul, others) = (meaning(&hangul)?, meaning(&others)?);
        (hangul.0 == others.0).then_some((hangul.0, hangul.1.min(others.1)))
    };
    let in_brackets = || {
        // `번호(학번)`, or a title all in brackets.
        let plain: String = title.nfkc().collect();
        let (_, inside) = plain.split_once(['(', '['])?;
        let found = meaning(&letters(inside.chars().take_while(|c| !matches!(c, ')' | ']'))))?;
        (key.is_empty() || found.0 == ColumnKind::Id && found.1 <= 1).then_some(found)
    };
    meaning(&key).or_else(in_both_languages).or_else(in_brackets)
}

/// The names that columns go by, without blanks and marks, in lower case, with what such a column holds and how sure
/// that is. Which of the fourth rank a university means by its numbers, their titles do not tell.
const TITLES: [(ColumnKind, u8, &str); 16] = [
    (ColumnKind::Id, 0, "학번 학번사번 사번학번 학번교번 교번학번"),
    (
        ColumnKind::Id,
        1,
        "학생번호 교번 학적번호 학생학번 학생id 학생식별번호 studentid studentids studentidno studentidnumber studentidentifier \
         studentnumber studentno studentnum studentcode sid emplid stdno stdid stuid stuno matriculationnumber \
         matriculationno matricno matricnumber matrikelnummer matrikelnr registrationnumber registrationno \
         rollnumber rollno",
    ),
    (ColumnKind::Id, 2, "sisuserid sisid orgdefinedid idnumber idno universityid campusid 개인번호"),
    (ColumnKind::Id, 3, "sisloginid 학생아이디"),
    (
        ColumnKind::Id,
        4,
        "id userid 사용자id username netid uid login loginid loginname 아이디 사용자아이디 로그인아이디 로그인id",
    ),
    (ColumnKind::Id, 5, STUDENT),
    (
        ColumnKind::Name,
        0,
        "이름 성명 성함 학생명 학생이름 학생성명 한글이름 한글성명 국문이름 국문성명 name fullname studentname studentfullname studentsname \
         displayname nameofstudent",
    ),
    (ColumnKind::Name, 1, "학생 수강생 수강생명 영문이름 영문성명 영문명 englishname preferredname"),
    (ColumnKind::Given, 0, "firstname first givenname givennames given forename"),
    (ColumnKind::Family, 0, "lastname last surname familyname family 성 성씨"),
    (ColumnKind::Department, 0, "학과 학과명 소속학과 department departmentname dept deptname"),
    (ColumnKind::Department, 1, "전공 전공명 제1전공 주전공 학과전공 학부전공 학과부 학부과 major majors"),
    (
        ColumnKind::Department,
        2,
        "소속 소속명 학부 학부명 학부학과 대학학과 program programme degreeprogram courseofstudy",
    ),
    (ColumnKind::Department, 3, "대학 단과대학 college faculty school"),
    (ColumnKind::Pin, 0, "pin 핀 핀번호 pin번호 pinnumber pinno pincode pin코드 핀코드 pinhash pin해시"),
    (ColumnKind::Pin, 1, "비밀번호 암호 password passwordhash"),
];

fn meaning(key: &str) -> Option<(ColumnKind, u8)> {
    let found = TITLES.iter().find(|(.., titles)| titles.split(' ').any(|title| title == key));
    found.map(|&(kind, rank, _)| (kind, rank))
}
