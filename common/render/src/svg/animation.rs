//! CSS keyframes: values that change in steps at given times.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use common::cast::Time;

use super::tape::Moment;

/// The keyframes of a picture.
pub struct Keyframes {
    /// The start of each frame.
    times: Vec<Time>,
    /// The length of the animation.
    length: Time,
    /// The number of decimals for percentages exact to a millisecond.
    decimals: u32,
    /// The range of each rule in the text, in the order of their names.
    places: Vec<Range<usize>>,
    /// The numbers of rules, by a hash of their text.
    numbers: HashMap<u64, usize>,
    text: String,
}

impl Keyframes {
    /// Keyframes for frames that begin at these times, the first at 0.
    pub fn new(times: Vec<Time>, length: Time) -> Keyframes {
        // A hundredth of the length is one percent.
        let milliseconds_a_percent = length.as_micros() / 100_000;
        let decimals = (1..6).find(|&decimals| 10u64.pow(decimals) > milliseconds_a_percent).unwrap_or(6);
        Keyframes {
            times,
            length,
            decimals,
            places: Vec::new(),
            numbers: HashMap::new(),
            text: String::new(),
        }
    }

    /// The attributes of an element that is transformed to each of these values from its frame on;
    /// empty if it does not move.
    pub fn animate(&mut self, values: &[(Moment, String)]) -> String {
        self.animate_property("transform", values)
    }

    /// The attributes of an element that appears and disappears at these frames; empty if it is
    /// always there.
    pub fn appear(&mut self, values: &[(Moment, bool)]) -> String {
        if let [(_, true)] = values {
            return String::new();
        }
        let value = |&(moment, is_there): &(Moment, bool)| {
            (moment, if is_there { "inline" } else { "none" }.to_string())
        };
        self.animate_property("display", &values.iter().map(value).collect::<Vec<_>>())
    }

    fn animate_property(&mut self, property: &str, values: &[(Moment, String)]) -> String {
        let mut rule = String::new();
        let mut values = values.iter().peekable();
        while let Some((moment, value)) = values.next() {
            let time = self.time(*moment);
            // Of two values at the same time, the later one counts.
            if values.peek().is_some_and(|(next, _)| self.time(*next) == time) {
                continue;
            }
            rule.push_str(&self.percentage(time));
            // An animation that is played once stays at its end.
            if values.peek().is_none() {
                rule.push_str(",to");
            }
            let _ = write!(rule, "{{{property}:{value}}}");
        }
        if rule.is_empty() {
            return String::new();
        }
        let index = self.number(&rule);
        format!(" class=\"m\" style=\"animation-name:k{index}\"")
    }

    /// The number of a rule: elements with the same movement share one.
    fn number(&mut self, rule: &str) -> usize {
        let mut hasher = DefaultHasher::new();
        rule.hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.numbers.get(&hash).copied();
        if let Some(index) = known.filter(|&index| self.text.get(self.places[index].clone()) == Some(rule)) {
            return index;
        }
        let index = self.places.len();
        let _ = write!(self.text, "@keyframes k{index}{{");
        let start = self.text.len();
        self.text.push_str(rule);
        self.places.push(start..self.text.len());
        self.text.push('}');
        self.numbers.insert(hash, index);
        index
    }

    /// The start of a frame.
    fn time(&self, moment: Moment) -> Time {
        self.times.get(moment as usize).copied().unwrap_or(self.length)
    }

    /// Returns whether nothing moves.
    pub fn is_empty_of_frames(&self) -> bool {
        self.times.is_empty()
    }

    fn percentage(&self, time: Time) -> String {
        if time.as_micros() == 0 {
            return "0%".to_string();
        }
        let parts = 100 * 10u128.pow(self.decimals);
        let length = u128::from(self.length.as_micros().max(1));
        let share = (u128::from(time.as_micros()) * parts + length / 2) / length;
        let text = format!("{share:0width$}", width = self.decimals as usize + 1);
        let (whole, decimals) = text.split_at(text.len() - self.decimals as usize);
        format!("{whole}.{decimals}").trim_end_matches('0').trim_end_matches('.').to_string() + "%"
    }

    /// All rules.
    pub fn rules(&self) -> &str {
        &self.text
    }
}
