//! Answers a worker's look-ups: DNS over a stream (RFC 1035, section 4.2.2; RFC 7766).

use std::io;
use std::net::IpAddr;

use simple_dns::rdata::{A, AAAA, RData};
use simple_dns::{CLASS, OPCODE, Packet, PacketFlag, QTYPE, Question, RCODE, ResourceRecord, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::session::Session;

/// Bytes of a question at most: a name has 255.
const LONGEST_QUESTION: usize = 1024;
/// Seconds that an answer may be kept. The session keeps it as long as the task runs.
const TIME_TO_LIVE: u32 = 60;

/// Answers questions until the worker closes the stream, or sends what is none.
pub async fn serve(mut stream: UnixStream, session: Session) -> io::Result<()> {
    loop {
        let length = match stream.read_u16().await {
            Ok(length) => usize::from(length),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        if length > LONGEST_QUESTION {
            return Ok(());
        }
        let mut question = vec![0; length];
        stream.read_exact(&mut question).await?;
        let Some(answer) = answer(&question, &session).await else { return Ok(()) };
        let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
        stream.write_all(&[&length.to_be_bytes()[..], &answer].concat()).await?;
    }
}

/// The answer to a question; `None` for bytes that are none.
pub async fn answer(bytes: &[u8], session: &Session) -> Option<Vec<u8>> {
    let query = Packet::parse(bytes).ok()?;
    let [question] = query.questions.as_slice() else { return None };
    if query.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    let mut reply = Packet::new_reply(query.id());
    reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
    if query.opcode() == OPCODE::StandardQuery {
        reply_to(question, session, &mut reply).await;
    } else {
        *reply.rcode_mut() = RCODE::NotImplemented;
    }
    reply.questions.push(question.clone());
    reply.build_bytes_vec().ok()
}

/// Addresses only; a name that has none of the asked kind, or that is asked for something else, has an empty answer.
async fn reply_to<'question>(question: &Question<'question>, session: &Session, reply: &mut Packet<'question>) {
    let Some(address) = session.look_up(&question.qname.to_string()).await else {
        *reply.rcode_mut() = RCODE::NameError;
        return;
    };
    let data = match (address, question.qtype) {
        (IpAddr::V4(address), QTYPE::TYPE(TYPE::A)) => RData::A(A { address: address.into() }),
        (IpAddr::V6(address), QTYPE::TYPE(TYPE::AAAA)) => RData::AAAA(AAAA { address: address.into() }),
        _ => return,
    };
    reply.answers.push(ResourceRecord::new(question.qname.clone(), CLASS::IN, TIME_TO_LIVE, data));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use simple_dns::{Name, QCLASS};
    use stockade_protocol::Network;

    use super::*;
    use crate::EgressConfiguration;

    fn session() -> Session {
        let network = Network { allowed_hosts: vec!["localhost".parse().unwrap()] };
        let allowed_networks = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        Session::new(Arc::new(EgressConfiguration { allowed_networks, ..EgressConfiguration::default() }), network)
    }

    async fn asked(name: &str, kind: TYPE) -> (RCODE, Vec<String>) {
        let mut query = Packet::new_query(7);
        query.questions.push(Question::new(Name::new(name).unwrap(), kind.into(), QCLASS::CLASS(CLASS::IN), false));
        let bytes = answer(&query.build_bytes_vec().unwrap(), &session()).await.unwrap();
        let reply = Packet::parse(&bytes).unwrap();
        assert_eq!(reply.id(), 7);
        (reply.rcode(), reply.answers.iter().map(|record| format!("{:?}", record.rdata)).collect())
    }

    #[tokio::test]
    async fn allowed_names_have_one_address_and_others_none() {
        let (code, answers) = asked("localhost", TYPE::A).await;
        assert_eq!((code, answers.len()), (RCODE::NoError, 1));
        assert!(answers[0].contains(&u32::from_be_bytes([127, 0, 0, 1]).to_string()), "{answers:?}");
        assert_eq!(asked("localhost", TYPE::AAAA).await, (RCODE::NoError, vec![]));
        assert_eq!(asked("localhost", TYPE::TXT).await, (RCODE::NoError, vec![]));
        assert_eq!(asked("example.org", TYPE::A).await, (RCODE::NameError, vec![]));
    }

    #[tokio::test]
    async fn a_stream_of_nonsense_is_closed() {
        let (mut worker, supervisor) = UnixStream::pair().unwrap();
        let serving = tokio::spawn(serve(supervisor, session()));
        worker.write_all(&[0xff; 4]).await.unwrap();
        // Closed, or reset with what was not read.
        assert_eq!(worker.read(&mut [0; 8]).await.unwrap_or(0), 0);
        serving.await.unwrap().unwrap();
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(answer(&bytes, &session()));
        }
    }
}
