//! Two texts, line by line.

/// Beyond this many pairs of lines the texts are printed one after the other instead.
const MOST_PAIRS: usize = 4_000_000;
/// So many equal lines are shown before and after those that differ.
const AROUND: usize = 4;

/// A line that both have, or that one of them has alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Both(&'a str),
    Expected(&'a str),
    Found(&'a str),
}

/// The lines of both texts in one: `-` before those that only `expected` has, `+` before those that only `found` has. Of
/// long runs of equal lines, those around a difference are shown.
pub(crate) fn lines(expected: &str, found: &str) -> String {
    let (left, right): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    if left.len().saturating_mul(right.len()) > MOST_PAIRS {
        return format!("expected:\n{expected}\nfound:\n{found}\n");
    }
    let merged = merged(&left, &right);
    let differs = |at: usize| !matches!(merged[at], Line::Both(_));
    let is_near = |at: usize| {
        (at.saturating_sub(AROUND)..=at + AROUND).any(|other| other < merged.len() && differs(other))
    };
    let equal = !(0..merged.len()).any(differs);
    let (mut out, mut left_out) = (String::new(), false);
    for (at, line) in merged.iter().enumerate() {
        if !equal && !is_near(at) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            out.push_str("  ..\n");
        }
        let (mark, line) = match line {
            Line::Both(line) => (' ', line),
            Line::Expected(line) => ('-', line),
            Line::Found(line) => ('+', line),
        };
        out.push_str(&format!("{mark} {line}\n"));
    }
    if left_out {
        out.push_str("  ..\n");
    }
    out
}

fn merged<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<Line<'a>> {
    let common = common_lines(left, right);
    let mut merged = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if l < left.len() && r < right.len() && left[l] == right[r] {
            merged.push(Line::Both(left[l]));
            (l, r) = (l + 1, r + 1);
        } else if r == right.len() || (l < left.len() && common[l + 1][r] >= common[l][r + 1]) {
            merged.push(Line::Expected(left[l]));
            l += 1;
        } else {
            merged.push(Line::Found(right[r]));
            r += 1;
        }
    }
    merged
}

/// How many lines the texts share at most from each pair of places on (longest common subsequence).
fn common_lines(left: &[&str], right: &[&str]) -> Vec<Vec<usize>> {
    let mut common = vec![vec![0; right.len() + 1]; left.len() + 1];
    for l in (0..left.len()).rev() {
        for r in (0..right.len()).rev() {
            common[l][r] = if left[l] == right[r] {
                common[l + 1][r + 1] + 1
            } else {
                common[l + 1][r].max(common[l][r + 1])
            };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn what_differs_is_marked_and_what_is_equal_is_kept() {
        assert_eq!(lines("a\nb\nc", "a\nx\nc\nd"), "  a\n- b\n+ x\n  c\n+ d\n");
        assert_eq!(lines("", "a"), "+ a\n");
        assert_eq!(lines("same", "same"), "  same\n");
    }

    #[test]
    fn of_long_runs_of_equal_lines_those_around_a_difference_are_shown() {
        let text = |changed: usize| {
            let line =
                |number: usize| if number == changed { "changed".to_owned() } else { number.to_string() };
            (0..30).map(line).collect::<Vec<_>>().join("\n")
        };
        let wanted = "  ..\n  6\n  7\n  8\n  9\n- 10\n+ changed\n  11\n  12\n  13\n  14\n  ..\n";
        assert_eq!(lines(&text(99), &text(10)), wanted);
    }
}
