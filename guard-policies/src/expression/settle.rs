//! Words in expressions: what `[names]` calls somebody, and the one way in which an id is written.

use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use cel::common::types::CelString;

use super::types::Word;
use libetp::text::hex;

use crate::file::{self, Names, Wrong};

const ENTRIES: [&str; 4] = ["app", "card", "remote", "host"];

/// The text, if the expression is nothing but a text.
pub(super) fn literal(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// Puts in place of a text what it stands for, as it is written in values.
pub(super) fn settle(expr: &mut IdedExpr, word: Word, names: &Names) -> Result<(), Wrong> {
    let Some(text) = literal(expr) else {
        return Ok(());
    };
    let settled = written(text, word, names).map_err(Wrong::new)?;
    put(expr, settled);
    Ok(())
}

/// Puts a part of a word in the case in which words are written.
pub(super) fn settle_part(expr: &mut IdedExpr, word: Word) {
    if word != Word::Any
        && let Some(text) = literal(expr)
    {
        let part = text.to_ascii_lowercase();
        put(expr, part);
    }
}

fn put(expr: &mut IdedExpr, text: String) {
    expr.expr = Expr::Literal(LiteralValue::String(CelString::from(text)));
}

fn written(text: &str, word: Word, names: &Names) -> Result<String, String> {
    match word {
        Word::Any => Ok(text.into()),
        Word::Id => names.entity(text).map(|id| id.to_string()),
        Word::Domain => names.domain(text).map(|domain| domain.to_string()),
        Word::Host => names.host(text).map(|host| hex(&host)),
        Word::Mtype => file::mtype(text).map(|mtype| mtype.to_string()),
        Word::Entry if ENTRIES.contains(&text) => Ok(text.into()),
        Word::Entry => Err(format!("`{text}` is no entry: {}", ENTRIES.join(", "))),
        Word::Hex => {
            match text.len().is_multiple_of(2) && text.bytes().all(|it| it.is_ascii_hexdigit()) {
                true => Ok(text.to_ascii_lowercase()),
                false => Err(format!(
                    "`{text}` is not written in pairs of hexadecimal digits"
                )),
            }
        }
    }
}
