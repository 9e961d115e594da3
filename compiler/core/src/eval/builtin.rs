//! Library primitives: the rows of `tenon_check::builtins`, by the functions of `tenon_value::library`, which native code
//! calls too.

use super::show;
use crate::ir::{Program, Type};
use std::sync::LazyLock;
use tenon_check::builtins::{BUILTINS, Builtin};
use tenon_value::library::{self, Function};
use tenon_value::{Fault, Value};

/// The functions of the pure rows, by number.
static FUNCTIONS: LazyLock<Vec<Option<Function>>> =
    LazyLock::new(|| BUILTINS.iter().map(|row| library::find(row.id)).collect());

/// Calls a library primitive. Operands are the receiver and then the parameters. What the verifier would have refused,
/// or a primitive that touches the world and therefore is a command, is the fault `Internal`.
pub(super) fn call(
    program: &Program,
    number: u16,
    operands: &[Value],
    types: &[&Type],
    result: &Type,
) -> Result<Value, Fault> {
    // The one primitive that needs the names of cases and fields.
    if let (Builtin::ToText, [value], [ty]) = (Builtin(number), operands, types) {
        return Ok(Value::text(show::display(program, ty, value)));
    }
    let function = FUNCTIONS.get(usize::from(number)).copied().flatten().ok_or(Fault::Internal)?;
    let scale = match result.present() {
        Type::Decimal(scale) => *scale,
        _ => 0,
    };
    let value = function(operands, scale)?;
    Ok(match (value, result) {
        // An element that is an option itself: options do not nest.
        (Value::Some(inner), Type::Option(_)) if matches!(*inner, Value::Some(_) | Value::None) => *inner,
        (value, _) => value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_check::builtins::Need;

    #[test]
    fn every_pure_row_has_a_function() {
        for (row, function) in BUILTINS.iter().zip(FUNCTIONS.iter()) {
            assert_eq!(function.is_some(), row.need == Need::Pure, "{}", row.id);
        }
    }
}
