//! What any program sees of a card in a reader.

use system_tests::reader::{PcscService, ReaderUser, Slot, VirtualCard};
use system_tests::{Binaries, Deployment, Host};

/// SELECT of the card application.
const SELECT: &str = "00a4040010f065545063617264010203040506070800";
/// EXCHANGE without messages, of extended length, short, and as T=0 has it.
const EXTENDED: &str = "80c20000000000";
const SHORT: &str = "80c2000000";
const WITHOUT_LE: &str = "80c20000";

/// A reader, and a card that can be put into it.
struct Desk {
    /// Gone before the directory.
    _service: PcscService,
    host: Host,
    slot: Slot,
    binaries: Binaries,
    _deployment: Deployment,
}

impl Desk {
    fn set() -> Self {
        let binaries = Binaries::beside_this_program().unwrap();
        let deployment = Deployment::create(binaries.clone()).unwrap();
        let key = deployment.enrol("service", "service").unwrap();
        let host = deployment.host("a", &key).unwrap();
        let service = PcscService::start(&deployment.path().join("pcscd"), 1).unwrap();
        Self {
            slot: service.slot(0),
            _service: service,
            host,
            binaries,
            _deployment: deployment,
        }
    }

    /// The card in the reader, and a program that has it open.
    fn insert(&self, options: &[&str]) -> (VirtualCard, Program) {
        let directory = self.host.path().join("card");
        let mut card = VirtualCard::new(&self.binaries, directory, &self.slot, options);
        card.insert().unwrap();
        let mut program = Program(ReaderUser::start(&self.binaries, &self.slot).unwrap());
        program.does("wait inserted");
        program.does("connect shared");
        (card, program)
    }
}

struct Program(ReaderUser);

impl Program {
    fn does(&mut self, order: &str) {
        assert_eq!(self.0.ask(order).unwrap(), "ok", "{order}");
    }

    fn fails(&mut self, order: &str) -> String {
        let answer = self.0.ask(order).unwrap();
        assert!(!answer.starts_with("ok"), "{order}: {answer}");
        answer
    }

    /// Data and status word of a response.
    fn transmit(&mut self, command: &str) -> (String, String) {
        let answer = self.0.ask(&format!("transmit {command}")).unwrap();
        let response = answer
            .strip_prefix("ok ")
            .unwrap_or_else(|| panic!("{answer}"));
        let (data, status) = response.split_at(response.len() - 4);
        (data.to_owned(), status.to_owned())
    }

    fn status(&mut self, command: &str) -> String {
        self.transmit(command).1
    }
}

#[test]
fn every_program_can_use_a_card_of_any_protocol_and_length() {
    let desk = Desk::set();
    for (options, extended) in [
        (&[][..], "9000"),
        (&["--short"], "6700"),
        (&["--protocol", "t0"], "6700"),
    ] {
        let (mut card, mut program) = desk.insert(options);
        let (reply, status) = program.transmit(SELECT);
        assert!(reply.contains(desk.host.domain()), "{reply}");
        assert_eq!(status, "9000");
        assert_eq!(program.status(EXTENDED), extended, "{options:?}");
        assert_eq!(program.status(SELECT), "9000");
        assert_eq!(program.status(SHORT), "9000", "{options:?}");
        // The same command again: it waits to be fetched, two bytes of it.
        assert_eq!(program.status(WITHOUT_LE), "6102");
        assert_eq!(
            program.transmit("00c0000002"),
            ("ffff".into(), "9000".into())
        );
        card.pull();
        program.does("disconnect leave");
        program.does("wait empty");
        assert_eq!(program.fails("connect shared"), "NoSmartcard");
    }
}

#[test]
fn power_and_reset_end_a_session_and_leaving_does_not() {
    let desk = Desk::set();
    let (_card, mut program) = desk.insert(&[]);
    assert_eq!(program.status(EXTENDED), "6985");
    assert_eq!(program.status(SELECT), "9000");
    for (leaving, status) in [("leave", "9000"), ("reset", "6985"), ("unpower", "6985")] {
        program.does(&format!("disconnect {leaving}"));
        program.does("connect shared");
        assert_eq!(program.status(EXTENDED), status, "{leaving}");
        program.status(SELECT);
    }
}
