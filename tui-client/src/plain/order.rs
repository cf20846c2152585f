//! Answers come in the server's order and are printed in the order given: this holds those that came early. Pure;
//! called by `plain`.

use std::collections::{HashMap, VecDeque};

/// What is printed for one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A line of standard output.
    Line(String),
    /// The number, and what is wrong with it.
    Error(String, String),
}

/// The numbers given and not yet printed.
#[derive(Debug, Default)]
pub(super) struct Order {
    answers: VecDeque<Option<Answer>>,
    /// By request `id`: its place among all numbers ever given.
    places: HashMap<String, u64>,
    printed: u64,
}

impl Order {
    /// A number whose answer will come under this `id`.
    pub(super) fn expect(&mut self, id: String) {
        self.places.insert(id, self.printed + self.answers.len() as u64);
        self.answers.push_back(None);
    }

    /// A number that has its answer already.
    pub(super) fn push(&mut self, answer: Answer) {
        self.answers.push_back(Some(answer));
    }

    /// The answer to a number expected; a second one is ignored.
    pub(super) fn answer(&mut self, id: &str, answer: Answer) {
        if let Some(place) = self.places.remove(id) {
            self.answers[(place - self.printed) as usize] = Some(answer);
        }
    }

    /// The next answer to print, where it is here.
    pub(super) fn next(&mut self) -> Option<Answer> {
        let answer = self.answers.front_mut()?.take()?;
        self.answers.pop_front();
        self.printed += 1;
        Some(answer)
    }

    /// How many numbers are not printed yet.
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Answer {
        Answer::Line(text.into())
    }

    #[test]
    fn answers_in_any_order_are_printed_in_the_order_given() {
        let mut order = Order::default();
        order.expect("a".into());
        order.expect("b".into());
        order.push(line("bad"));
        order.expect("c".into());
        order.answer("c", line("C"));
        order.answer("b", line("B"));
        assert_eq!(order.next(), None);
        order.answer("a", line("A"));
        let printed: Vec<_> = std::iter::from_fn(|| order.next()).collect();
        assert_eq!(printed, ["A", "B", "bad", "C"].map(line));
        order.answer("a", line("again"));
        order.expect("d".into());
        order.answer("d", line("D"));
        assert_eq!((order.next(), order.next(), order.len()), (Some(line("D")), None, 0));
    }
}
