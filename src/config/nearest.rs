//! The nearest word: what somebody who typed this most likely meant.

/// The candidate with the smallest edit distance, when it is near enough to be meant: one edit in a short word, two or a
/// third of a longer one. Names that differ in their numbers only (`r01`, `r02`) are different things, never a slip. The
/// first of equals wins, so that a list's order decides.
pub(super) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = match typed.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        long => (long / 3).max(2),
    };
    let letters = |name: &str| name.chars().filter(|sign| !sign.is_ascii_digit()).collect::<String>();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.into_iter().filter(|candidate| letters(candidate) != letters(typed)) {
        let edits = distance(typed, candidate);
        if edits <= far && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance with swaps of neighbours counted as one edit, because that is how fingers err.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut edits = (row[j] + usize::from(x != y)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                edits = edits.min(before[j - 1] + 1);
            }
            next.push(edits);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not_offered() {
        assert_eq!(nearest("soss", ["sos", "cancel", "fall"]), Some("sos"));
        assert_eq!(nearest("heartbeats", ["url", "heartbeat_s"]), Some("heartbeat_s"));
        assert_eq!(nearest("adress", ["role", "address"]), Some("address"));
        assert_eq!(nearest("telephone", ["role", "address"]), None);
        assert_eq!(nearest("", ["role"]), None);
        assert_eq!(nearest("r09", ["r01", "r10"]), None);
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        assert_eq!(distance("slief", "sleif"), 1);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("", "abc"), 3);
    }
}
