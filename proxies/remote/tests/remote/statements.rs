//! S5 for direct links: a host with a valid certificate speaks only for the domains whose cards
//! say that they are at it. Every lie is tried, none enters, each has its own counter.

use std::sync::{Arc, Mutex};

use etp_pki::Role;
use libetp::digest::Hash;
use libetp::params::runtime::Statement;
use libetp::verdict::Subject;
use libetp::{Domain, Message, VerdictCode};
use remote_proxy::link::{Control, MessageFrame, StatementFrame, VerdictFrame, WantStatement};
use remote_proxy::{Counter, Limits, MemoryStatementStore, StatementStore, StoreError};

use crate::support::{Card, HostKey, Node, Rogue, World, message, unix_now, until};

/// One store that outlives the proxies that use it.
#[derive(Clone, Default)]
struct SharedStore(Arc<Mutex<MemoryStatementStore>>);

impl StatementStore for SharedStore {
    fn pinned(&self, domain: Domain) -> Result<Option<Hash>, StoreError> {
        self.0.lock().unwrap().pinned(domain)
    }

    fn highest(&self, card: &Hash) -> Result<Option<u64>, StoreError> {
        self.0.lock().unwrap().highest(card)
    }

    fn keep(&mut self, domain: Domain, card: Hash, number: u64) -> Result<(), StoreError> {
        self.0.lock().unwrap().keep(domain, card, number)
    }
}

/// A store whose disk is full.
struct FullStore;

impl StatementStore for FullStore {
    fn pinned(&self, _: Domain) -> Result<Option<Hash>, StoreError> {
        Ok(None)
    }

    fn highest(&self, _: &Hash) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    fn keep(&mut self, _: Domain, _: Hash, _: u64) -> Result<(), StoreError> {
        Err(StoreError("no space left".into()))
    }
}

/// A proxy with a card, and a rogue that is its configured peer.
struct Stage {
    world: World,
    node: Node,
    rogue_host: HostKey,
    rogue: Rogue,
    local: Card,
    sequence: u64,
}

impl Stage {
    async fn set() -> Self {
        Self::with(MemoryStatementStore::default(), |_| {}).await
    }

    async fn with(store: impl StatementStore + 'static, limit: impl FnOnce(&mut Limits)) -> Self {
        let world = World::new();
        let rogue_host = world.host(102);
        let local = world.card(11);
        let node = Node::of(&world, &world.host(101))
            .card(&local)
            .store(store)
            .limits(limit)
            .peer(rogue_host.key, None, &[])
            .start();
        let rogue = Rogue::meet(&rogue_host, node.address()).await;
        Self {
            world,
            node,
            rogue_host,
            rogue,
            local,
            sequence: 0,
        }
    }

    /// Sends messages on a fresh lane.
    async fn send(&mut self, lane: u8, messages: &[Message]) -> quinn::SendStream {
        let mut stream = self.rogue.lane(lane).await;
        for message in messages {
            self.sequence += 1;
            let mut bytes = Vec::new();
            let frame = MessageFrame {
                sequence: self.sequence,
                number: self.sequence,
                message: &message.to_bytes(),
            };
            frame.write_to(&mut bytes);
            stream.write_all(&bytes).await.unwrap();
        }
        stream
    }

    async fn asked(&mut self) -> WantStatement {
        let want = |frame: &Control| matches!(frame, Control::WantStatement(_));
        match self.rogue.wait(want).await {
            Control::WantStatement(want) => want,
            other => unreachable!("{other:?}"),
        }
    }

    async fn answer(&mut self, domain: Domain, statement: Option<Statement>) {
        let frame = StatementFrame { domain, statement };
        self.rogue.say(&Control::Statement(frame)).await;
    }

    async fn verdict(&mut self) -> VerdictFrame {
        let verdict = |frame: &Control| matches!(frame, Control::Verdict(_));
        match self.rogue.wait(verdict).await {
            Control::Verdict(verdict) => verdict,
            other => unreachable!("{other:?}"),
        }
    }

    async fn refused(&mut self, counter: Counter) {
        until([&mut self.node], counter.name(), |[node]| {
            node.count(counter) > 0
        })
        .await;
        let count = self.node.handle.status().refused[&counter];
        assert_eq!(count as usize, self.node.count(counter));
    }

    /// Sends as `card`, answers the question as told, and expects the refusal.
    async fn lie(
        &mut self,
        card: &Card,
        answer: impl FnOnce(&Self, [u8; 32]) -> Option<Statement>,
        counter: Counter,
    ) {
        let invented = message(card.entity(1), self.local.entity(1), vec![1]);
        let _lane = self.send(0, std::slice::from_ref(&invented)).await;
        let want = self.asked().await;
        assert_eq!(want.domain, card.domain);
        let statement = answer(self, want.nonce);
        self.answer(want.domain, statement).await;
        self.refused(counter).await;
        let verdict = self.verdict().await;
        assert_eq!(verdict.code, VerdictCode::NotEnrolled as u16);
        assert_eq!(verdict.subject(), Subject::of(&invented));
        assert!(self.node.messages.is_empty(), "{} entered", counter.name());
    }
}

#[tokio::test]
async fn a_local_source_never_comes_from_outside() {
    let mut stage = Stage::set().await;
    let forged = message(stage.local.entity(1), stage.local.entity(0), vec![]);
    let _lane = stage.send(0, &[forged]).await;
    stage.refused(Counter::SourceLocal).await;
    assert_eq!(stage.verdict().await.code, VerdictCode::NotEnrolled as u16);
    assert!(stage.node.messages.is_empty());
}

/// The card of this very host went to the rogue's, and says so.
#[tokio::test]
async fn a_newer_statement_of_a_local_card_is_told_and_opens_nothing() {
    let mut stage = Stage::set().await;
    let (card, rogue) = (stage.local.clone(), stage.rogue_host.key);
    let sent = message(card.entity(1), card.entity(0), vec![]);
    let _lane = stage.send(0, &[sent.clone(), sent]).await;
    let want = stage.asked().await;
    assert_eq!(want.domain, card.domain);
    let statement = card.statement(rogue, 7, want.nonce);
    stage.answer(card.domain, Some(statement)).await;
    until([&mut stage.node], "the move", |[node]| {
        !node.moved.is_empty()
    })
    .await;
    assert_eq!(stage.node.moved, [(rogue, card.domain, 7)]);
    assert_eq!(stage.node.count(Counter::SourceLocal), 2);
    assert!(stage.node.messages.is_empty());
}

#[tokio::test]
async fn an_old_statement_of_a_local_card_moves_nothing() {
    let store = SharedStore::default();
    let mut stage = Stage::with(store.clone(), |_| {}).await;
    let (card, rogue) = (stage.local.clone(), stage.rogue_host.key);
    // What this host gave out for the card.
    store.clone().keep(card.domain, card.key(), 7).unwrap();
    let sent = message(card.entity(1), card.entity(0), vec![]);
    let _lane = stage.send(0, &[sent]).await;
    let want = stage.asked().await;
    let statement = card.statement(rogue, 7, want.nonce);
    stage.answer(card.domain, Some(statement)).await;
    stage.refused(Counter::StatementStale).await;
    assert_eq!(stage.node.moved, []);
}

#[tokio::test]
async fn a_domain_without_a_statement_does_not_enter() {
    let mut stage = Stage::set().await;
    let card = stage.world.card(12);
    stage.lie(&card, |_, _| None, Counter::StatementNone).await;
}

#[tokio::test]
async fn a_statement_for_another_host_does_not_help() {
    let mut stage = Stage::set().await;
    let card = stage.world.card(12);
    let home = stage.world.host(103).key;
    let genuine = |nonce| Some(card.statement(home, 1, nonce));
    stage
        .lie(&card, |_, nonce| genuine(nonce), Counter::StatementHost)
        .await;
}

#[tokio::test]
async fn a_statement_signed_by_another_key_does_not_help() {
    let mut stage = Stage::set().await;
    let card = stage.world.card(12);
    let mut forger = card.clone();
    forger.signing = stage.rogue_host.signing.clone();
    let answer = |stage: &Stage, nonce| {
        let mut statement = card.statement(stage.rogue_host.key, 1, nonce);
        let forged = forger.statement(stage.rogue_host.key, 1, nonce);
        statement.signature = forged.signature;
        Some(statement)
    };
    stage.lie(&card, answer, Counter::StatementSignature).await;
}

#[tokio::test]
async fn a_signature_over_other_fields_does_not_help() {
    let mut stage = Stage::set().await;
    let card = stage.world.card(12);
    let answer = |stage: &Stage, nonce| {
        let mut statement = card.statement(stage.rogue_host.key, 1, nonce);
        statement.number = 2;
        Some(statement)
    };
    stage.lie(&card, answer, Counter::StatementSignature).await;
}

#[tokio::test]
async fn a_certificate_of_any_other_role_does_not_help() {
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Card) {
        let mut stage = Stage::set().await;
        let card = stage.world.card(12);
        let other = stage.world.holder(role, 12, unix_now(), 30);
        let answer = |stage: &Stage, nonce| {
            let mut statement = card.statement(stage.rogue_host.key, 1, nonce);
            statement.certificate = other.leaf;
            Some(statement)
        };
        stage
            .lie(&card, answer, Counter::StatementCertificate)
            .await;
    }
}

#[tokio::test]
async fn an_expired_card_does_not_help() {
    let mut stage = Stage::set().await;
    let mut card = stage.world.card_with(12, [9; 32], None);
    let old = unix_now() - 20 * 86_400;
    card.certificate = stage.world.holder(Role::Card, 12, old, 10).leaf;
    let signer = card.clone();
    let answer = move |stage: &Stage, nonce| Some(signer.statement(stage.rogue_host.key, 1, nonce));
    stage
        .lie(&card, answer, Counter::StatementCertificate)
        .await;
}

#[tokio::test]
async fn a_statement_of_the_rogues_own_card_does_not_open_another_domain() {
    let mut stage = Stage::set().await;
    let (card, own) = (stage.world.card(12), stage.world.card(13));
    let answer = |stage: &Stage, nonce| Some(own.statement(stage.rogue_host.key, 1, nonce));
    stage.lie(&card, answer, Counter::StatementDomain).await;
}

#[tokio::test]
async fn a_replayed_nonce_does_not_help() {
    let mut stage = Stage::with(MemoryStatementStore::default(), |limits| {
        limits.statement_ms_max = 300;
    })
    .await;
    let card = stage.world.card(12);
    // A genuine statement that the card once gave for somebody else's question.
    let answer = |stage: &Stage, _| Some(card.statement(stage.rogue_host.key, 1, [7; 32]));
    stage.lie(&card, answer, Counter::StatementNonce).await;
    stage.refused(Counter::StatementTimeout).await;
}

#[tokio::test]
async fn a_stale_number_does_not_help_across_a_restart_of_the_verifier() {
    let store = SharedStore::default();
    let world = World::new();
    let card = world.card(12);
    let mut first = Stage::with(store.clone(), |_| {}).await;
    let sent = message(card.entity(1), first.local.entity(1), vec![]);
    let lane = first.send(0, &[sent]).await;
    let want = first.asked().await;
    let rogue = first.rogue_host.key;
    let statement = card.statement(rogue, 5, want.nonce);
    first.answer(card.domain, Some(statement)).await;
    until([&mut first.node], "the message", |[node]| {
        node.messages.len() == 1
    })
    .await;
    drop((lane, first));
    for number in [5, 4, 0] {
        let mut again = Stage::with(store.clone(), |_| {}).await;
        let answer =
            |stage: &Stage, nonce| Some(card.statement(stage.rogue_host.key, number, nonce));
        again.lie(&card, answer, Counter::StatementStale).await;
    }
}

#[tokio::test]
async fn a_second_key_for_a_domain_is_an_alarm() {
    let store = SharedStore::default();
    let mut stage = Stage::with(store.clone(), |_| {}).await;
    let domain = Domain([1; 12]);
    let first = stage.world.card_with(21, [21; 32], Some(domain));
    let second = stage.world.card_with(22, [22; 32], Some(domain));
    store.clone().keep(domain, first.key(), 1).unwrap();
    let signer = second.clone();
    let answer = move |stage: &Stage, nonce| Some(signer.statement(stage.rogue_host.key, 9, nonce));
    stage
        .lie(&second, answer, Counter::StatementSecondKey)
        .await;
}

#[tokio::test]
async fn what_can_not_be_stored_does_not_enter() {
    let mut stage = Stage::with(FullStore, |_| {}).await;
    let card = stage.world.card(12);
    let signer = card.clone();
    let answer = move |stage: &Stage, nonce| Some(signer.statement(stage.rogue_host.key, 1, nonce));
    stage.lie(&card, answer, Counter::StatementStore).await;
}

#[tokio::test]
async fn silence_is_no_statement_and_the_question_is_not_repeated_at_once() {
    let mut stage = Stage::with(MemoryStatementStore::default(), |limits| {
        limits.statement_ms_max = 200;
    })
    .await;
    let card = stage.world.card(12);
    let invented = message(card.entity(1), stage.local.entity(1), vec![]);
    let _lane = stage.send(0, std::slice::from_ref(&invented)).await;
    stage.asked().await;
    stage.refused(Counter::StatementTimeout).await;
    let _lane = stage.send(1, &[invented]).await;
    stage.refused(Counter::NotEnrolled).await;
    assert!(stage.node.messages.is_empty());
}

#[tokio::test]
async fn an_unasked_statement_opens_nothing() {
    let mut stage = Stage::set().await;
    let card = stage.world.card(12);
    let statement = card.statement(stage.rogue_host.key, 1, [0; 32]);
    stage.answer(card.domain, Some(statement)).await;
    stage.refused(Counter::StatementUnasked).await;
}

#[tokio::test]
async fn parked_messages_are_bounded_and_enter_in_order() {
    let mut stage = Stage::with(MemoryStatementStore::default(), |limits| {
        limits.parked_messages_max = 3;
    })
    .await;
    let card = stage.world.card(12);
    let sent = message(card.entity(1), stage.local.entity(1), vec![]);
    let _lane = stage.send(0, &vec![sent; 4]).await;
    let want = stage.asked().await;
    stage.refused(Counter::ParkedFull).await;
    assert_eq!(stage.verdict().await.number, 4);
    let statement = card.statement(stage.rogue_host.key, 1, want.nonce);
    stage.answer(card.domain, Some(statement)).await;
    until([&mut stage.node], "what was parked", |[node]| {
        node.messages.len() == 3
    })
    .await;
    assert_eq!(stage.node.numbers(), [1, 2, 3]);
}

#[tokio::test]
async fn parked_bytes_and_domains_are_bounded_per_host() {
    let mut stage = Stage::with(MemoryStatementStore::default(), |limits| {
        limits.parked_bytes_max = 300;
        limits.parked_domains_max = 2;
    })
    .await;
    let to = stage.local.entity(1);
    let of = |seed, size| message(stage.world.card(seed).entity(1), to, vec![0; size]);
    // 134 bytes each: the third does not fit beside the first two, whatever its domain.
    let sent = [of(12, 100), of(13, 100), of(13, 100), of(14, 0)];
    let _lane = stage.send(0, &sent).await;
    until([&mut stage.node], "two refusals", |[node]| {
        node.count(Counter::ParkedFull) == 2
    })
    .await;
    let numbers = [stage.verdict().await.number, stage.verdict().await.number];
    assert_eq!(numbers, [3, 4]);
}

#[tokio::test]
async fn a_host_can_not_ask_for_foreign_domains_nor_wear_a_card_out() {
    let mut stage = Stage::set().await;
    let foreign = stage.world.card(12).domain;
    let ask = |domain, nonce| Control::WantStatement(WantStatement { domain, nonce });
    stage.rogue.say(&ask(foreign, [1; 32])).await;
    stage.refused(Counter::WantNotLocal).await;
    let local = stage.local.domain;
    for nonce in 0..100 {
        stage.rogue.say(&ask(local, [nonce; 32])).await;
    }
    until([&mut stage.node], "all to be seen", |[node]| {
        node.count(Counter::WantTooOften) + node.asked == 100
    })
    .await;
    assert!(
        (8..20).contains(&stage.node.asked),
        "{} questions",
        stage.node.asked
    );
    // The same question again is not put to the card again.
    let before = stage.node.asked;
    let last = Control::Statement(StatementFrame {
        domain: local,
        statement: None,
    });
    stage.rogue.wait(|frame| *frame == last).await;
    assert_eq!(stage.node.asked, before);
}

#[tokio::test]
async fn a_verdict_counts_only_from_the_host_that_the_message_went_to() {
    let world = World::new();
    let (own, rogue_host, other) = (world.host(101), world.host(102), world.host(103));
    let (local, theirs, others) = (world.card(11), world.card(12), world.card(13));
    let mut node = Node::of(&world, &own)
        .card(&local)
        .peer(rogue_host.key, None, &[theirs.domain])
        .peer(other.key, None, &[others.domain])
        .start();
    let mut rogue = Rogue::meet(&rogue_host, node.address()).await;
    let verdict = |sequence, src: &Card, dst: &Card, code| {
        let subject = Subject::of(&message(src.entity(1), dst.entity(1), vec![]));
        Control::Verdict(VerdictFrame {
            sequence,
            src: subject.src,
            dst: subject.dst,
            mtype: subject.mtype,
            digest: subject.digest,
            number: sequence,
            code,
            detail: String::new(),
        })
    };
    for number in 3..=5 {
        let sent = message(local.entity(1), theirs.entity(1), vec![]);
        node.handle.send(number, sent).unwrap();
    }
    let link = rogue_host.key;
    until([&mut node], "three messages", |[node]| {
        node.handle.status().links[&link].sent == 3
    })
    .await;
    rogue.say(&verdict(1, &local, &others, 2)).await;
    rogue.say(&verdict(2, &theirs, &theirs, 2)).await;
    rogue.say(&verdict(3, &local, &theirs, 2)).await;
    rogue.say(&verdict(4, &local, &theirs, 999)).await;
    // A repeat of one that was taken is nothing new.
    rogue.say(&verdict(3, &local, &theirs, 2)).await;
    rogue.say(&verdict(5, &local, &theirs, 8)).await;
    rogue.say(&verdict(6, &local, &theirs, 8)).await;
    until([&mut node], "one verdict too many", |[node]| {
        node.count(Counter::VerdictSurplus) == 1
    })
    .await;
    assert_eq!(node.count(Counter::VerdictForeign), 2);
    assert_eq!(node.count(Counter::VerdictCode), 1);
    let expected = [
        (3, VerdictCode::MailboxFull),
        (4, VerdictCode::Refused),
        (5, VerdictCode::Unknown),
    ];
    assert_eq!(node.verdicts, expected);
}

/// Three real proxies: a card that moves takes its domain along.
#[tokio::test]
async fn the_newest_home_of_a_card_wins() {
    let world = World::new();
    let (verifier, old, new) = (world.host(101), world.host(102), world.host(103));
    let (local, card) = (world.card(11), world.card(12));
    let mut c = Node::of(&world, &verifier)
        .card(&local)
        .peer(old.key, None, &[])
        .peer(new.key, None, &[card.domain])
        .start();
    let home = |host: &HostKey| {
        Node::of(&world, host)
            .local(card.domain)
            .peer(verifier.key, Some(c.address()), &[local.domain])
            .start()
    };
    let (mut a, mut b) = (home(&old), home(&new));
    let at = |host: Hash, number| {
        let card = card.clone();
        Box::new(move |nonce| Some(card.statement(host, number, nonce)))
    };
    a.answer(card.domain, at(old.key, 1));
    b.answer(card.domain, at(new.key, 2));
    let sent = || message(card.entity(1), local.entity(1), vec![]);
    a.handle.send(1, sent()).unwrap();
    until([&mut a, &mut b, &mut c], "the old home", |[_, _, c]| {
        c.messages.len() == 1
    })
    .await;
    b.handle.send(2, sent()).unwrap();
    until([&mut a, &mut b, &mut c], "the new home", |[_, _, c]| {
        c.messages.len() == 2
    })
    .await;
    // The old host still has the statement that was good once, and its card is gone.
    a.handle.send(3, sent()).unwrap();
    until([&mut a, &mut b, &mut c], "the refusal", |[a, _, _]| {
        a.verdicts == [(3, VerdictCode::NotEnrolled)]
    })
    .await;
    assert_eq!(c.count(Counter::StatementStale), 1);
    b.handle.send(4, sent()).unwrap();
    until(
        [&mut a, &mut b, &mut c],
        "the new home still",
        |[_, _, c]| c.numbers() == [1, 2, 4],
    )
    .await;
}
