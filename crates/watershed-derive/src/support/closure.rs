use syn::Expr;

use super::Errors;

/// Checks that a closure takes what it will be given. A function's name may stand for it; rustc then checks that.
pub(crate) fn check_closure(expression: &Expr, takes: usize, example: &str, errors: &mut Errors) {
    match expression {
        Expr::Closure(closure) if closure.inputs.len() != takes => {
            errors.say(closure, format!("write a closure like `{example}`"));
        }
        Expr::Closure(_) | Expr::Path(_) => {}
        other => errors.say(other, format!("write a closure like `{example}`")),
    }
}
