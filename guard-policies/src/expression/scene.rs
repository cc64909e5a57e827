//! A message as an expression sees it.

use std::sync::OnceLock;

use cel::common::types::{CelBool, CelBytes, CelInt, CelList, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use libetp::Mtype;

use super::variable::Variable;
use crate::Facts;
use crate::fields::{FieldsError, Params, Value};

/// Why a field has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Fields(#[from] FieldsError),
    #[error("a message of this type has no such field")]
    Lacking,
    #[error("the number is larger than an expression can hold")]
    Large,
}

/// The values of an expression's variables. The param is decoded when a field is asked for.
pub(super) struct Scene<'f> {
    envelope: Vec<(&'static str, Box<dyn Val + 'f>)>,
    mtype: Mtype,
    param: Option<&'f [u8]>,
    params: OnceLock<Result<Params<'f>, FieldsError>>,
    fault: OnceLock<Fault>,
}

impl<'f> Scene<'f> {
    pub(super) fn new(
        facts: &Facts<'f>,
        variables: impl Iterator<Item = &'static Variable>,
    ) -> Self {
        let envelope = variables.map(|variable| (variable.name, (variable.value)(facts)));
        Self {
            envelope: envelope.collect(),
            mtype: facts.header.mtype,
            param: facts.param(),
            params: OnceLock::new(),
            fault: OnceLock::new(),
        }
    }

    /// What kept a field from having a value, if something did.
    pub(super) fn into_fault(self) -> Option<Fault> {
        self.fault.into_inner()
    }

    fn field(&self, path: &str) -> Result<Box<dyn Val + '_>, Fault> {
        let params = self.params.get_or_init(|| match self.param {
            Some(param) => Params::decode(self.mtype, param),
            None => Err(FieldsError::Secret),
        });
        let params = params.as_ref().map_err(Clone::clone)?;
        shown(params.find(path).ok_or(Fault::Lacking)?)
    }
}

impl VariableResolver for Scene<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let Some(path) = name.strip_prefix("param.") else {
            let found = self.envelope.iter().find(|(known, _)| *known == name)?;
            return Some(CowVal::Borrowed(found.1.as_ref()));
        };
        match self.field(path) {
            Ok(value) => Some(CowVal::Owned(value)),
            Err(fault) => {
                self.fault.get_or_init(|| fault);
                None
            }
        }
    }
}

fn shown<'v>(value: &Value<'v>) -> Result<Box<dyn Val + 'v>, Fault> {
    Ok(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(truth) => Box::new(CelBool::from(*truth)),
        Value::Uint(number) => {
            let number = i64::try_from(*number).map_err(|_| Fault::Large)?;
            Box::new(CelInt::from(number))
        }
        Value::Bytes(bytes) => Box::new(CelBytes::from(*bytes)),
        Value::Text(text) => Box::new(CelString::from(*text)),
        Value::Id(id) => Box::new(CelString::from(id.to_string())),
        Value::List(values) => {
            let values = values.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
            Box::new(CelList::from(values))
        }
        Value::Structure(..) | Value::Opaque(_) => return Err(Fault::Lacking),
    })
}
