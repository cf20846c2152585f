//! Which name somebody meant who typed another: commands and the settings file ask "did you mean …?".

/// No name is longer; what is typed beyond this many letters is not looked at.
const LONGEST: usize = 32;

/// What the nearest of these names stands for, if one is near enough to have been meant.
pub(crate) fn nearest<'m, N: AsRef<str>>(typed: &str, names: impl Iterator<Item = (N, &'m str)>) -> Option<&'m str> {
    let typed: String = typed.chars().take(LONGEST).collect();
    let letters = typed.chars().count();
    // A name of one letter is near to everything short.
    let long = |name: &str| name.chars().count() > 1 && letters > 1;
    // More than a third of the letters is no slip, but another word; two swapped in a short one may be.
    let most = if letters < 6 { 1 } else { letters / 3 };
    let near = names.filter(|(name, _)| long(name.as_ref()));
    let near = near.map(|(name, meant)| (strsim::osa_distance(&typed, name.as_ref()), meant));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, meant)| meant)
}
