//! A writer of DER that does as it is told, so that tests do not check the parser with its own
//! encoder.

/// `SEQUENCE`
pub(crate) const SEQUENCE: u8 = 0x30;
/// `OCTET STRING`
pub(crate) const OCTETS: u8 = 0x04;
/// `BIT STRING`
pub(crate) const BITS: u8 = 0x03;
/// `UTCTime`
pub(crate) const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
/// URI in a general name
pub(crate) const URI: u8 = 0x86;
/// DNS name in a general name
pub(crate) const DNS: u8 = 0x82;

/// 1.3.101.112
pub(crate) const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
/// 2.5.29.15
pub(crate) const KEY_USAGE: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x0f];
/// 2.5.29.17
pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x11];
/// 2.5.29.19
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x13];
/// 2.5.29.30
pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x1e];
/// 2.5.29.37
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x25];
/// 1.3.6.1.4.1.32473.2.1
pub(crate) const ATTRIBUTES: &[u8] = &[
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x02, 0x01,
];
/// 1.3.6.1.4.1.32473.9.9, which means nothing.
pub(crate) const NONSENSE: &[u8] = &[
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x09, 0x09,
];

/// 1.3.6.1.4.1.32473.1.`arc`
pub(crate) fn purpose(arc: u8) -> Vec<u8> {
    vec![
        0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x01, arc,
    ]
}

/// Tag, length, contents.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let mut out = vec![tag];
    match contents.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long @ 0x80..=0xff => out.extend([0x81, long as u8]),
        longer => {
            out.push(0x82);
            out.extend((longer as u16).to_be_bytes());
        }
    }
    out.extend(contents);
    out
}

/// `BIT STRING` of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(BITS, &[&[0], bytes])
}

/// An algorithm without parameters.
pub(crate) fn algorithm(id: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[id])
}

/// A `SubjectPublicKeyInfo`.
pub(crate) fn public_key_info(id: &[u8], key: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&algorithm(id), &bits(key)])
}

/// A name of one `CN`.
pub(crate) fn name(common: &str) -> Vec<u8> {
    let common = tlv(0x0c, &[common.as_bytes()]);
    let pair = tlv(SEQUENCE, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &common]);
    tlv(SEQUENCE, &[&tlv(0x31, &[&pair])])
}
