//! `share get`: prove, look inside, download, verify, save, send the receipt.

mod show;

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use share_client::{
    Host, Progress, ProgressSink,
    api::ClientError,
    files::shown,
    get::{Event, GetRequest, Question, Wanted, get_one},
    state::Dirs,
};
use share_format::{envelope::Identities, link::Link, quote::quoted, text, words::Passphrase};
use share_relay_api::Kind as ShareKind;
use zeroize::Zeroizing;

use self::show::interrupted_as;
pub use self::show::tell;
use super::{context, identities, through_library};
use crate::{
    args,
    error::{Error, Result},
    i18n::fl,
    messages::words_for_typist,
    time,
    ui::Ui,
};

/// The longest file with words that is read, in whatever layout or encoding.
const MAX_WORDS_FILE: usize = 64 * 1024;

/// Runs `share get`.
pub async fn run(ui: &Ui, dirs: Arc<Dirs>, args: args::Get) -> Result<()> {
    let request = request(ui, &args)?;
    let asking = Arc::new(Mutex::new(()));
    let recipient = Recipient { ui: ui.clone(), args, asking: Arc::clone(&asking) };
    let received = get_one(&context(recipient, dirs)?, &request).await;
    // Whoever is being asked for words answers first: a program that ends meanwhile leaves the terminal in another mode.
    drop(asking.lock());
    let received = received.map_err(|error| interrupted_as(error, fl!("get-interrupted")))?;
    match request.wanted {
        Wanted::List => Ok(()),
        Wanted::Ciphertext(_) => show::ciphertext(ui, &received),
        Wanted::Files | Wanted::StandardOutput => show::received(ui, &received),
    }
}

/// What was asked for, unless it cannot be had together.
fn request(ui: &Ui, args: &args::Get) -> Result<GetRequest> {
    let dash = Path::new("-");
    if args.ciphertext.as_deref() == Some(dash) {
        return Err(Error::usage(fl!("get-ciphertext-needs-file")));
    }
    let read = args.identity.iter().chain(&args.passphrase_file);
    if read.filter(|path| text::is_stdin(path)).count() > 1 {
        return Err(Error::usage(fl!("stdin-twice")));
    }
    if args.output == dash && ui.is_json() {
        return Err(Error::usage(fl!("get-stdout-or-json")));
    }
    let wanted = match &args.ciphertext {
        _ if args.list => Wanted::List,
        Some(path) => Wanted::Ciphertext(path.clone()),
        None if args.output == dash => Wanted::StandardOutput,
        None => Wanted::Files,
    };
    Ok(GetRequest {
        link: Link::parse(&args.link)?,
        wanted,
        folder: args.output.clone(),
        force: args.force,
        only_into_empty: false,
        digest: ui.is_json(),
        patience: time::duration(&args.patience)?,
    })
}

/// Tells and asks the recipient.
struct Recipient {
    ui: Ui,
    args: args::Get,
    /// Locked while words are asked for.
    asking: Arc<Mutex<()>>,
}

impl ProgressSink for Recipient {
    fn progress(&self, progress: Progress<'_>) {
        self.ui.progress(progress);
    }
}

impl Host for Recipient {
    fn receiving(&self, event: Event<'_>) -> share_client::Result<()> {
        let told = match event {
            Event::Found(ShareKind::Words) if !self.args.identity.is_empty() => {
                Err(Error::usage(fl!("get-needs-words")))
            }
            Event::Found(ShareKind::Keys) if self.args.passphrase_file.is_some() => Err(identities::needed()),
            Event::Opened { manifest, expires_at } if self.args.list => show::list(&self.ui, manifest, expires_at),
            event => tell(&self.ui, event),
        };
        told.map_err(through_library)
    }

    fn can_answer(&self) -> bool {
        self.ui.is_interactive() && !self.args.yes
    }

    fn ask_recipient(&self, question: Question<'_>) -> share_client::Result<bool> {
        let question = match question {
            Question::Save(_) | Question::WriteToStandardOutput if self.args.yes => return Ok(true),
            Question::Save(folder) => {
                // The absolute path, because `.` says nothing.
                let whole = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder));
                fl!("get-confirm", folder = shown(whole.as_deref().unwrap_or(folder)))
            }
            Question::WriteToStandardOutput => fl!("get-confirm-stdout"),
            Question::RemoveOther { link, folder } => {
                fl!("get-remove-left", link = quoted(link), folder = shown(folder))
            }
        };
        self.ui.confirm(&question, "--yes").map_err(through_library)
    }

    fn words(&self, refused: Option<ClientError>) -> share_client::Result<Passphrase> {
        match (&self.args.passphrase_file, refused) {
            (Some(_), Some(refused)) => return Err(refused.into()),
            (Some(path), None) => {
                let unreadable = |error| Error::local(fl!("get-words-unreadable", path = shown(path)), error);
                let text = text::read(path, MAX_WORDS_FILE).map_err(unreadable).map_err(through_library)?;
                return Ok(Passphrase::read(&text)?);
            }
            (None, Some(refused)) => self.ui.warn(Error::from(refused).to_string()),
            (None, None) => {}
        }
        loop {
            let text = self.ask_secret(&fl!("get-ask-words"), "--passphrase-file FILE").map_err(through_library)?;
            match Passphrase::read(&text) {
                Ok(words) => return Ok(words),
                // Before a try is spent.
                Err(error) => self.ui.warn_typist(words_for_typist(&error)),
            }
        }
    }

    fn identities(&self) -> share_client::Result<Identities> {
        let ask = |prompt: &str| self.ask_secret(prompt, "--identity FILE");
        let identities =
            identities::read(&self.args.identity, ask).and_then(|found| found.ok_or_else(identities::needed));
        identities.map_err(through_library)
    }
}

impl Recipient {
    fn ask_secret(&self, prompt: &str, otherwise: &str) -> Result<Zeroizing<String>> {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        self.ui.ask_secret(prompt, otherwise)
    }
}
