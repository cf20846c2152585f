//! What the environment of Windows says of the user's own folder, and who may use a folder outside of it. Pure; part of
//! `permissions`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The system, and the administrators, by the numbers that they have in every language.
const SYSTEM_AND_ADMINISTRATORS: [&str; 2] = ["*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F"];

/// What the environment says of the user.
pub(super) struct Profile {
    folder: PathBuf,
    user: String,
}

impl Profile {
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let user = format!("{}\\{}", variable("USERDOMAIN")?, variable("USERNAME")?);
        Some(Self { folder: variable("USERPROFILE")?.into(), user })
    }

    /// Whether a folder of this path is in it, and so closed to others already.
    pub(super) fn has(&self, path: &Path) -> bool {
        let lower = |path: &Path| path.to_string_lossy().to_lowercase().replace('/', "\\");
        let (profile, path) = (lower(&self.folder), lower(path));
        path.strip_prefix(profile.trim_end_matches('\\')).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
    }

    /// What `icacls` is to do: inherit nothing, and let in the user, the system and the administrators.
    pub(super) fn restriction(&self, folder: &Path) -> Vec<OsString> {
        let mut arguments = vec![folder.into(), "/inheritance:r".into(), "/grant:r".into()];
        arguments.push(format!("{}:(OI)(CI)F", self.user).into());
        arguments.extend(SYSTEM_AND_ADMINISTRATORS.map(OsString::from));
        arguments.push("/q".into());
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        let set = [("USERPROFILE", "C:\\Users\\Sample"), ("USERNAME", "Sample"), ("USERDOMAIN", "LAB")];
        Profile::of(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())).unwrap()
    }

    #[test]
    fn what_is_in_the_profile_is_closed_already_and_nothing_else() {
        for inside in ["C:\\Users\\Sample", "c:\\users\\sample\\class", "C:/Users/Sample/AppData/Local/squares"] {
            assert!(profile().has(Path::new(inside)), "{inside}");
        }
        for outside in ["C:\\class", "C:\\Users\\Sample2\\class", "D:\\Users\\Sample", "C:\\Users", "\\\\share\\class"]
        {
            assert!(!profile().has(Path::new(outside)), "{outside}");
        }
    }

    #[test]
    fn a_folder_is_restricted_to_its_user_the_system_and_the_administrators() {
        let arguments = profile().restriction(Path::new("C:\\my class"));
        assert_eq!(
            arguments,
            [
                "C:\\my class",
                "/inheritance:r",
                "/grant:r",
                "LAB\\Sample:(OI)(CI)F",
                "*S-1-5-18:(OI)(CI)F",
                "*S-1-5-32-544:(OI)(CI)F",
                "/q"
            ]
        );
        assert!(Profile::of(|_| None).is_none());
    }
}
