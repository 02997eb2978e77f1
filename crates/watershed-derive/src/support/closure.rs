use syn::Expr;

use super::Errors;

/// The closure, where it takes what it will be given. A function's name may stand for it; rustc then checks that.
pub(crate) fn closure(expression: Expr, takes: usize, example: &str, errors: &mut Errors) -> Option<Expr> {
    let fits = match &expression {
        Expr::Closure(closure) => closure.inputs.len() == takes,
        Expr::Path(_) => true,
        _ => false,
    };
    if !fits {
        errors.say(&expression, format!("write a closure like `{example}`"));
    }
    fits.then_some(expression)
}
