//! Counts of the session: the results in each minute, and how many each student squared. Fed with what comes live and
//! with pages of what was before; no result is counted twice.

use std::collections::HashMap;

use squares_shared::message::SquareResult;

use crate::text;

/// The most minutes that are kept: a day.
const MINUTES: usize = 24 * 60;

/// The most students that are counted apart.
const STUDENTS: usize = 5_000;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Everything from the first to the second `seq` was counted.
    counted: Option<(u64, u64)>,
    /// There is nothing before what was counted.
    whole: bool,
    total: u64,
    /// Minutes since 1970, ascending, and the results in them. Minutes without any are left out.
    minutes: Vec<(i64, u64)>,
    /// The minute that was read last, as it was written.
    read: Option<(String, i64)>,
    students: HashMap<String, StudentCount>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StudentCount {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) results: u64,
    /// The name as the server gave it.
    as_named: String,
    /// The latest result that gave it.
    named_at: u64,
}

impl Tally {
    /// Results as they come, ascending.
    pub(crate) fn live(&mut self, results: &[SquareResult]) {
        for result in results {
            match &mut self.counted {
                Some((_, last)) if result.seq <= *last => continue,
                Some((_, last)) => *last = result.seq,
                None => self.counted = Some((result.seq, result.seq)),
            }
            self.count(result);
        }
    }

    /// Nothing is counted yet; what comes next is behind this `seq`.
    pub(crate) fn behind(replay_after: u64) -> Self {
        Self { whole: replay_after == 0, ..Self::default() }
    }

    /// Whether all results that there are were counted.
    pub(crate) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether this student's results were counted among them; of too many students some are not.
    pub(crate) fn is_whole_of(&self, student: &str) -> bool {
        self.whole && (self.students.len() < STUDENTS || self.students.contains_key(student))
    }

    /// A page of everybody's results that was asked for before this `seq`, and whether there are earlier ones. It
    /// counts where it joins what was counted.
    pub(crate) fn earlier(&mut self, before: Option<u64>, results: &[SquareResult], more: bool) {
        let (Some((first, _)), Some(before)) = (self.counted, before) else { return };
        self.whole |= !more && before >= first;
        let Some(oldest) = results.first().filter(|oldest| before >= first && oldest.seq < first) else { return };
        for result in results.iter().filter(|result| result.seq < first) {
            self.count(result);
        }
        self.counted = self.counted.map(|(_, last)| (oldest.seq, last));
    }

    /// How many results were counted.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// How many results of this student were counted.
    pub(crate) fn of(&self, student: &str) -> u64 {
        self.students.get(student).map_or(0, |count| count.results)
    }

    /// The results in each of the latest `most` minutes, oldest first, up to the one of the latest result.
    pub(crate) fn by_minute(&self, most: usize) -> Vec<u64> {
        let (Some((first, _)), Some((last, _))) = (self.minutes.first(), self.minutes.last()) else {
            return Vec::new();
        };
        let span = usize::try_from(last - first).unwrap_or(0).saturating_add(1).min(most);
        let mut counts = vec![0; span];
        for (minute, count) in self.minutes.iter().rev().take_while(|_| span > 0) {
            let Some(at) = usize::try_from(last - minute).ok().and_then(|back| (span - 1).checked_sub(back)) else {
                break;
            };
            counts[at] = *count;
        }
        counts
    }

    /// The first and the last minute, since 1970, of the latest `most`.
    pub(crate) fn span(&self, most: usize) -> Option<(i64, i64)> {
        let (first, last) = (self.minutes.first()?.0, self.minutes.last()?.0);
        Some((first.max(last - i64::try_from(most.max(1)).unwrap_or(i64::MAX) + 1), last))
    }

    /// The students who squared most, most first.
    pub(crate) fn leaders(&self, most: usize) -> Vec<&StudentCount> {
        let mut all: Vec<&StudentCount> = self.students.values().collect();
        all.sort_unstable_by(|a, b| b.results.cmp(&a.results).then_with(|| a.id.cmp(&b.id)));
        all.truncate(most);
        all
    }

    fn count(&mut self, result: &SquareResult) {
        self.total += 1;
        if let Some(minute) = self.minute(&result.at) {
            match self.minutes.binary_search_by_key(&minute, |(minute, _)| *minute) {
                Ok(at) => self.minutes[at].1 += 1,
                Err(at) => self.minutes.insert(at, (minute, 1)),
            }
            if self.minutes.len() > MINUTES {
                self.minutes.remove(0);
            }
        }
        if let Some(count) = self.students.get_mut(&result.student) {
            count.results += 1;
            // The name is the latest: what somebody else once called this id does not stay.
            if result.seq > count.named_at && result.name != count.as_named {
                count.name = text::name_or_id(&result.name, &result.student).into_owned();
                count.as_named.clone_from(&result.name);
            }
            count.named_at = count.named_at.max(result.seq);
        } else if self.students.len() < STUDENTS {
            let id = text::printable(&result.student).into_owned();
            let name = text::name_or_id(&result.name, &result.student).into_owned();
            let (as_named, named_at) = (result.name.clone(), result.seq);
            self.students.insert(result.student.clone(), StudentCount { id, name, results: 1, as_named, named_at });
        }
    }

    /// The minute of a time as the server writes it. Most are in the same minute as the one before.
    fn minute(&mut self, at: &str) -> Option<i64> {
        let written = at.get(..16)?;
        if let Some((known, minute)) = &self.read
            && known == written
        {
            return Some(*minute);
        }
        let minute = at.parse::<jiff::Timestamp>().ok()?.as_second().div_euclid(60);
        self.read = Some((written.to_owned(), minute));
        Some(minute)
    }
}
