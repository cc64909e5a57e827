use card_proxy::socket::ANSWER_MS_MAX;
use ed25519_dalek::{Signer, SigningKey};
use etp_pki::scheme::{Authority, Request, Seeds};
use etp_pki::{Role, self_certified_domain};
use libetp::digest::signature_input;
use libetp::exchange::SelectReply;
use libetp::params::Param;
use libetp::params::runtime::{
    Hello, HelloBody, HelloChallenge, OrderRefused, PortsReserved, Serve, Statement, StatementBody,
};
use libetp::{Domain, Message, Mtype, Port, VerdictCode};

use super::*;
use crate::state::Witness;

mod absence;
mod held;

const NOW_S: u64 = 1_800_000_000;

/// A card in the hands of the test: it signs what it is told to.
struct TestCard {
    authority: Authority,
    key: SigningKey,
    domain: Domain,
    certificate: Vec<u8>,
    boot_id: [u8; 8],
    generation: u64,
    highest_port: u32,
}

impl TestCard {
    fn new() -> Self {
        let seeds = Seeds {
            root: [1; 32],
            intermediates: std::array::from_fn(|i| [i as u8 + 2; 32]),
        };
        let authority = Authority::generate("test", &seeds, NOW_S).unwrap();
        let key = SigningKey::from_bytes(&[9; 32]);
        let (sign, agree) = (key.verifying_key().to_bytes(), [5; 32]);
        let request = Request::card(sign, agree, 1);
        let certificate = authority.issue(Role::Card, &request, NOW_S).unwrap();
        let domain = self_certified_domain(&sign, &agree);
        Self {
            authority,
            key,
            domain,
            certificate,
            boot_id: [3; 8],
            generation: 7,
            highest_port: 256,
        }
    }

    fn session(&self) -> Session {
        Session::new(self.authority.file().anchors(), Some([4; 32]))
    }

    fn reply(&self) -> SelectReply {
        SelectReply {
            same_session: false,
            last_sequence: 0xFF,
            domain: self.domain,
            max_command_data: 65_536,
            max_message: 65_524,
            boot_id: self.boot_id,
            generation: self.generation,
            next_ms: 0xFFFF,
        }
    }

    fn body(&self, nonce: [u8; 32]) -> HelloBody {
        HelloBody {
            nonce,
            boot_id: self.boot_id,
            generation: self.generation + 1,
            domain: self.domain,
            highest_port: self.highest_port,
        }
    }

    fn hello_of(&self, body: &HelloBody) -> Hello {
        Hello {
            boot_id: body.boot_id,
            generation: body.generation,
            highest_port: body.highest_port,
            certificate: self.certificate.clone(),
            signature: self.key.sign(&signature_input("hello", body)).to_bytes(),
        }
    }

    fn to_daemon(&self, param: impl Param) -> Input {
        let message = param.into_message(self.domain.card(), self.domain.entity(Port::DAEMON));
        Input::Message {
            number: (self.generation + 1) << 16,
            message,
        }
    }

    /// Selected and challenged; with the nonce of the challenge.
    fn challenged(&self, session: &mut Session, known: Known) -> [u8; 32] {
        let effects = session.step(Input::Selected(self.reply(), known), &now(0));
        let [Effect::Challenge(order)] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!(order.header.src, self.domain.entity(Port::DAEMON));
        assert_eq!(order.header.dst, self.domain.card());
        HelloChallenge::from_param(&order.param).unwrap().nonce
    }

    fn answer(&self, session: &mut Session, nonce: [u8; 32]) -> Vec<Effect> {
        let hello = self.hello_of(&self.body(nonce));
        session.step(self.to_daemon(hello), &now(0))
    }

    fn live(&self) -> Session {
        let mut session = self.session();
        let nonce = self.challenged(&mut session, Known::default());
        self.answer(&mut session, nonce);
        assert!(
            matches!(session.stage(), Stage::Live { .. }),
            "{:?}",
            session.stage()
        );
        session
    }
}

fn now(ms: u64) -> Now {
    Now {
        unix_s: NOW_S,
        ms,
        fresh: [ms as u8 ^ 0xA5; 32],
    }
}

fn cause(session: &Session) -> &Quarantine {
    match session.stage() {
        Stage::Quarantined(cause) => cause,
        other => panic!("{other:?}"),
    }
}

fn is_attached(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::Attach { .. }))
}

#[test]
fn a_card_that_proves_itself_is_live_after_it_was_recorded() {
    let card = TestCard::new();
    let mut session = card.session();
    let nonce = card.challenged(&mut session, Known::default());
    let effects = card.answer(&mut session, nonce);
    let order = |effect: &Effect| match effect {
        Effect::AddLocal { .. } => "add-local",
        Effect::SetWitness(_) => "set-witness",
        Effect::Prove(boot_id) => {
            assert_eq!(*boot_id, card.boot_id);
            "prove"
        }
        Effect::Attach { .. } => "attach",
        Effect::Order(message) if message.header.mtype == Mtype::RESERVE_PORTS => "reserve-ports",
        Effect::Note(_) => "note",
        _ => "else",
    };
    let order: Vec<_> = effects.iter().map(order).collect();
    assert_eq!(
        order,
        [
            "add-local",
            "set-witness",
            "prove",
            "attach",
            "note",
            "reserve-ports"
        ]
    );
    assert_eq!(session.witness().generation, 8);
}

#[test]
fn a_hello_that_does_not_prove_everything_is_quarantined_by_name() {
    type Spoil = fn(&TestCard, &mut HelloBody, &mut Hello);
    let cases: [(&str, Spoil); 5] = [
        ("card-signature", |_, _, hello| hello.signature[0] ^= 1),
        ("card-signature", |_, _, hello| hello.highest_port += 1),
        ("card-signature", |_, _, hello| hello.generation += 1),
        ("card-certificate", |_, _, hello| {
            hello.certificate[100] ^= 1;
        }),
        ("card-boot-id", |card, body, hello| {
            body.boot_id = [0; 8];
            *hello = card.hello_of(body);
        }),
    ];
    for (name, spoil) in cases {
        let card = TestCard::new();
        let mut session = card.session();
        let nonce = card.challenged(&mut session, Known::default());
        let mut body = card.body(nonce);
        let mut hello = card.hello_of(&body);
        spoil(&card, &mut body, &mut hello);
        let effects = session.step(card.to_daemon(hello), &now(0));
        assert!(!is_attached(&effects), "{name}");
        assert!(
            effects.contains(&Effect::Detach(VerdictCode::Quarantined)),
            "{name}"
        );
        assert_eq!(cause(&session).name(), name);
    }
}

#[test]
fn an_answer_to_another_challenge_proves_nothing() {
    let card = TestCard::new();
    let mut session = card.session();
    card.challenged(&mut session, Known::default());
    assert!(!is_attached(&card.answer(&mut session, [0; 32])));
    assert_eq!(cause(&session).name(), "card-signature");
}

#[test]
fn certificates_of_other_roles_domains_and_times_are_refused() {
    let issue = |card: &mut TestCard, role, request: &Request, at| {
        card.certificate = card.authority.issue(role, request, at).unwrap();
    };
    let mut service = TestCard::new();
    let public = service.key.verifying_key().to_bytes();
    issue(&mut service, Role::Service, &Request::key(public, 1), NOW_S);
    let mut other_domain = TestCard::new();
    issue(
        &mut other_domain,
        Role::Card,
        &Request::card(public, [6; 32], 1),
        NOW_S,
    );
    let mut future = TestCard::new();
    issue(
        &mut future,
        Role::Card,
        &Request::card(public, [5; 32], 1),
        NOW_S + 1_000_000,
    );
    let cases = [
        (service, "card-certificate"),
        (other_domain, "card-domain"),
        (future, "card-certificate"),
    ];
    for (card, name) in cases {
        let mut session = card.session();
        let nonce = card.challenged(&mut session, Known::default());
        assert!(!is_attached(&card.answer(&mut session, nonce)));
        assert_eq!(cause(&session).name(), name);
    }
}

fn seen(generation: u64) -> Known {
    let witness = Witness {
        generation,
        highest_port: 512,
        ..Witness::default()
    };
    Known {
        witness: Some(witness),
        ..Known::default()
    }
}

#[test]
fn an_older_card_is_quarantined_at_select_and_at_hello() {
    let card = TestCard::new();
    let mut session = card.session();
    let effects = session.step(Input::Selected(card.reply(), seen(9)), &now(0));
    assert!(
        effects
            .iter()
            .all(|effect| !matches!(effect, Effect::Challenge(_) | Effect::Prove(_)))
    );
    assert_eq!(cause(&session).name(), "card-rollback");
    assert!(
        cause(&session)
            .recovery()
            .contains(&format!("--accept-rollback {}", card.domain))
    );

    // The witness saw 8; the restored card is at 7, and 8 is its answer to the challenge.
    let mut session = card.session();
    let mut claims_more = card.reply();
    claims_more.generation = 8;
    session.step(Input::Selected(claims_more, seen(8)), &now(0));
    let hello = card.hello_of(&card.body([0xA5; 32]));
    let number = 9 << 16;
    let Input::Message { message, .. } = card.to_daemon(hello) else {
        unreachable!()
    };
    assert!(!is_attached(
        &session.step(Input::Message { number, message }, &now(0))
    ));
    assert_eq!(cause(&session).name(), "card-rollback");
}

#[test]
fn the_next_transaction_of_an_honest_card_passes_the_witness() {
    let card = TestCard::new();
    let mut session = card.session();
    let nonce = card.challenged(&mut session, seen(7));
    assert!(is_attached(&card.answer(&mut session, nonce)));
}

#[test]
fn a_second_key_or_a_second_card_for_a_domain_is_refused() {
    let card = TestCard::new();
    let mut session = card.session();
    let known = Known {
        key: Some([0; 32]),
        ..Known::default()
    };
    let nonce = card.challenged(&mut session, known);
    assert!(!is_attached(&card.answer(&mut session, nonce)));
    assert_eq!(cause(&session).name(), "card-second-key");

    let mut session = card.session();
    let known = Known {
        elsewhere: true,
        ..Known::default()
    };
    session.step(Input::Selected(card.reply(), known), &now(0));
    assert_eq!(cause(&session).name(), "card-twice");
}

#[test]
fn messages_are_held_until_the_card_proved_itself_and_stale_answers_ignored() {
    let card = TestCard::new();
    let mut session = card.session();
    let nonce = card.challenged(&mut session, Known::default());
    let dst = Domain([1; 12]).entity(Port(5));
    let offer = Message::new(card.domain.card(), dst, Mtype::OFFER, vec![0x80]);
    let input = Input::Message {
        number: 3 << 16,
        message: offer.clone(),
    };
    assert_eq!(session.step(input, &now(0)), []);
    let stale = card.hello_of(&card.body([0; 32]));
    let message = stale.into_message(card.domain.card(), card.domain.entity(Port::DAEMON));
    let input = Input::Message {
        number: 7 << 16,
        message,
    };
    assert_eq!(session.step(input, &now(0)), []);
    let effects = card.answer(&mut session, nonce);
    let submit = Effect::Submit {
        number: 3 << 16,
        message: offer,
    };
    let at = |wanted: &dyn Fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
    assert!(at(&|e| matches!(e, Effect::Attach { .. })) < at(&|e| *e == submit));
}

#[test]
fn no_answer_in_time_is_named() {
    let card = TestCard::new();
    let mut session = card.session();
    card.challenged(&mut session, Known::default());
    assert_eq!(session.step(Input::Tick, &now(HELLO_MS_MAX - 1)), []);
    session.step(Input::Tick, &now(HELLO_MS_MAX));
    assert_eq!(cause(&session).name(), "card-no-hello");
}

#[test]
fn a_reset_card_proves_itself_again_and_a_swapped_one_does_not_pass() {
    let mut card = TestCard::new();
    let mut session = card.live();
    assert_eq!(
        session.step(Input::Selected(card.reply(), Known::default()), &now(1)),
        []
    );
    card.boot_id = [8; 8];
    card.generation += 1;
    let nonce = card.challenged(&mut session, Known::default());
    let effects = card.answer(&mut session, nonce);
    assert!(matches!(session.stage(), Stage::Live { .. }));
    assert!(!is_attached(&effects), "it was never detached");

    let mut other = card.reply();
    other.domain = Domain([2; 12]);
    session.step(Input::Selected(other, Known::default()), &now(2));
    assert_eq!(cause(&session).name(), "card-another");
}

/// Each reset comes before the card carried the last challenge out, which then waits for the next one.
fn reset_before_the_answer(card: &mut TestCard, resets: u8) -> (Session, Vec<[u8; 32]>) {
    let mut session = card.session();
    let mut nonces = Vec::new();
    for reset in 0..=resets {
        card.boot_id = [reset; 8];
        let selected = Input::Selected(card.reply(), Known::default());
        let effects = session.step(selected, &now(reset.into()));
        let [Effect::Challenge(order)] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        nonces.push(HelloChallenge::from_param(&order.param).unwrap().nonce);
    }
    (session, nonces)
}

#[test]
fn a_card_that_answers_every_challenge_since_its_resets_is_live() {
    let mut card = TestCard::new();
    let (mut session, nonces) = reset_before_the_answer(&mut card, 3);
    for nonce in &nonces[..3] {
        assert_eq!(card.answer(&mut session, *nonce), []);
        assert!(matches!(session.stage(), Stage::Challenged { .. }));
    }
    assert!(is_attached(&card.answer(&mut session, nonces[3])));
}

#[test]
fn challenges_that_were_superseded_are_remembered_up_to_a_limit() {
    for resets in [SUPERSEDED_MAX as u8, SUPERSEDED_MAX as u8 + 1] {
        let mut card = TestCard::new();
        let (mut session, nonces) = reset_before_the_answer(&mut card, resets);
        card.answer(&mut session, nonces[0]);
        let is_known = matches!(session.stage(), Stage::Challenged { .. });
        assert_eq!(is_known, resets as usize == SUPERSEDED_MAX);
    }
}

#[test]
fn an_answer_to_a_superseded_challenge_never_makes_a_card_live() {
    let mut card = TestCard::new();
    let (mut session, nonces) = reset_before_the_answer(&mut card, 1);
    for _ in 0..3 {
        card.answer(&mut session, nonces[0]);
    }
    session.step(Input::Tick, &now(HELLO_MS_MAX + 1));
    assert_eq!(*cause(&session), Quarantine::NoHello(HELLO_MS_MAX));
}

/// Another program holds a transaction with the card when it is challenged.
#[test]
fn a_card_proves_itself_with_a_response_that_takes_as_long_as_it_may() {
    let card = TestCard::new();
    let mut session = card.session();
    let nonce = card.challenged(&mut session, Known::default());
    assert_eq!(session.step(Input::Tick, &now(ANSWER_MS_MAX)), []);
    assert!(is_attached(&card.answer(&mut session, nonce)));
}

fn reserved(card: &TestCard, session: &mut Session, first: u32, count: u32) -> Vec<Effect> {
    session.step(card.to_daemon(PortsReserved { first, count }), &now(0))
}

#[test]
fn ports_are_recorded_before_they_are_handed_out() {
    let card = TestCard::new();
    let mut session = card.live();
    let effects = reserved(&card, &mut session, 257, 256);
    let [Effect::RaiseWitness(_), Effect::SetWitness(witness), ports] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(witness.highest_port, 512);
    assert_eq!(
        *ports,
        Effect::Ports {
            first: 257,
            count: 256
        }
    );
    let unasked = reserved(&card, &mut session, 513, 256);
    assert!(
        unasked
            .iter()
            .all(|effect| !matches!(effect, Effect::Ports { .. })),
        "{unasked:?}"
    );
}

#[test]
fn ports_below_the_witness_are_skipped() {
    let card = TestCard::new();
    let mut session = card.session();
    let nonce = card.challenged(
        &mut session,
        Known {
            witness: Some(Witness {
                highest_port: 600,
                ..Witness::default()
            }),
            ..Known::default()
        },
    );
    card.answer(&mut session, nonce);
    let again = reserved(&card, &mut session, 257, 256);
    assert!(
        again
            .iter()
            .any(|effect| matches!(effect, Effect::Order(_))),
        "{again:?}"
    );
    let effects = reserved(&card, &mut session, 513, 256);
    assert!(
        effects.contains(&Effect::Ports {
            first: 601,
            count: 168
        }),
        "{effects:?}"
    );
}

#[test]
fn blocks_that_cannot_be_are_quarantined() {
    for (first, count) in [
        (0, 256),
        (5, 0),
        (Port::HOST_FIRST.0 - 1, 2),
        (u32::MAX, 256),
    ] {
        let card = TestCard::new();
        let mut session = card.live();
        reserved(&card, &mut session, first, count);
        assert_eq!(cause(&session).name(), "card-ports", "{first} {count}");
    }
    let card = TestCard::new();
    let mut session = card.live();
    let last = reserved(&card, &mut session, Port::HOST_FIRST.0 - 1, 1);
    assert!(
        last.iter()
            .any(|effect| matches!(effect, Effect::Ports { .. }))
    );
}

#[test]
fn statements_go_back_to_who_asked_and_refusals_too() {
    let card = TestCard::new();
    let mut session = card.live();
    for (nonce, token) in [([1; 32], 11), ([2; 32], 22)] {
        let effects = session.step(Input::Serve { nonce, token }, &now(0));
        let [Effect::Order(order)] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert_eq!(
            Serve::from_param(&order.param).unwrap(),
            Serve {
                host_key: [4; 32],
                nonce
            }
        );
    }
    let detail = "not enrolled".to_owned();
    let refused = OrderRefused {
        mtype: Mtype::SERVE,
        code: 14,
        detail,
    };
    let effects = session.step(card.to_daemon(refused), &now(0));
    assert!(effects.contains(&Effect::Statement {
        token: 11,
        statement: None
    }));
    let statement = Statement {
        certificate: vec![],
        host_key: [4; 32],
        number: 1,
        nonce: [2; 32],
        signature: [0; 64],
    };
    let effects = session.step(card.to_daemon(statement.clone()), &now(0));
    assert!(effects.contains(&Effect::Statement {
        token: 22,
        statement: Some(statement)
    }));
}

fn statement(number: u64, nonce: [u8; 32]) -> Statement {
    Statement {
        certificate: vec![],
        host_key: [4; 32],
        number,
        nonce,
        signature: [0; 64],
    }
}

/// A session of a card that was restored: this host gave its statement 2 out before.
fn restored_after_statement_2() -> (TestCard, Session) {
    let card = TestCard::new();
    let mut session = card.session();
    let known = Known {
        statements: 2,
        ..Known::default()
    };
    let nonce = card.challenged(&mut session, known);
    card.answer(&mut session, nonce);
    let (nonce, token) = ([1; 32], 11);
    session.step(Input::Serve { nonce, token }, &now(0));
    (card, session)
}

#[test]
fn a_restored_card_counts_on_until_its_statement_is_new() {
    let (card, mut session) = restored_after_statement_2();
    for stale in [1, 2] {
        let effects = session.step(card.to_daemon(statement(stale, [1; 32])), &now(0));
        let again = effects.iter().find_map(|effect| match effect {
            Effect::Order(order) => Serve::from_param(&order.param).ok(),
            Effect::Statement { .. } => panic!("statement {stale} was given out"),
            _ => None,
        });
        assert_eq!(again.map(|serve| serve.nonce), Some([1; 32]));
    }
    let effects = session.step(card.to_daemon(statement(3, [1; 32])), &now(0));
    let at = |wanted: &dyn Fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
    let raised = |e: &Effect| matches!(e, Effect::RaiseStatement { number: 3, .. });
    let given = Effect::Statement {
        token: 11,
        statement: Some(statement(3, [1; 32])),
    };
    assert!(
        at(&raised) < at(&|e| *e == given),
        "durable before given out"
    );
}

#[test]
fn a_card_that_does_not_count_on_gives_no_statement() {
    let (card, mut session) = restored_after_statement_2();
    session.step(card.to_daemon(statement(1, [1; 32])), &now(0));
    let effects = session.step(card.to_daemon(statement(1, [1; 32])), &now(0));
    let none = Effect::Statement {
        token: 11,
        statement: None,
    };
    assert!(effects.contains(&none), "{effects:?}");
}

#[test]
fn requests_for_statements_are_bounded_and_answered_when_the_card_goes() {
    let card = TestCard::new();
    let mut session = card.live();
    for token in 0..STATEMENTS_MAX as u64 {
        let effects = session.step(
            Input::Serve {
                nonce: [token as u8; 32],
                token,
            },
            &now(0),
        );
        assert!(matches!(effects.as_slice(), [Effect::Order(_)]));
    }
    let none = |token| Effect::Statement {
        token,
        statement: None,
    };
    let effects = session.step(
        Input::Serve {
            nonce: [99; 32],
            token: 99,
        },
        &now(0),
    );
    assert_eq!(effects, [none(99)]);
    let effects = session.step(Input::Gone("pulled".into()), &now(0));
    assert!(effects.contains(&Effect::Detach(VerdictCode::CardGone)));
    assert!((0..STATEMENTS_MAX as u64).all(|token| effects.contains(&none(token))));
}

#[test]
fn what_cannot_be_stored_is_not_live() {
    let card = TestCard::new();
    let mut session = card.live();
    let effects = session.step(Input::Failed("disk full".into()), &now(0));
    assert!(effects.contains(&Effect::Detach(VerdictCode::Quarantined)));
    assert_eq!(cause(&session).name(), "card-storage");
}

#[test]
fn a_card_that_is_gone_proves_itself_again_and_repeats_nothing_that_entered() {
    let card = TestCard::new();
    let mut session = card.live();
    let number = (card.generation + 2) << 16 | 3;
    let to_program = card.domain.entity(Port(9));
    let message = Message::new(card.domain.card(), to_program, Mtype(0xC001), vec![]);
    session.step(Input::Message { number, message }, &now(0));
    assert_eq!(session.highest_entered(), number);
    let effects = session.step(Input::Gone("pulled".into()), &now(0));
    assert!(effects.contains(&Effect::Detach(VerdictCode::CardGone)));
    assert_eq!(session.step(Input::Gone("no card".into()), &now(0)), []);
    let back = TestCard {
        boot_id: [4; 8],
        generation: card.generation + 5,
        ..TestCard::new()
    };
    let nonce = back.challenged(&mut session, Known::default());
    assert!(is_attached(&back.answer(&mut session, nonce)));
    assert_eq!(session.highest_entered(), number);
}

/// The card's statement for this host, signed.
fn signed_statement(card: &TestCard, number: u64, nonce: [u8; 32]) -> Statement {
    let leaf = etp_pki::scheme::inspect(&card.certificate).unwrap();
    let body = StatementBody {
        domain: card.domain,
        card_key: leaf.key,
        host_key: [4; 32],
        number,
        nonce,
    };
    Statement {
        certificate: card.certificate.clone(),
        signature: card.key.sign(&signature_input("serve", &body)).to_bytes(),
        ..statement(number, nonce)
    }
}

/// A card that stated elsewhere with number 5 and proves itself here: asked with this nonce.
fn restating(card: &TestCard) -> (Session, [u8; 32]) {
    let mut session = card.session();
    let known = Known {
        suspended: Some(5),
        ..Known::default()
    };
    let nonce = card.challenged(&mut session, known);
    let effects = card.answer(&mut session, nonce);
    let [Effect::Challenge(order)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let nonce = Serve::from_param(&order.param).unwrap().nonce;
    (session, nonce)
}

#[test]
fn a_suspended_card_is_live_when_it_states_a_newer_number_for_this_host() {
    let card = TestCard::new();
    let (mut session, nonce) = restating(&card);
    let newest = signed_statement(&card, 6, nonce);
    let effects = session.step(card.to_daemon(newest), &now(0));
    let ended = effects.iter().position(|it| *it == Effect::EndSuspension);
    let attached = effects
        .iter()
        .position(|it| matches!(it, Effect::Attach { .. }));
    assert!(ended.is_some() && ended < attached, "{effects:?}");
}

#[test]
fn a_suspended_card_that_does_not_prove_a_newer_statement_stays_suspended() {
    let card = TestCard::new();
    let forged = Statement {
        number: 7,
        ..signed_statement(&card, 6, [0; 32])
    };
    let refused = OrderRefused {
        mtype: Mtype::SERVE,
        code: 0,
        detail: "not the host that the owner enrolled".into(),
    };
    for answer in [
        None,
        Some(card.to_daemon(forged)),
        Some(card.to_daemon(refused)),
    ] {
        let (mut session, nonce) = restating(&card);
        let old = || card.to_daemon(signed_statement(&card, 5, nonce));
        let effects = session.step(answer.unwrap_or_else(old), &now(0));
        assert!(effects.contains(&Effect::Detach(VerdictCode::Suspended)));
        assert!(!is_attached(&effects), "{effects:?}");
        assert!(matches!(
            session.stage(),
            Stage::Suspended { number: 5, .. }
        ));
        // Nor does it help that it goes away.
        let effects = session.step(Input::Gone("pulled".into()), &now(0));
        assert!(effects.contains(&Effect::Detach(VerdictCode::Suspended)));
    }
}

#[test]
fn a_suspended_card_that_does_not_answer_stays_so_and_nothing_is_held_for_it() {
    let card = TestCard::new();
    let (mut session, nonce) = restating(&card);
    let of_before = OrderRefused {
        mtype: Mtype::RESERVE_PORTS,
        code: 0,
        detail: "of another order".into(),
    };
    assert_eq!(session.step(card.to_daemon(of_before), &now(0)), []);
    assert_eq!(session.step(Input::Tick, &now(HELLO_MS_MAX - 1)), []);
    let effects = session.step(Input::Tick, &now(HELLO_MS_MAX));
    assert!(effects.contains(&Effect::Detach(VerdictCode::Suspended)));
    let late = card.to_daemon(signed_statement(&card, 6, nonce));
    let effects = session.step(late, &now(HELLO_MS_MAX));
    assert!(!is_attached(&effects), "{effects:?}");
}

#[test]
fn a_live_card_is_suspended_at_once() {
    let card = TestCard::new();
    let mut session = card.live();
    let effects = session.step(Input::Suspended(3), &now(0));
    assert!(effects.contains(&Effect::Detach(VerdictCode::Suspended)));
    assert!(matches!(
        session.stage(),
        Stage::Suspended { number: 3, .. }
    ));
}
