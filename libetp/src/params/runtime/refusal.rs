//! Why a card refuses.

crate::codes::codes! {
    /// Why a card refuses an order or an authentication. The numbers are part of the protocol.
    pub enum RefusalCode: u16, from_u16 {
        /// The sender has no authenticated channel.
        NotAuthenticated = 1, "not-authenticated";
        /// The tag is wrong, or the counter is not larger than the last.
        BadTag = 2, "bad-tag";
        /// The parameters are not what the message type demands.
        Malformed = 3, "malformed";
        /// The PIN is wrong.
        WrongPin = 4, "wrong-pin";
        /// No tries left.
        Blocked = 5, "blocked";
        /// The challenge is not open for this id, or this id already tried in vain.
        NoChallenge = 6, "no-challenge";
        /// Too many of these are open.
        Limit = 7, "limit";
        /// No such voucher, offer, exchange or challenge.
        NotFound = 8, "not-found";
        /// The voucher is held, given or expected by another open exchange or issue.
        Reserved = 9, "reserved";
        /// A certificate or signature does not verify for the role that is required.
        Certificate = 10, "certificate";
        /// The third party is not one that this card trusts.
        ThirdParty = 11, "third-party";
        /// The card's class is below what the voucher demands.
        Class = 12, "class";
        /// The voucher does not match its id or its issuer's signature.
        Voucher = 13, "voucher";
        /// Not possible in the state the exchange is in.
        State = 14, "state";
        /// The message type is unknown to this card.
        UnknownType = 15, "unknown-type";
        /// The card has no room left.
        Storage = 16, "storage";
        /// The PUK is wrong.
        WrongPuk = 17, "wrong-puk";
        /// The card was made without a PUK.
        NoPuk = 18, "no-puk";
    }
}
