//! Deserializes the fields that came to the protocol after its first messages. A client uses them where it understands
//! them: whatever else stands in one, the connection goes on without it. Used by the types of `message`.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;

/// Reads a field, or gives what stands for an absent one where its value is of another type or shape.
pub(super) fn field<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    let value = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(value.get()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::message::{FromServer, Invite};

    /// Of no type that any of the fields has, or of a shape that it does not have.
    const ODD: [&str; 12] = [
        "null",
        "true",
        "-1",
        "1.5",
        "1e400",
        "\"\"",
        "\"\\ud800\"",
        "[]",
        "[{}]",
        "[[[[]]]]",
        r#"{"online":"many","servers":7,"ssh":"x"}"#,
        r#"{"online":-1,"last":[],"servers":[null],"fingerprint":[]}"#,
    ];

    #[test]
    fn an_odd_value_in_an_optional_field_is_as_none_and_the_message_counts() {
        for odd in ODD {
            let limits = format!(r#"{{"line":1,"digits":2,"rate":3,"burst":4,"digit_rate":{odd}}}"#);
            let hello = format!(
                r#"{{"type":"hello","protocol":1,"server":"s","auth":"open","log":"l","latest":9,"limits":{limits},"room":{odd},"later":{odd}}}"#
            );
            let Ok(Some(FromServer::Hello(hello))) = FromServer::read(hello.as_bytes()) else { panic!("{odd}") };
            assert_eq!(
                (hello.latest, hello.limits.burst, hello.limits.digit_rate, hello.room),
                (9, 4, 0, None),
                "{odd}"
            );
            let welcome = format!(
                r#"{{"type":"welcome","student":null,"online":{{"count":0,"students":[]}},"latest":9,"replay_after":8,"invite":{odd},"later":{odd}}}"#
            );
            let Ok(Some(FromServer::Welcome(welcome))) = FromServer::read(welcome.as_bytes()) else { panic!("{odd}") };
            let invite = welcome.invite.unwrap_or_default();
            assert_eq!((welcome.replay_after, invite), (8, Invite::default()), "{odd}");
        }
    }

    #[test]
    fn a_last_result_that_is_odd_costs_nothing_but_itself() {
        for odd in ODD {
            let hello = format!(
                r#"{{"type":"hello","protocol":1,"server":"s","auth":"open","log":"l","latest":9,"limits":{{"line":1,"digits":2,"rate":3,"burst":4}},"room":{{"online":5,"last":{odd}}}}}"#
            );
            let Ok(Some(FromServer::Hello(hello))) = FromServer::read(hello.as_bytes()) else { panic!("{odd}") };
            assert!(hello.room.is_some_and(|room| room.online == 5 && room.last.is_none()), "{odd}");
        }
    }
}
