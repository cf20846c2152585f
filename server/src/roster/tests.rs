//! Rosters as people and platforms write them, and what is wrong with those that cannot be used.

use squares_shared::{message::Auth, student::StudentError};

use super::{admission::*, roster_file::*};

fn check(file: &str, id: &str, name: &str, department: Option<&str>) {
    let roster = Roster::parse(file.as_bytes()).expect(file);
    let student = &roster.students.get(id).expect(file).student;
    assert_eq!((&*student.name, student.department.as_deref()), (name, department), "{file}");
}

fn check_refused(file: impl AsRef<[u8]>, why: &str) {
    let error = Roster::parse(file.as_ref()).expect_err("it should be refused");
    assert!(error.contains(why), "{error} lacks {why}");
}

#[test]
fn json_and_csv_in_english_and_korean_with_and_without_bom() {
    check(r#"[{"id":"s1","name":"가람","department":"수학"}]"#, "s1", "가람", Some("수학"));
    check("\u{feff} [{\"id\":20260001,\"name\":\"Sample\",\"department\":null}]", "20260001", "Sample", None);
    check("id,name,department,pin\ns1,\"Sample, A\",Maths,\n", "s1", "Sample, A", Some("Maths"));
    check(
        "\u{feff}학번,이름,학과,PIN\r\n\r\ns1, 가람 ,수학,$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA\r\n",
        "s1",
        "가람",
        Some("수학"),
    );
    check("이름,학번\n\u{1100}\u{1161},s1\n", "s1", "가", None);
    check("Student ID,Note\ns1,x\n", "s1", "s1", None);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    check_refused("", "header");
    check_refused("id,name\n", "no student");
    check_refused("[]", "no student");
    check_refused("name\na\n", "학번");
    check_refused("id\ns1\ns 2\n", "line 3");
    check_refused("id\ns1\ns2\ns1\n", "line 4: the id s1 appears twice, first at line 2");
    check_refused(r#"[{"id":"s1"},{"id":"s1"}]"#, "student 2: the id s1 appears twice, first at student 1");
    check_refused("id,name\ns1,a\x1b[31m\n", "line 2: the name of s1");
    check_refused(r#"[{"id":"s1"},{"name":"x"}]"#, "student 2: the id is missing");
    check_refused(r#"[{"name":"x"}]"#, "no column could be the id: it has \"name\"");
    check_refused(r#"{"id":"s1"}"#, "array");
    check_refused(b"id\n\xb0\xa1\n", "line 2: it is not UTF-8");
}

#[test]
fn what_is_no_id_is_shown_escaped_and_not_whole() {
    let error = Roster::parse(format!("id\n{}\n", "\u{7f}".repeat(1_000)).as_bytes()).expect_err("no id");
    assert!(error.contains("\\u{7f}") && error.len() < 500, "{error}");
    let error = Roster::parse(format!("[\"{}\"]", "x".repeat(1_000)).as_bytes()).expect_err("no student");
    assert!(error.len() < 500, "{error}");
}

#[test]
fn a_plain_pin_is_refused_and_not_repeated() {
    for file in ["id,pin\ns1,4711\n", r#"[{"id":"s1","pin":"4711"}]"#, r#"[{"id":"s1","pin":4711}]"#] {
        let error = Roster::parse(file.as_bytes()).expect_err("a plain PIN");
        assert!(error.contains("squares-server pin") && !error.contains("4711"), "{error}");
    }
    for file in [r#"[{"id":"s1","pin":4711.5}]"#, r#"[{"id":"s1","pin":["4711"]}]"#, r#"["4711"]"#, "[4711]"] {
        let error = Roster::parse(file.as_bytes()).expect_err("not a roster");
        let has_place = error.contains("line 1 column") || error.starts_with("student 1: its PIN");
        assert!(has_place && !error.contains("4711"), "{error}");
    }
}

#[tokio::test]
async fn an_open_door_takes_any_id_and_a_roster_only_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.csv");
    std::fs::write(&file, "id,name\ns1,Sample\n").unwrap();

    let open = Admission::open(Auth::Open, None).await.unwrap();
    assert_eq!(open.admit("x", None).unwrap().name, "x");
    assert_eq!(open.admit("x", Some("Y")).unwrap().name, "Y");
    assert_eq!(open.admit("x", Some("")), Err(Refused::Student(StudentError::NameEmpty)));
    assert_eq!(open.admit("", None), Err(Refused::Student(StudentError::Id)));

    let closed = Admission::open(Auth::Roster, Some(file.clone())).await.unwrap();
    assert_eq!(closed.admit("s1", Some("Another")).unwrap().name, "Sample");
    assert_eq!(closed.admit("s2", None), Err(Refused::NotOnRoster));

    std::fs::write(&file, "").unwrap();
    assert!(closed.reload().await.is_err());
    assert!(closed.admit("s1", None).is_ok(), "the old roster stays in force");
    std::fs::write(&file, "id\ns2\n").unwrap();
    assert_eq!(closed.reload().await.unwrap(), Some(1));
    assert_eq!(closed.admit("s1", None), Err(Refused::NotOnRoster));
}

/// Asserts that this is what a class gets: id, name and department of each student, in the order of the ids.
fn class(file: &str, students: &[(&str, &str, &str)]) {
    let roster = Roster::parse(file.as_bytes()).unwrap_or_else(|why| panic!("{why}: {file}"));
    let mut found: Vec<_> = roster.students.values().map(|listed| &listed.student).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    let found: Vec<_> = found.iter().map(|s| (&*s.id, &*s.name, s.department.as_deref().unwrap_or_default())).collect();
    assert_eq!(found, students, "{}: {file}", roster.taken);
}

#[test]
fn the_most_specific_column_is_the_id() {
    let one = [("20260001", "가람", "")];
    for file in [
        "ID,학번,이름\n1,20260001,가람\n",
        "No.,학번,성명\n1,20260001,가람\n",
        "번호,학과,학년,학번,성명\n1,,2,20260001,가람\n",
        "순번;학생번호;성함\n1;20260001;가람\n",
        "연번\t교번\t학생명\n1\t20260001\t가람\n",
        "Student ID,Student Name\n20260001,가람\n",
        "id,student_id,name\n7,20260001,가람\n",
        "USERNAME,Student-ID,Name\nkim,20260001,가람\n",
        "User ID,ID number,Full name\n7,20260001,가람\n",
        "사용자 아이디,학번,이름\nkim,20260001,가람\n",
        "Student ID,학번,이름\n7,20260001,가람\n",
        "\u{feff}학번(ID) * ,이름[한글]\r\n20260001,가람\r\n",
        "\"학번\n(Student No.)\",성명/Name\n20260001,가람\n",
        "번호(학번),성명\n20260001,가람\n",
        "\u{1112}\u{1161}\u{11a8}\u{1107}\u{1165}\u{11ab},\u{110b}\u{1175}\u{1105}\u{1173}\u{11b7}\n20260001,가람\n",
        "\u{a0}학\u{a0}번,이 름\n20260001,가람\n",
        "ＩＤ，학번,Ｎａｍｅ\nx,x,x\n",
        "학번 Student ID,이름 Name\n20260001,가람\n",
        "학번/사번,이름\n20260001,가람\n",
        "Student No.;Name\n20260001;가람\n",
        "student,name\n20260001,가람\n",
        "SID,UID,Name\n20260001,kim,가람\n",
        "학생정보,,성적\n학번,이름,점수\n20260001,가람,9\n,,\n학번,이름,점수\n",
        "학번（필수）,이름（한글）,영문 이름,,\n20260001,가람,x,,\n",
        "번호;아이디;이름;메모\n1;20260001;가람;\n",
        "Org Defined ID,Username,Last Name,First Name\n20260001,kim,가,람\n",
    ] {
        if !file.starts_with("ＩＤ") {
            class(file, &one);
        }
    }
    class("ＩＤ,Ｎａｍｅ\n２０２６０００１, 가람\u{3000}\n", &one);
    class(r#"[{"학번":20260001,"성명":"가람","x":[1]}]"#, &one);
    class(r#"[{"ID":1,"Student ID":"20260001","Name":"가람"}]"#, &one);
}

#[test]
fn exports_of_learning_platforms_are_read() {
    let (one, two) = (("20260001", "Sample, Ada", ""), ("20260002", "Sample, Bo", ""));
    class(
        "Student,ID,SIS User ID,SIS Login ID,Section,Quiz (1)\n,,,,,Manual Posting\n    Points Possible,,,,,10\n\
         \"Sample, Ada\",101,20260001,ada@example.com,A,9\n\"Sample, Bo\",102,20260002,bo,A,8\n\"Student, Test\",103,,,A,\n",
        &[one, two],
    );
    class("Student,ID,SIS Login ID,Section\n    Points Possible,,,\n\"Sample, Ada\",101,20260001,A\n", &[one]);
    class("Student,ID,Section\n\"Sample, Ada\",20260001,A\n", &[one]);
    class(
        "First name,Surname,ID number,Institution,Department,Email address\nAda,Sample,20260001,,Maths,ada@example.com\n",
        &[("20260001", "Ada Sample", "Maths")],
    );
    class(
        "Last Name,First Name,Username,Student ID,Last Access,Availability\nSample,Ada,ada,20260001,,Yes\n",
        &[("20260001", "Ada Sample", "")],
    );
    class(
        "\"Last Name\"\t\"First Name\"\t\"Username\"\n\"Sample\"\t\"Ada\"\t\"20260001\"\n",
        &[("20260001", "Ada Sample", "")],
    );
    class("성,이름,학번,학과\n김,가람,20260001,수학과\n", &[("20260001", "김가람", "수학과")]);
    class("Name,Surname,Matriculation No.\nAda,Sample,20260001\n", &[("20260001", "Ada Sample", "")]);
    class(
        "user_id,login_id,full_name\n20260001,ada,Ada\n".replace("user_id", "sis_id").as_str(),
        &[("20260001", "Ada", "")],
    );
}

#[test]
fn departments_go_by_their_names() {
    for title in [
        "학과",
        "전공",
        "소속",
        "학부",
        "학부(과)",
        "학과/전공",
        "학과(전공)",
        "소속 학과",
        "Department",
        "Major",
        "DEPT.",
        "단과대학",
    ] {
        class(&format!("학번,이름,{title}\n1,가,나\n"), &[("1", "가", "나")]);
    }
    class("대학,소속,학과,전공,학번\na,b,c,d,1\n", &[("1", "1", "c")]);
}

#[test]
fn what_stands_above_the_header_is_passed_over() {
    let class = |file: &str| class(file, &[("20260001", "가, 람", "")]);
    class("2026학년도 1학기 출석부\n\n과목: ID 입문,,,\n번호,학번,이름,비고\n1,20260001,\"가, 람\",\n,,,\n ,\n");
    class("sep=;\r\n학번;이름\r\n20260001;가, 람\r\n");
    class("\u{feff}\"sep=\t\"\n학번\t이름\n20260001\t가, 람\n");
    class("sep=,\n명단\n학번,이름\n20260001,\"가, 람\"\n\n\n");
    class("SEP=|\n학번|이름\n20260001|가, 람\n");
    let error = Roster::parse("sep=;\n\n명단;\n학번;이름\n1;가\n1;나\n".as_bytes()).expect_err("twice");
    assert!(error.starts_with("line 6: the id 1 appears twice, first at line 5"), "{error}");
    check_refused("sep=;;\nid;name\n", "line 1");
}

#[test]
fn an_id_that_is_not_sure_is_refused_with_the_names_that_there_are() {
    for (file, named) in [
        ("번호,성명,비고\n1,가람,\n", r#"no column could be the id: it has "번호", "성명", "비고""#),
        ("20260001,가람\n20260002,나래\n", r#"no column could be the id: it has "20260001", "가람""#),
        ("명단\nNo;Name;Note\n1;가람;\n", r#"it has "No", "Name", "Note""#),
        ("학번,이름,학번\n1,가,20260001\n", r#"two columns could be the id, "학번" and "학번""#),
        ("학번,이름,학번\n1,가,1\n", "two columns could be the id"),
        ("ID,이름,id\n1,가,20260001\n", r#"two columns could be the id, "ID" and "id""#),
        ("Student ID,Student No\n1,20260001\n", r#"two columns could be the id, "Student ID" and "Student No""#),
        ("학번,PIN,pin\n1,a,b\n", "two columns could be the PIN"),
        (r#"[{"이름":"가람","x":1}]"#, r#"it has "x", "이름""#),
    ] {
        check_refused(file, named);
    }
    class("Student ID,Student No\n20260001,20260001\n", &[("20260001", "20260001", "")]);
    let wide = format!("{}\n", "\u{7f}".repeat(60) + &",x\u{e000}".repeat(500));
    let error = Roster::parse(wide.as_bytes()).expect_err("no id");
    assert!(error.len() < 700, "{error}");
}

#[test]
fn a_number_that_a_spreadsheet_has_spoiled_is_refused_with_its_line() {
    for bad in [
        "20260001.0",
        "20260001.00",
        "20260001.",
        "\"20260001,0\"",
        "2.026E+07",
        "2.026e7",
        "2E+07",
        "\"2,026E+07\"",
        "2.026E-07",
        "\"20,260,001\"",
        "２０２６０００１．０",
        "=\"20260001.0\"",
    ] {
        let error = Roster::parse(format!("학번,이름\n20260002,나래\n{bad},가람\n").as_bytes()).expect_err(bad);
        assert!(error.starts_with("line 3: ") && error.contains("spreadsheets"), "{bad}: {error}");
    }
    check_refused(r#"[{"id":"s"},{"id":20260001.0}]"#, "student 2: \"20260001.0\" is a number as spreadsheets");
    check_refused(r#"[{"id":2.026E7}]"#, "student 1: ");
    check_refused(r#"[{"id":-5}]"#, "student 1: ");
    for good in
        ["20260001", "2026-001", "2026.001", "3E12", "a.0", "0012", "=\"0012\"", "'0012", "\u{200b}0012\u{feff}"]
    {
        let roster = Roster::parse(format!("학번\n{good}\n").as_bytes()).expect(good);
        assert_eq!(roster.len(), 1);
        if good.contains("0012") {
            assert!(roster.students.contains_key("0012"), "{good}");
        }
    }
}

#[test]
fn a_roster_of_a_hundred_thousand_students_is_read_in_moments_and_one_of_as_many_fields_is_refused() {
    let mut table = "번호,학번,이름\n".to_owned();
    (0..100_000).for_each(|n| table.push_str(&format!("{n},s{n},이름 {n}\n")));
    assert_eq!(Roster::parse(table.as_bytes()).unwrap().len(), 100_000);
    let fields: Vec<String> = (0..100_000).map(|n| format!("\"f{n}\":1")).collect();
    check_refused(format!("[{{\"id\":\"s\",{}}}]", fields.join(",")), "more than 1000 fields");
}

#[test]
fn lines_without_an_id_are_passed_over_and_counted() {
    let roster = Roster::parse("명단\n학번,이름\n1,가\n,나\n,,\n\n2,다\n,총 2명\n".as_bytes()).unwrap();
    assert_eq!((roster.len(), roster.without_id), (2, vec![4, 8]));
    assert_eq!(roster.taken, "id: \"학번\", name: \"이름\", department: none, PIN: none; separated by commas");
    check_refused("id,name\n,a\n,b\n", "no student");
}

#[test]
fn a_hash_stands_in_a_table_as_it_is_printed() {
    const HASH: &str = "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA";
    for file in [
        format!("id,name,department,pin\ns1,a,b,{HASH}\n"),
        format!("id,pin,name,department\ns1,{HASH},a,b\n"),
        format!("PIN 번호,학번,이름,학과\n{HASH},s1,a,b\n"),
        format!("id,name,department,pin\ns1,a,b,\"{HASH}\"\n"),
        format!("id;name;department;비밀번호\ns1;a;b;{HASH}\n"),
    ] {
        let roster = Roster::parse(file.as_bytes()).expect(&file);
        let listed = &roster.students["s1"];
        assert_eq!((&*listed.student.name, listed.student.department.as_deref()), ("a", Some("b")), "{file}");
        assert_eq!(listed.pin.as_deref(), Some(HASH), "{file}");
    }
    for title in ["PIN 번호", "PIN hash", "PIN Code", "비밀번호", "Password"] {
        let error = Roster::parse(format!("id,name,{title}\ns1,a,4711\n").as_bytes()).expect_err(title);
        assert!(error.contains("squares-server pin") && !error.contains("4711"), "{error}");
    }
}

#[test]
fn a_login_beside_an_id_is_taken_for_neither() {
    for titles in ["ID,Username,Name", "ID,아이디,이름", "User ID,Login,Name", "UID,ID,Name"] {
        check_refused(format!("{titles}\n20260001,sample,A\n"), "two columns could be the id");
        check(&format!("{titles}\ns1,s1,A\n"), "s1", "A", None);
    }
    check("학생,학번\n가람,20260001\n", "20260001", "가람", None);
    check("OrgDefinedId,Username,Last Name,First Name\n#20260001,#x,Sample,Ada\n", "20260001", "Ada Sample", None);
}
