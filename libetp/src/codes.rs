//! Enumerations whose numbers and names are part of a protocol.

macro_rules! codes {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $number:ident, $from:ident {
            $($(#[$code_meta:meta])* $code:ident = $value:literal, $text:literal;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr($number)]
        pub enum $name {
            $($(#[$code_meta])* $code = $value,)*
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The one of a number, if there is one.
            pub fn $from(number: $number) -> Option<Self> {
                match number {
                    $($value => Some(Self::$code),)*
                    _ => None,
                }
            }

            /// The name used in output, logs and counters.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)*
                }
            }
        }
    };
}
pub(crate) use codes;
