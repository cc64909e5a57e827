//! What may stand in an expression.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use libetp::Mtype;

use super::settle::{settle, settle_part};
use super::types::{Type, Typed, Word};
use super::{DEPTH_MAX, NODES_MAX, field, variable};
use crate::file::{Names, Wrong};

/// What an expression may refer to.
pub(super) struct Scope<'s> {
    pub(super) names: &'s Names,
    /// The message types that it is asked about; any, if there is no list.
    pub(super) mtypes: Option<&'s [Mtype]>,
}

/// Walks an expression, and writes its words as values are written.
pub(super) struct Check<'s> {
    scope: &'s Scope<'s>,
    depth: usize,
    pub(super) nodes: usize,
    pub(super) variables: BTreeSet<&'static str>,
}

pub(super) type Checked = Result<Typed, Wrong>;

impl<'s> Check<'s> {
    pub(super) fn new(scope: &'s Scope<'s>) -> Self {
        Self {
            scope,
            depth: 0,
            nodes: 0,
            variables: BTreeSet::new(),
        }
    }

    /// An expression that is true or false.
    pub(super) fn condition(&mut self, expr: &mut IdedExpr) -> Result<(), Wrong> {
        self.of_kind(expr, &Type::Bool, "a condition").map(drop)
    }

    fn expression(&mut self, expr: &mut IdedExpr) -> Checked {
        self.enter()?;
        let checked = match &mut expr.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.field(select),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(_) => Err(Wrong::new("it has a loop")
                .help("`in` asks whether a list has a value; other loops have no bound")),
            Expr::List(_) => Err(Wrong::new("a list stands only behind `in`")
                .help("such as: mtype in ['ping', 'pong']")),
            _ => Err(Wrong::new("maps and structures are not understood")),
        };
        self.depth -= 1;
        checked
    }

    fn enter(&mut self) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Wrong::new(format!("it nests deeper than {DEPTH_MAX}")));
        }
        self.count()
    }

    fn count(&mut self) -> Result<(), Wrong> {
        self.nodes += 1;
        match self.nodes > NODES_MAX {
            true => Err(Wrong::new(format!("it has more than {NODES_MAX} parts"))),
            false => Ok(()),
        }
    }

    fn variable(&mut self, name: &str) -> Checked {
        let Some(found) = variable::find(name) else {
            let names = variable::VARIABLES.iter().map(|it| it.name);
            let help = format!(
                "there are: {}, param.<field>",
                names.collect::<Vec<_>>().join(", ")
            );
            return Err(Wrong::new(format!("`{name}` is not known")).help(help));
        };
        self.variables.insert(found.name);
        Ok((found.typed)())
    }

    fn field(&self, select: &SelectExpr) -> Checked {
        if select.test {
            return Err(Wrong::new("`has` is not understood")
                .help("every message of a type has its fields; write: param.<field> != null"));
        }
        let mut path = vec![select.field.as_str()];
        let mut operand = &select.operand.expr;
        while let Expr::Select(inner) = operand {
            path.push(&inner.field);
            operand = &inner.operand.expr;
        }
        if !matches!(operand, Expr::Ident(root) if root == "param") {
            return Err(Wrong::new("only `param` has fields"));
        }
        path.reverse();
        field::typed(&path, self.scope.mtypes)
    }

    fn call(&mut self, call: &mut CallExpr) -> Checked {
        let CallExpr {
            func_name,
            target,
            args,
        } = call;
        let target = target.as_deref_mut();
        match (func_name.as_str(), target, args.as_mut_slice()) {
            (operators::CONDITIONAL, None, [condition, yes, no]) => {
                self.condition(condition)?;
                self.alike(yes, no)
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [left, right]) => {
                self.condition(left)?;
                self.condition(right)?;
                Ok(Type::Bool.always())
            }
            (operators::LOGICAL_NOT, None, [only]) => {
                self.condition(only)?;
                Ok(Type::Bool.always())
            }
            (operators::EQUALS | operators::NOT_EQUALS, None, [left, right]) => {
                self.alike(left, right)?;
                Ok(Type::Bool.always())
            }
            (
                operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                None,
                [left, right],
            ) => {
                self.numbers(&mut [left, right])?;
                Ok(Type::Bool.always())
            }
            (
                operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO,
                None,
                [left, right],
            ) => self.numbers(&mut [left, right]),
            (operators::NEGATE, None, [only]) => self.numbers(&mut [only]),
            (operators::IN, None, [element, list]) => self.is_in(element, list),
            (operators::INDEX, None, [list, at]) => self.index(list, at),
            ("size", None, [of]) | ("size", Some(of), []) => self.size(of),
            ("hex", None, [bytes]) => {
                self.of_kind(bytes, &Type::Bytes, "what `hex` writes")?;
                Ok(Type::Text(Word::Hex).always())
            }
            ("startsWith" | "endsWith" | "contains", Some(text), [part]) => self.part(text, part),
            (name, ..) => Err(unknown(name)),
        }
    }

    fn of_kind(&mut self, expr: &mut IdedExpr, kind: &Type, what: &str) -> Checked {
        let typed = self.expression(expr)?;
        match typed.kind == *kind {
            true => Ok(typed),
            false => Err(Wrong::new(format!(
                "{what} must be {kind}, and is {}",
                typed.kind
            ))),
        }
    }

    fn numbers(&mut self, all: &mut [&mut IdedExpr]) -> Checked {
        for one in all {
            self.of_kind(one, &Type::Int, "what is counted or ordered")?;
        }
        Ok(Type::Int.always())
    }

    /// Two expressions that could be equal.
    fn alike(&mut self, left: &mut IdedExpr, right: &mut IdedExpr) -> Checked {
        let (of_left, of_right) = (self.expression(left)?, self.expression(right)?);
        self.match_up((left, &of_left), (right, &of_right))
    }

    fn match_up(
        &self,
        (left, of_left): (&mut IdedExpr, &Typed),
        (right, of_right): (&mut IdedExpr, &Typed),
    ) -> Checked {
        let is_nullable = of_left.is_nullable || of_right.is_nullable;
        let kind = match (&of_left.kind, &of_right.kind) {
            (Type::Null, other) if of_right.is_nullable => other.clone(),
            (other, Type::Null) if of_left.is_nullable => other.clone(),
            (Type::Text(word), Type::Text(Word::Any)) if is_text(right) => {
                settle(right, *word, self.scope.names)?;
                Type::Text(*word)
            }
            // A text that is settled already is of a word, and stays what it is.
            (Type::Text(Word::Any), Type::Text(word)) if is_text(left) => {
                settle(left, *word, self.scope.names)?;
                Type::Text(*word)
            }
            (one, other) if one == other => one.clone(),
            (one, other) => return Err(unlike(one, other)),
        };
        Ok(Typed { kind, is_nullable })
    }

    fn is_in(&mut self, element: &mut IdedExpr, list: &mut IdedExpr) -> Checked {
        let of_element = self.expression(element)?;
        if let Expr::List(literal) = &mut list.expr {
            self.count()?;
            let mut of_element = of_element;
            for one in &mut literal.elements {
                let of_one = self.expression(one)?;
                of_element = self.match_up((element, &of_element), (one, &of_one))?;
            }
            return Ok(Type::Bool.always());
        }
        let of_list = self.expression(list)?;
        match of_list.kind {
            Type::List(kind) => {
                self.match_up((element, &of_element), (list, &kind.always()))?;
                Ok(Type::Bool.always())
            }
            other => Err(Wrong::new(format!("`in` asks a list, not {other}"))),
        }
    }

    fn index(&mut self, list: &mut IdedExpr, at: &mut IdedExpr) -> Checked {
        self.of_kind(at, &Type::Int, "the place in a list")?;
        match self.expression(list)?.kind {
            Type::List(kind) => Ok(kind.always()),
            other => Err(Wrong::new(format!("only a list has places, not {other}"))),
        }
    }

    fn size(&mut self, of: &mut IdedExpr) -> Checked {
        match self.expression(of)?.kind {
            Type::Text(_) | Type::Bytes | Type::List(_) => Ok(Type::Int.always()),
            other => Err(Wrong::new(format!("{other} has no size"))),
        }
    }

    fn part(&mut self, text: &mut IdedExpr, part: &mut IdedExpr) -> Checked {
        let (of_text, of_part) = (self.expression(text)?, self.expression(part)?);
        match (of_text.kind, of_part.kind) {
            (Type::Text(word), Type::Text(_)) => {
                settle_part(part, word);
                Ok(Type::Bool.always())
            }
            (one, other) => Err(unlike(&one, &other)),
        }
    }
}

fn is_text(expr: &IdedExpr) -> bool {
    super::settle::literal(expr).is_some()
}

fn of_literal(literal: &LiteralValue) -> Checked {
    match literal {
        LiteralValue::Boolean(_) => Ok(Type::Bool.always()),
        LiteralValue::Int(_) => Ok(Type::Int.always()),
        LiteralValue::String(_) => Ok(Type::Text(Word::Any).always()),
        LiteralValue::Bytes(_) => Ok(Type::Bytes.always()),
        LiteralValue::Null => Ok(Type::Null.or_null()),
        LiteralValue::Double(_) | LiteralValue::UInt(_) => {
            Err(Wrong::new("numbers are whole and have no suffix"))
        }
    }
}

fn unlike(one: &Type, other: &Type) -> Wrong {
    let wrong = Wrong::new(format!("{one} and {other} are never equal"));
    match (one, other) {
        (Type::Bytes, Type::Text(_)) | (Type::Text(_), Type::Bytes) => {
            wrong.help("write bytes as digits: hex(param.<field>) == 'c0ffee'")
        }
        _ => wrong,
    }
}

fn unknown(name: &str) -> Wrong {
    Wrong::new(format!("`{name}` is not known, or does not take what it is given")).help(
        "there are: == != < <= > >= + - * / % && || ! ?: in [ ], size(), hex(), startsWith(), endsWith(), contains()",
    )
}
