use tonic::Status;

/// How often grpc-java sends a call again that never left the client; A6 has no limit.
const NEVER_SENT: u32 = 1_000;

/// A6, "Transparent Retries": what no application has seen is sent again at once, and counts nowhere.
#[derive(Debug, Default)]
pub(crate) struct Transparent {
    never_sent: u32,
    refused: bool,
}

/// What is known of a failed attempt besides its status.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// It never left the client.
    NotByTheServer,
    /// The server's library had it, and says that the application had not.
    NotByTheApplication,
    Perhaps,
}

impl Transparent {
    /// Whether a failed attempt is to be made again as if it had not been made.
    pub(crate) fn allows(&mut self, status: &Status) -> bool {
        match seen(status) {
            Seen::NotByTheServer => {
                self.never_sent += 1;
                self.never_sent <= NEVER_SENT
            }
            Seen::NotByTheApplication => !std::mem::replace(&mut self.refused, true),
            Seen::Perhaps => false,
        }
    }
}

#[cfg(not(feature = "transparent-retry"))]
fn seen(_: &Status) -> Seen {
    let _ = [Seen::NotByTheServer, Seen::NotByTheApplication];
    Seen::Perhaps
}

#[cfg(feature = "transparent-retry")]
fn seen(status: &Status) -> Seen {
    for source in crate::kit::sources::sources(status) {
        if let Some(error) = source.downcast_ref::<h2::Error>() {
            let is_refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
            // A connection that goes away in good order names the last stream that it will answer.
            let is_beyond = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
            if error.is_remote() && (is_refused || is_beyond) {
                return Seen::NotByTheApplication;
            }
        }
        if let Some(error) = source.downcast_ref::<hyper::Error>()
            && error.is_canceled()
        {
            return Seen::NotByTheServer;
        }
    }
    Seen::Perhaps
}
