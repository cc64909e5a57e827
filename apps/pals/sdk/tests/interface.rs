//! The interface on this side: what is read is what cards write.

use etp_function::exact::rounded;
use etp_function::{Function, Inputs, Reader, Session, evaluate};
use proptest::prelude::*;
use serde_json::Value;
use zeroize::Zeroizing;

fn vectors() -> Value {
    let text = include_str!("../../../../docs/vectors/function.json");
    serde_json::from_str(text).expect("JSON")
}

fn bytes(digits: &Value) -> Vec<u8> {
    let digits = digits.as_str().expect("digits");
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn written_by_a_card<V: AsRef<[u8]>>(
    session: Session<'_>,
    values: &[Option<V>],
    me: usize,
) -> Vec<u8> {
    let own = |value: &V| Zeroizing::new(value.as_ref().to_vec());
    let given: Vec<_> = values.iter().map(|it| it.as_ref().map(own)).collect();
    let session = oncard_function::Session {
        id: session.id,
        parameters: session.parameters.to_vec(),
    };
    oncard_function::encode(&session, &given, me).to_vec()
}

#[test]
fn inputs_are_encoded_and_read_as_in_the_vectors() {
    for (name, vector) in vectors()["inputs"].as_object().expect("inputs") {
        let values = vector["values"].as_array().expect("values");
        let values: Vec<_> = values
            .iter()
            .map(|value| (!value.is_null()).then(|| bytes(value)))
            .collect();
        let me = vector["me"].as_u64().expect("a member") as usize;
        let encoded = bytes(&vector["bytes"]);
        let (id, parameters) = (bytes(&vector["session"]), bytes(&vector["parameters"]));
        let session = Session {
            id: id.try_into().expect("32 bytes"),
            parameters: &parameters,
        };
        assert_eq!(session.encode(&values, me), encoded, "{name}");
        assert_eq!(written_by_a_card(session, &values, me), encoded, "{name}");
        let inputs = Inputs::read(&encoded).expect(name);
        assert_eq!((inputs.members(), inputs.me()), (values.len(), me));
        assert_eq!(inputs.session(), &session.id, "{name}");
        assert_eq!(inputs.parameters(), parameters, "{name}");
        let read: Vec<_> = inputs.iter().map(|it| it.map(<[u8]>::to_vec)).collect();
        assert_eq!(read, values, "{name}");
        for (member, value) in values.iter().enumerate() {
            assert_eq!(inputs.get(member), value.as_deref(), "{name}");
        }
        assert_eq!(inputs.get(values.len()), None, "{name}");
    }
}

#[test]
fn what_no_card_writes_is_no_input() {
    let session = Session {
        id: [7; 32],
        parameters: b"xyz",
    };
    let encode = |values: &[Option<[u8; 2]>], me| session.encode(values, me);
    let whole = encode(&[Some([1, 2]), None], 1);
    for len in 0..whole.len() {
        assert_eq!(Inputs::read(&whole[..len]), None, "{len}");
    }
    assert_eq!(Inputs::read(&[whole.as_slice(), &[0]].concat()), None);
    assert_eq!(Inputs::read(&encode(&[Some([1, 2]), None], 2)), None);
    assert_eq!(Inputs::read(&[0xff; 64]), None);
}

/// Says what it sees.
struct Seen;

impl Function for Seen {
    fn run(inputs: &Inputs<'_>) -> Vec<u8> {
        let mut seen = vec![inputs.me() as u8, inputs.value_bytes() as u8];
        for value in inputs.iter() {
            seen.push(value.map_or(0xff, |value| value.iter().sum()));
        }
        seen
    }
}

#[test]
fn a_function_is_evaluated_for_each_member() {
    let values = [Some(vec![1, 2]), None, Some(vec![40])];
    assert_eq!(evaluate::<Seen>(&values, 0), [0, 2, 3, 0xff, 40]);
    assert_eq!(evaluate::<Seen>(&values, 2), [2, 2, 3, 0xff, 40]);
    assert_eq!(evaluate::<Seen>(&[None::<[u8; 1]>], 0), [0, 0, 0xff]);
}

#[test]
fn a_reader_takes_what_is_there_and_nothing_else() {
    let mut reader = Reader::new(&[1, 0, 2, 0xff, 0xfe, 5, 6, 7, 8]);
    assert_eq!((reader.u8(), reader.u16()), (Some(1), Some(2)));
    assert_eq!(reader.i16(), Some(-2));
    assert_eq!(reader.u64(), None, "four bytes are no eight");
    assert_eq!(reader.bytes(5), None);
    assert_eq!(reader.bytes(1), Some(&[5][..]));
    assert_eq!(reader.array(), Some([6, 7]));
    assert_eq!((reader.rest(), reader.rest()), (&[8][..], &[][..]));
}

proptest! {
    #[test]
    fn both_sides_encode_alike(
        values in proptest::collection::vec(proptest::option::of(any::<[u8; 5]>()), 1..40),
        me in any::<prop::sample::Index>(),
        id in any::<[u8; 32]>(),
        parameters in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let me = me.index(values.len());
        let session = Session { id, parameters: &parameters };
        prop_assert_eq!(session.encode(&values, me), written_by_a_card(session, &values, me));
    }

    #[test]
    fn a_rounded_fraction_is_the_nearest(numerator in -(1_i128 << 100)..1 << 100, denominator in 1_i128..1 << 20) {
        let distance = (numerator - rounded(numerator, denominator) * denominator).abs();
        prop_assert!(2 * distance <= denominator);
        prop_assert_eq!(rounded(-numerator, denominator), -rounded(numerator, denominator));
    }
}

#[test]
fn halves_are_rounded_away_from_zero() {
    assert_eq!([rounded(5, 2), rounded(-5, 2), rounded(7, 3)], [3, -3, 2]);
}
