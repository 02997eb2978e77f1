//! Two texts, line by line.

/// Beyond this many pairs of lines the texts are printed one after the other instead.
const MOST_PAIRS: usize = 4_000_000;

/// The lines of both texts in one: `-` before those that only `expected` has, `+` before those that only `found` has.
pub(crate) fn lines(expected: &str, found: &str) -> String {
    let (left, right): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    if left.len().saturating_mul(right.len()) > MOST_PAIRS {
        return format!("expected:\n{expected}\nfound:\n{found}\n");
    }
    let common = common_lines(&left, &right);
    let mut out = String::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        let (mark, line) = if l < left.len() && r < right.len() && left[l] == right[r] {
            (l, r) = (l + 1, r + 1);
            (' ', left[l - 1])
        } else if r == right.len() || (l < left.len() && common[l + 1][r] >= common[l][r + 1]) {
            l += 1;
            ('-', left[l - 1])
        } else {
            r += 1;
            ('+', right[r - 1])
        };
        out.push(mark);
        out.push(' ');
        out.push_str(line);
        out.push('\n');
    }
    out
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
}
