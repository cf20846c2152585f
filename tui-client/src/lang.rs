//! The two languages of the client, and the locale that chooses one. The sentences are in [`crate::strings`]; tables
//! that have words of their own, such as those of keys and commands, hold them as `Both`.

use serde::{Deserialize, Serialize};

/// A language. Its name in settings and flags is `ko` or `en`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Korean.
    Ko,
    /// English.
    En,
}

impl Lang {
    /// The language of the locale for sentences: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is not empty, or
    /// else the system's own setting, on systems that have one beside these.
    #[must_use]
    pub fn from_environment(
        variable: impl Fn(&str) -> Option<String>,
        system: impl FnOnce() -> Option<String>,
    ) -> Self {
        let mut values = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
        Self::from_locale(&values.find(|value| !value.is_empty()).or_else(system).unwrap_or_default())
    }

    /// The language of a locale such as `ko_KR.UTF-8`: Korean where it is Korean, else English.
    fn from_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("ko") { Self::Ko } else { Self::En }
    }
}

/// The locale that the system is set to (`ko-KR`), where that is no variable.
#[must_use]
pub fn system_locale() -> Option<String> {
    #[cfg(any(windows, target_os = "macos"))]
    return sys_locale::get_locale();
    #[cfg(not(any(windows, target_os = "macos")))]
    None
}

/// Words in each language, for tables that have a line of their own for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Both {
    ko: &'static str,
    en: &'static str,
}

impl Both {
    /// The words in this language.
    pub(crate) const fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Ko => self.ko,
            Lang::En => self.en,
        }
    }
}

/// The words in Korean, then in English.
pub(crate) const fn both(ko: &'static str, en: &'static str) -> Both {
    Both { ko, en }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let check = |set: &[(&str, &str)], expected: Lang| {
            let found = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Lang::from_environment(found, || None), expected, "{set:?}");
        };
        let korean = || Some("ko-KR".to_owned());
        assert_eq!(Lang::from_environment(|_| None, korean), Lang::Ko, "Windows has no such variables");
        assert_eq!(Lang::from_environment(|_| Some("en_US.UTF-8".to_owned()), korean), Lang::En);
        check(&[], Lang::En);
        check(&[("LANG", "ko_KR.UTF-8")], Lang::Ko);
        check(&[("LC_ALL", "en_US.UTF-8"), ("LANG", "ko_KR.UTF-8")], Lang::En);
        check(&[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR"), ("LANG", "C")], Lang::Ko);
    }

    #[test]
    fn the_locale_chooses_the_language() {
        for (locale, lang) in [
            ("ko_KR.UTF-8", Lang::Ko),
            ("ko", Lang::Ko),
            ("ko-KR", Lang::Ko),
            ("KO", Lang::Ko),
            ("en_US", Lang::En),
            ("C", Lang::En),
            ("kok_IN", Lang::En),
            ("", Lang::En),
        ] {
            assert_eq!(Lang::from_locale(locale), lang, "{locale}");
        }
    }
}
