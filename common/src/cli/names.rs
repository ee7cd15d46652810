//! Abbreviated and mistyped names of options and commands.

/// The names that `typed` may be short for. If exactly one of the `preferred` names is among them,
/// only that one: these are the names of earlier versions, whose abbreviations keep their meaning.
pub fn abbreviation<'a>(
    typed: &str,
    names: impl Iterator<Item = &'a str>,
    preferred: &[&str],
) -> Vec<&'a str> {
    let fitting: Vec<&str> = names.filter(|name| name.starts_with(typed)).collect();
    let classic: Vec<&str> = fitting.iter().copied().filter(|name| preferred.contains(name)).collect();
    if classic.len() == 1 { classic } else { fitting }
}

/// The name most similar to a mistyped one, if at most a third of it is wrong.
pub fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, name) = names.map(|name| (distance(typed, name), name)).min_by_key(|&(d, _)| d)?;
    (distance <= typed.chars().count() / 3).then_some(name)
}

/// The number of characters that must be inserted, deleted, replaced or swapped with their
/// neighbour to turn one word into the other (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // rows[i][j]: the distance of the first i characters of a from the first j of b.
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_letters_count_as_one_mistake() {
        for (typed, name) in [("plya", "play"), ("spede", "speed"), ("uplaod", "upload"), ("recd", "rec")] {
            assert_eq!(nearest(typed, ["rec", "play", "speed", "upload"].into_iter()), Some(name));
        }
        for typed in ["xy", "pl", "quack"] {
            assert_eq!(nearest(typed, ["rec", "play", "speed", "upload"].into_iter()), None, "{typed}");
        }
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
