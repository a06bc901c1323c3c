# Every sentence a user reads, English. One section a module; messages sorted by where they appear.
# Plain words, no blame. A failure says what happened, without a full stop, because its causes follow after a colon; its
# "-hint" says what to do next. Hints and notes end in a full stop, unless they end in something to type.

## envelope
# (the header, the words, the payload)
envelope-header-malformed = This is not an age file, or its beginning is damaged
envelope-header-tampered = The beginning of the file was changed after it was sealed
envelope-needs-words = This opens with words, not with a key
envelope-needs-keys = This opens with a private key, not with words
envelope-wrong-words = These words do not open it
envelope-no-identity-fits = None of your private keys opens this
envelope-too-much-work = Trying a passphrase on this would take too much work: 2^{ $found }; at most 2^{ $max } is allowed
envelope-tampered = The content was changed or damaged after it was sealed (at chunk { $chunk })
envelope-truncated = The content ends too early: a part of it is missing
envelope-trailing-data = The content is longer than it should be
envelope-no-recipients = No public key was given to seal to
envelope-too-many-recipients = These are too many public keys for one file
envelope-recipients-do-not-mix = Post-quantum and ordinary public keys cannot be used together
envelope-system = The computer could not do what encryption needs
envelope-library = The encryption library did what it never does: { $what }
key-unreadable = The file with keys cannot be read
key-file-too-large = The file is too large to be a file with keys
key-line = Line { $line } cannot be used
key-not-a-recipient = This is not a public key: { $start }
key-secret = This is a private key; keep it to yourself, and give the public key instead
key-plugin = This key needs the program age-plugin-{ $name }; share does not start other programs
key-unsupported = Keys of the kind { $kind } are not supported
key-rsa-too-small = This RSA key is too weak: it has fewer than 2048 bits
key-rsa-too-large = This RSA key is too long: it has more than 4096 bits
key-none = There is no key in the file
key-not-an-identity = This is not a private key, or it is damaged
key-passphrase-needed = The private key is protected by a passphrase, and none was given
key-passphrase-wrong = The passphrase does not open the private key
key-encrypted = The encrypted file with private keys cannot be opened
words-unknown = Word { $position } is not right: { $word }. Check that you typed it correctly
words-unknown-alike = Word { $position } is not right: { $word }. Did you mean: { $alike }?
words-unknown-place = Word { $position } is not right
words-count = { $found ->
    [0] Fill in the words
    [one] You have filled in 1 word; usually there are 6
   *[other] You have filled in { $found } words; usually there are 6
}
words-checksum = The words do not fit together: one is not right, or the order is different. This does not count as a try

## content
# (files and folders: reading, packing, unpacking)
content-nothing = There is nothing to send: only links and special files were found
content-not-found = { $path } does not exist
content-unreadable = { $path } could not be read
content-changed = { $path } changed while it was being sent
content-special = { $path } is not an ordinary file or folder
content-nameless = { $path } has no name that can be sent; name a folder in it instead
content-forbidden-name = { $path } has a name that not every computer can use; rename it and try again
content-too-many = More files and folders than the { $limit } that fit in one share, or too large together; put them in an archive first
content-message-long = The message is too long: at most { $limit } KiB
content-message-character = The message holds a character that cannot be sent: { $character }
content-sender-length = The name of the sender (--from, SHARE_FROM) must have 1 to { $most } characters
content-sender-character = The name of the sender (--from, SHARE_FROM) holds a character that cannot be shown everywhere: { $character }
content-sender-spaces = The name of the sender (--from, SHARE_FROM) holds two or more spaces in a row
content-newer = This was sent by a newer version of share
content-manifest = The list of what is inside this share is wrong
content-archive = The content of this share is not what it should be, near “{ $path }”
content-input = The content could not be read
content-disk-full = The disk is full: { $path } could not be written
content-no-permission = You are not allowed to write { $path }
content-name-taken = { $path } has the same name, for this disk, as something else in this share
content-in-the-way = { $path } is in the way, and will not be replaced
content-unnameable = { $path } cannot have its name in this place
content-too-large = { $path } is larger than a file can be in this place
content-write = { $path } could not be written
content-partly = Not everything could be saved. Saved: { $saved }
name-empty = part of the name is empty
name-dots = “.” and “..” are not names
name-character = it holds the character { $character }
name-device = Windows keeps this name for a device
name-ending = it ends in a dot or a space
name-not-composed = its accents are not in the usual form (Unicode NFC)
name-unassigned = it holds { $character }, which is no character in Unicode { $version }
name-long = it is longer than { $bytes } bytes, or { $total } with its folders
name-deep = it is more than { $depth } folders deep
name-staging = it is the name of a folder for unfinished downloads
name-not-unicode = it is not valid Unicode text
name-same = for some computers it is the name of { $other }, too
fault-truncated = it ends too early
fault-trailing = something follows its end
fault-malformed = it is not in the form it should have
fault-type = it holds something that is neither a file nor a folder (type { $kind })
fault-name = it holds a forbidden name
fault-same-name = it holds the same name twice
fault-no-folder = it holds a file outside any folder it lists
fault-order = it is not in order
fault-totals = its sizes or counts contradict each other
fault-too-many = it holds more than { $limit } files and folders, or too long a list
fault-unlisted = it holds something different from what was announced
fault-message = its message is too long or holds control characters
fault-sender = the name of its sender is empty, too long, or holds characters that cannot be shown
fault-nonce = it was sealed with the same nonce as the content, which must never be
skip-link = a link; --follow sends what it points to
skip-broken = a link to nothing
skip-loop = a link to a folder it is in
skip-special = a device, pipe or socket
skip-unfinished = the folder of a download that is not finished
skip-vanished = it was removed meanwhile
skip-not-whole = it could not be read, or changed while it was sent

## link
link-damaged = This link is damaged: a part of it is wrong or missing
link-damaged-hint = Copy the whole link, or ask the sender to send it again.
link-not-a-link = This is not a link of share
link-not-a-link-hint = A link looks like https://relay.example/s/… – give only the link, without other text.
link-hidden = This link leads through { $host }, which hides where it goes
link-hidden-hint = Open it in a browser and copy the address you arrive at, or ask the sender for the link itself.
link-insecure = { $host } is named with http://, which is not safe on the internet
link-insecure-hint = Use https://. Plain http:// is only for this computer and for addresses in a private network.
relay-url-invalid = This is not the address of a relay
relay-url-link = This is the link of a share, not the address of a relay
relay-url-link-hint = Its relay is { $relay }. To download what the link leads to: share get
relay-url-invalid-hint = An address looks like https://relay.example, with nothing after it but a path.

## client
# (talking to the relay)

client-unreachable = The relay cannot be reached, or the connection broke
client-unreachable-hint = Check your network connection and try again. If it keeps failing, ask whoever runs the relay.
client-later-hint = It asks to be left alone for { $wait }. Try again after that, or allow more time with --patience.
client-stalled = The relay or the network stopped responding
client-untrusted = The relay's certificate is not accepted ({ $why })
client-untrusted-hint = Check the relay's address and this computer's clock. If a proxy in your office looks into connections, ask for its certificate to be installed.
client-no-tls = No secure connection is possible ({ $why })
client-no-tls-hint = What answers there does not speak TLS, or not as it is spoken today. Check the address.
client-proxy-password = The proxy wants a name and a password, or others than it was given
client-proxy-password-hint = It was not tried again, so that no account is locked. Put them into the proxy's address, http://NAME:PASSWORD@HOST:PORT, or ask your system administrator.
client-bad-proxy = { $variable } does not name a proxy that share can use
client-bad-proxy-hint = It must be http://HOST:PORT, or https://, socks4://, socks4a://, socks5:// or socks5h://. Correct it, or leave it empty to go without a proxy.
client-through-proxy = { $what } (through the proxy { $proxy })
client-through-proxy-hint = Check the proxy's address and your network connection, and try again. If it keeps failing, ask your system administrator.
proxy-of-variable = { $address } of { $variable }
proxy-of-system = { $address } of the system's settings
client-intercepted = Something on the way answers instead of the relay, such as the login page of a network
client-problem = The relay refused ({ $code })
client-problem-hint = This version of share and the relay do not understand each other, or it is no relay. Check its address; if that is right, tell whoever runs the relay.
client-status = Something on the way to the relay answered with error { $status }
client-status-too-large = Something on the way to the relay does not let this much through at once
client-status-too-large-hint = Tell whoever runs the relay: the web server in front of it must let requests of 64 MiB through.
client-redirected = The answer points to another address, and share never follows such an answer
client-bad-answer = The answer is not that of a relay ({ $what })
client-bad-answer-hint = A login page of a network or a proxy may be in between. Open a web page in your browser first; if that works, check the relay's address.
client-content-changed = The relay now gives out something different from what it gave out when the download began
client-waiting-for-sender = Waiting for the sender ({ $percent } % is there)

## transfer
# (upload, download)

transfer-waiting = { $why }; trying again…
transfer-storing = Waiting for the relay to store it…
transfer-stdin = Standard input cannot be read
transfer-smaller-parts = Something on the way does not let large parts through; going on with smaller ones.
transfer-sealed-differently = What is sent is not what it was when this upload began
transfer-journal-unwritable = What it takes to go on with an upload later cannot be kept in { $path }
transfer-comparing = Something was written to files meanwhile; comparing them with what was sent…
transfer-journal = What it takes to go on with an upload later cannot be kept on this computer
transfer-not-the-content = What the relay gives out is not what was sent
transfer-tags = What has been downloaded cannot be noted down

## failures
# (what error.rs tells)

clock-before-1970 = This computer's clock shows a time before 1970
clock-hint = Set the clock right, and try again.
corrupt-hint = Nothing was saved. Try again; if that fails too, ask the sender to send it again and tell whoever runs the relay.
corrupt-sender-hint = Nothing was saved. It was made this way by the sender's program, and not changed on the way: trying again does not help. Ask the sender to send it again.
content-changed-hint = Wait until nothing writes to the file, then send it again.
content-newer-hint = Install the newest share, or open the link in a browser.
content-name-taken-hint = Save it on another disk, or ask the sender to rename one of the two.
disk-full-hint = Make room, or choose a place on another disk.
no-permission-hint = Choose a place where you may write.
file-too-large-hint = Choose a folder on another disk: a USB stick with FAT32 takes files below 4 GB only.
name-not-possible-hint = Choose a folder with a shorter path, or on another disk.
no-randomness = The system gives no random numbers
no-threads = The system gives no threads
no-signals = The system does not tell when share has to stop
output-exists = { $path } exists already
output-exists-hint = Choose another name, or move what is there.
relay-busy = The relay is too busy
relay-conflict = The relay holds something different from what was sent for this share
relay-conflict-hint = Send it again. If this happens again, tell whoever runs the relay.
relay-failed = The relay failed
relay-failed-hint = Try again later. If it keeps failing, tell whoever runs the relay.
relay-lost-parts = The relay has lost a part of what was sent
relay-lost-parts-hint = If this happens again, tell whoever runs the relay.
relay-needs-token = The relay asks for a sender token
relay-token-unknown = The relay does not know this sender token
relay-needs-token-hint = Ask whoever runs the relay for a token. Give it in the variable SHARE_TOKEN or SHARE_TOKEN_FILE, or run: share login URL
relay-not-manager = This computer's key does not fit that share
relay-storage-full = The relay does not have enough space left
relay-storage-full-hint = Try again later, or ask whoever runs the relay to make room.
relay-storage-missing = The relay's storage is not there at the moment
relay-storage-failing = The relay cannot write anything down at the moment: its disk fails, or is read-only
relay-storage-hint = What the relay holds need not be lost by that. Try again later. If it keeps failing, tell whoever runs the relay.
relay-record-damaged = What the relay has written down about this share is damaged
relay-record-damaged-hint = Trying again does not help until it is repaired. Tell whoever runs the relay; if you cannot wait, it must be sent again.
relay-content-damaged = What the relay has stored is damaged
relay-content-damaged-hint = Nothing was saved, and trying again does not help. Ask the sender to send it again, and tell whoever runs the relay.
relay-expiry-too-long = The relay does not keep anything for so long
relay-expiry-too-long-hint = Nothing was sent. Send it again with a shorter time: --expires { $limit } is the longest.
relay-too-large = The relay does not accept so much at once (limit: { $limit })
relay-too-large-hint = Nothing was sent. Send less at once, or ask whoever runs the relay to allow more.
share-collected = It has already been downloaded, on { $at }. The sender allows no more downloads
share-downloads-taken = All downloads the sender allowed are taken
share-downloads-taken-hint = If somebody is downloading it right now, try again when that has ended. If not, ask the sender to send it again.
share-expired = It expired on { $at }
share-gone-hint = Ask the sender to send it again.
share-locked = It is locked until { $until }, because wrong words were given too often
share-locked-hint = Wait until then, or ask the sender to run: share unlock LINK
share-not-ready = The sender has not finished uploading yet
share-not-ready-percent = The sender has not finished uploading yet ({ $percent } %)
share-not-ready-hint = Try again a little later.
share-revoked = The sender took it back on { $at }
share-ticket-ended = The relay no longer lets this download go on
share-ticket-ended-hint = Its time is over, or somebody else who knows the words is downloading it now. Try again later.
share-unknown = The relay does not know this link
share-unknown-hint = It may have expired long ago. Ask the sender for a new one. If it is recent, the relay may lack its storage at the moment: try again later, or ask whoever runs the relay.
share-words-wrong = These words do not open it: { $left ->
    [one] one try is left
   *[other] { $left } tries are left
}
share-words-wrong-locked = These words do not open it, and that was the last try: it is locked until { $until }
system-hint = Close other programs, and try again.
unexpected = Something went wrong inside share: { $what }
unexpected-hint = This should not happen. Please report it, with this message.
words-hint = Compare each word with what the sender told you.

## ledger and configuration

config-damaged = The settings in { $path } are damaged
config-no-home = The system tells no home folder, where share keeps what this needs
config-no-home-hint = Name a folder with the variable HOME, for example: HOME=/tmp/share share list
home-hint = Let share read and write there, or name another home folder with the variable HOME.
home-full-hint = Make room there, or name another home folder with the variable HOME.
config-unreadable = The settings in { $path } cannot be read
config-unwritable = The settings in { $path } cannot be written
ledger-damaged = The record of what was sent is damaged
ledger-not-here = This was not sent from this computer by you
ledger-not-here-hint = Only the computer that sent it can see, stop or unlock it. `share list` shows what was sent from here.
ledger-unreadable = The record of what was sent, in { $path }, cannot be read
ledger-unwritable = The record of what was sent, in { $path }, cannot be written
time-not-a-duration = { $text } is not a time such as 30s, 5m, 12h, 7d or 2w
time-not-a-deadline = { $text } is not a time that share understands, such as 6h, 06:30 or “2026-12-24 17:00”
time-not-understood = { $text } is not a time that share understands
time-not-a-lifetime = { $text } is not a time to come
time-over = { $text } is over by the relay's clock, where it is { $now }
time-not-a-lifetime-hint = Write 12h, 7d, 2w, a date such as 2026-12-24 or 24-12-2026, or a time such as "2026-12-24 17:00".

## commands


# send
send-link = Link:  { $link }
send-words = Words: { $words }
send-advice = Send the link by e-mail. Read the words out by phone; never put them in the same message.
send-ready = Ready. It can be downloaded until { $until }.
send-skipped = Not sent: { $path } ({ $reason })
send-names = { $count ->
    [one] One name cannot be used on every computer; with a name that can be:
   *[other] { $count } names cannot be used on every computer; with names that can be:
}
send-renamed = { $path } → { $name } ({ $why })
send-ask-names = Send with these changed names?
send-names-refused = { $count ->
    [one] One name cannot be used on every computer, so nothing was sent
   *[other] { $count } names cannot be used on every computer, so nothing was sent
}
send-names-hint = To send it all with the changed names above, add --rename. What is on this computer keeps its names.
send-names-exact-hint = Rename them yourself, or send with the changed names above: --rename.
send-refused = { $count } files or folders cannot be sent
send-refused-hint = To send the rest without them, add --skip-changed.
send-refused-path-hint = Shorten the path, or send it all in an archive: tar c FOLDER | share send - --name FOLDER.tar
send-ask-without = Send the rest without them?
send-not-whole = { $path } cannot be sent whole: it changed, was removed or cannot be read any more
send-ask-anew-without = Send the rest again without it, with another link? The link above then leads nowhere.
send-anew-without = The rest is sent again, with another link; the link above leads nowhere any more.
send-grown = { $path } grew while it was sent; what it held at the beginning was sent ({ $size })
send-here = Without a relay: serving from this computer at { $relay }, for recipients on the same network.
send-here-loopback = Without a relay, and without a network: serving from this computer at { $relay }, for this computer alone.
send-no-relay = No relay is named, and without a terminal share serves from this computer only if that is asked for
send-no-relay-hint = Name a relay with --relay URL, with the variable SHARE_RELAY, or once for all with share config set relay URL; or serve from this computer with --here.
send-taking-back = Taking the share back… Ctrl-C leaves it as it is.
send-taken-back = The share was taken back; nothing is left on the relay.
send-not-taken-back = The share could not be taken back. Later, run: share revoke { $link }
send-bad-recipient = That is not a key it can be encrypted to
send-bad-recipients-file = The public keys in { $path } cannot be used
send-keys-need-no-words = With public keys there are no words to write to a file
send-message-unreadable = The message in { $path } cannot be read
send-name-without-stdin = --name is for standard input only
send-words-need-file = --passphrase-file needs the name of a file; without it the words are printed
send-stdin-needs-name = To send standard input, give - as the only path, and --name NAME
here-cannot-start = This computer cannot serve the share
here-unwritable = What this computer would serve cannot be kept in { $path }
here-public-hint = This computer has a public address, where an unencrypted connection is not safe. Use a relay: share send --relay URL
here-not-built-in = This copy of share was built without the means to serve from this computer
here-not-built-in-hint = Name a relay: share send --relay URL
here-waiting = Keep this window open until it has been downloaded. Ctrl-C stops sharing.
here-received = Received unchanged by the recipient.
here-given-to-browser = Sent unchanged to the recipient's downloads; their browser can download it again until { $until }. Keep this window open until then, or until the recipient says that the file is there.
here-expired = It expired before it was downloaded
here-revoked = It was taken back
here-stopped = Stopped; it cannot be downloaded any more
send-kept = The upload is kept, to go on with later. To take it back: share revoke { $link }
send-kept-hint = Go on with: share resume
send-kept-home-hint = Once that works again, for example after you have made room there, go on with: share resume
send-kept-changed-hint = Once the file is again as it was: share resume. To send it as it is now, repeat `share send` with --new.
send-kept-not-whole-hint = Once the files are again as they were: share resume. To send the rest without them, repeat `share send` with --new --skip-changed.
send-kept-stdin-hint = To go on, pipe the same bytes into the same command, with --resume.

# resume
resume-ask = This was begun before, and not finished: { $link }. Go on with it? No takes it back, and begins again.
resume-not-asked = This was begun before, and not finished: { $link }. To go on with it, add --resume; this is a new share.
resume-ask-anew = Send it again, and take the unfinished upload back?
resume-going-on = Going on; the relay has { $size } already.
resume-none = There is no unfinished upload to go on with
resume-none-hint = `share list` shows what was sent from here. To send it again: share send
resume-several = There are several unfinished uploads
resume-several-hint = Name one of them: share resume LINK
  { $links }
resume-running = Another process is still sending this: { $link }
resume-stdin = This upload came from standard input
resume-stdin-hint = To go on, pipe the same bytes into the same command, with --resume.
resume-changed = { $path } changed since this upload began, so it cannot go on
resume-changed-somewhere = Files or folders changed since this upload began, so it cannot go on
resume-changed-hint = To send it as it is now, repeat the command `share send` with --new; that takes the unfinished upload back.
resume-gone-hint = It cannot go on. Send it again: share send
resume-clocks-hint = By this computer's clock it has not, so what it takes to go on is kept. If the relay's clock is wrong, run this again once that is right; otherwise give it up: share revoke { $link }
resume-taken-back = The unfinished upload was taken back: { $link }
resume-not-taken-back = The unfinished upload could not be taken back; the relay removes it after two days: { $link }

# get
get-ask-words = The words from the sender:
get-ask-identity = Passphrase for { $path }:
get-words-unreadable = The words in { $path } cannot be read
get-needs-words = This opens with words, not with a key
get-needs-identity = This opens with a private key, not with words
get-needs-identity-hint = Name your key file: share get LINK --identity FILE
get-bad-identity = The key in { $path } cannot be used
get-sender = From: { $sender } (as the sender calls themselves)
get-message = Message from the sender:
get-contents = { $files ->
    [one] One file
   *[other] { $files } files
}, { $size }:
get-until = It can be downloaded until { $time }.
get-confirm = Save in { $folder }?
get-declined = Nothing was saved
get-interrupted = Stopped; nothing was saved
get-interrupted-kept = Stopped; { $percent } % of it is kept
get-interrupted-kept-hint = To go on, run the same command again. To give up, remove { $folder }
get-kept = { $percent } % of it is kept in { $folder }: the same command goes on from there.
get-not-private = Private files come without their protection: others who can use { $folder } will be able to read them
get-not-placed = What was downloaded is kept in { $folder }: the same command goes on from there.
get-not-here = It cannot be unpacked in that folder, so what was downloaded is removed. Downloaded into another folder, it counts as the same download.
get-kept-removed = What had been downloaded of it before is removed.
get-still-kept = What was downloaded of it before is kept in { $folder }.
get-kept-clocks-hint = By this computer's clock it has not, so what was downloaded is kept in { $folder }. If the relay's clock is wrong, the same command goes on once that is right; otherwise ask the sender to send it again.
get-going-on = Going on with an earlier download: { $percent } % of it is there.
get-checking = Checking
get-still-sending = The sender is still sending; this goes on as it arrives.
get-clocks-differ = By the relay's clock it is { $now }, by this computer's { $here }. The times told here are the relay's.
get-ticket-over = The earlier download had run out; going on counts as another one.
get-remove-left = A download of { $link } was never finished. Remove what is there of it, in { $folder }?
get-removed-left = Removed what was left of an old download of { $link }.
get-receipt-interrupted = Stopped before the relay had the receipt
get-verified = Received unchanged:
get-renamed = { $wanted } exists already; saved as { $actual }
get-no-receipt = All is saved, but the sender could not be told: { $why }
get-receipt-kept = All is saved, but the sender could not be told yet: { $why }. The next `share get`, `share send` or `share resume` on this computer does it.
get-receipt-sent-now = The sender has now been told that this was received: { $link }
get-saved-before = This was saved before; it is not downloaded again.
get-gone-since = { $path } was changed or removed after it had been saved; it will be downloaded again
get-stdout-needs-one-file = Only a single file can be written to standard output; this share holds several
get-ciphertext-saved = Saved, still encrypted and not verified. To open it: age --decrypt FILE
get-contents-many = { $files } files, { $size }; too many to list one by one.
get-confirm-stdout = Write it to standard output?
get-rest-beside = Not everything could be put in { $wanted }, as something is in the way; the rest is saved as { $actual }
get-stdout-or-json = Standard output can carry the file or JSON, not both. Leave out --json or --output -
get-stdout-corrupt-hint = What was written to standard output so far must not be used. Try again; if that fails too, ask the sender to send it again and tell whoever runs the relay.
get-ciphertext-needs-file = --ciphertext needs the name of a file
get-not-empty = There is something in { $folder } already, and no results say that it is from this link
get-not-empty-hint = Nothing was fetched or changed. If it is what the link leads to, put the results back that say so; otherwise move it away, and run it again.
get-no-room = There is not enough room in { $path }: { $needed } needed, { $free } free
get-too-deep = The path of { $path } is so long that, with the names in this share, the system could not follow it
get-staging-swapped = Somebody else changed the folder for unfinished downloads in { $path }; nothing was saved
get-staging-swapped-hint = Choose a folder that only you can write to, with --output.
get-ticket-unwritable = What it takes for that cannot be kept in { $path }
get-ticket-not-kept = If this download fails, downloading it again counts as another one: { $why }

# status, revoke, unlock, list
state-uploading = Still uploading.
state-ready = Ready; it can be downloaded until { $until }.
state-locked = Locked until { $until } after too many wrong words. To end that: share unlock { $link }
state-given = Sent to the recipient's downloads; it can still be downloaded until { $until }.
state-received = Received; it can still be downloaded until { $until }.
state-collected = Downloaded as often as you allowed; the content is gone from the relay.
state-content-until = If nothing else happens, the relay deletes the content on { $until }.
state-damaged = What the relay holds of it is damaged, as somebody found who tried to download it. Send it again, and tell whoever runs the relay.
state-revoked = Taken back; the content is gone from the relay.
state-expired = Expired; the content is gone from the relay.
event-created = created
event-ready = upload complete
event-wrong-proof = somebody gave wrong words
event-locked = locked until { $until } after too many wrong words
event-unlocked = unlocked by you
event-ticket = a download began
event-ticket-again = a download began again, in place of the one before
event-ticket-returned = a download was not finished; it does not count
event-receipt = received unchanged by the recipient on { $time } (genuine receipt)
event-receipt-browser = sent unchanged to the recipient's downloads on { $time }; it can be downloaded again for a while (genuine receipt)
event-receipt-confirmed = the recipient confirmed on { $time } that the file is there (genuine receipt)
event-receipt-unverified = a receipt that is NOT genuine; do not rely on it
event-damaged = found damaged on the relay; send it again
event-collected = downloaded as often as you allowed; content deleted
event-revoked = taken back by you; content deleted
event-expired = expired; content deleted
revoke-done = Taken back. The content is gone from the relay, and running downloads were cut off.
unlock-done = Unlocked. The recipient can try again.
sent-unknown = The relay does not know this share, or no longer
sent-unknown-hint = A relay forgets a share 30 days after it has ended. If it should know this one, its storage may not be there at the moment, and what this computer keeps of it stays: try again later, or ask whoever runs the relay.
sent-collected = It has been downloaded, on { $at }, as often as you allowed
sent-revoked = You took it back on { $at }
sent-expired = It expired on { $at }
list-files = { $files ->
    [one] one file
   *[other] { $files } files
}, { $size }
list-and-more = and { $count } more
list-unfinished = (not finished; go on with: share resume)
list-empty = Nothing was sent from this computer yet.
list-damaged = { $path } is left out: { $why }

# batch
batch-template-path = report.pdf
batch-template-name = J. Jansen
batch-template-message = Here is the file we spoke about.
batch-template-written = A template is in { $path }. In paths and recipient, | stands between several values.
no-working-folder = The working folder is gone
batch-secret-unreadable = The secret of batches in { $path } cannot be read
batch-secret-unwritable = The secret of batches cannot be written to { $path }
batch-secret-damaged = The secret of batches in { $path } is damaged
batch-secret-damaged-hint = Put it back from a backup. Only if no batch is to be run again, remove it: with another one, rows whose results are lost are sent once more.
batch-one-file-twice = { $path } is named for two things; each needs a file of its own
batch-not-begun = Not all rows were begun
batch-not-begun-hint = Run the same command again; it does what is missing.
batch-not-taken-back = An unfinished share of this row could not be taken back: { $link }
batch-not-taken-back-hint = So that nobody gets two, the row is not sent again yet. Run the batch again once the relay can be reached.
batch-other-run = { $path } has the results of another run
batch-other-run-hint = Name another file for the results of this one. If the file was moved, name the run with --run, as it was called or by the path that the results had.
batch-state = The home folder cannot be written, and the secret by which nothing is sent twice is in it
batch-state-hint = Let the program write there, as before.
batch-table-quote = A quotation mark in line { $line } of { $path } is not closed, or not at the end of its cell
batch-table-quote-hint = Close it, or write it twice if it is meant as such. Nothing was sent: what follows would have gone to the recipient of that row.
batch-line = line { $line }
batch-row-malformed = The row does not fit the columns
batch-row-twice = The same key as in line { $line }
batch-row-twice-hint = Give each row a key of its own in the column key; without one it is made of paths, recipient, to and case.
batch-row-not-plain = The column { $column } has more than 200 characters, or some that cannot be shown
batch-row-downloads = { $text } is no number of downloads
batch-row-address = { $text } is no e-mail address
batch-row-pattern = { $text } is no pattern of paths
batch-row-no-match = Nothing fits { $text }
batch-row-unreadable = { $path } cannot be read
batch-row-changed = The files or the message are not those that were sent
batch-row-changed-hint = What was sent stays as it is. To send the new ones too, give the row another key.
batch-row-sent = { $key }: sent
batch-row-before = { $key }: was sent before
batch-row-ok = { $key }: can be sent
batch-row-too-large = The row is larger than the relay takes: { $limit }
batch-row-too-long = The relay keeps nothing as long as that, at most { $limit }
batch-no-room = All rows together take { $needed }, and the relay has room for { $free }
batch-no-results = A batch writes what became of each row to a file
batch-no-relay = There is no relay to send through
batch-no-relay-hint = Name one with --relay URL or the variable SHARE_RELAY, or set one: share config set relay URL
batch-no-program = There is no program { $program }
batch-state-beside = There is no home folder that can be written: what it takes to go on is kept in { $path }.
batch-results-unwritable = The results cannot be written, so no more rows are begun
batch-words-unwritable = The words cannot be written
batch-words-nowhere = The row has no recipient key, so it needs words, and they have nowhere to go
batch-words-nowhere-hint = Name a file for them: --words FILE.
batch-words-kept = --words-command and --words-file-per-row need --words, so that no words are lost when a run ends early
batch-words-file-name = { $key } cannot be the name of a file; give the row another key
batch-words-command = { $program } has not taken the words: { $why }
batch-words-command-slow = it was ended after { $seconds } seconds
batch-words-lost = The row was sent, but its words are not where words are kept
batch-words-lost-hint = Nobody can open it without them. Take it back with: share revoke { $link }, and give the row another key.
batch-words-unknown = An earlier run ended while it handed over the words; nobody knows whether they arrived
batch-words-unknown-hint = Find out, then write done, or nothing, in the column handed_over of the words, and run it again.
batch-in-use = { $path } is in use by another run
batch-in-use-hint = Wait until it has ended. The lock goes with its process.
batch-table-unreadable = { $path } cannot be read
batch-table-no-text = { $path } is no text in UTF-8 or UTF-16
batch-table-no-text-hint = Save it as “CSV UTF-8”.
batch-table-unwritable = { $path } cannot be written
batch-table-column = { $path } has a column { $column } that is not known, or that it has twice
batch-table-column-hint = Known are: { $columns }. A template: share batch new FILE
batch-table-no-column = { $path } has no column { $column }
batch-table-damaged = Line { $line } of { $path } is not as share writes it
batch-table-damaged-hint = Mend the line, or name another file. Nothing was changed.
batch-too-many-attempts = The row was begun a hundred times, and never finished
batch-too-many-attempts-hint = Give it another key.
batch-some-failed = Some rows are not done
batch-some-failed-hint = They are in { $path }. Correct them there and run that file at once with the same results, or run the table again.
batch-check-failed = Some rows cannot be sent
batch-check-done = { $rows ->
    [one] One row
   *[other] { $rows } rows
}, { $size }: { $failed ->
    [0] all can be sent
    [one] one cannot be sent
   *[other] { $failed } cannot be sent
}.
batch-stopped = Stopped; run it again to go on
batch-fetch-received = { $key }: received
batch-fetch-before = { $key }: was received before
batch-fetch-key = { $key } cannot be the name of a folder
batch-fetch-key-hint = Give the row another key.
batch-fetch-twice = The same folder as in line { $line }
batch-fetch-twice-hint = Give each row a key of its own in the column key. Keys that differ in upper and lower case only are one folder on many computers.
batch-fetch-other-link = The results have this key with another link: { $link }
batch-fetch-other-link-hint = What was received stays as it is. To fetch this link too, give the row another key.
batch-fetch-words = This opens with words, which no table has
batch-fetch-words-hint = Fetch it with: share get { $link }
batch-watch-no-folder = { $path } cannot be watched
batch-watch-begins = Watching { $path }.
batch-watch-stopped = Stopped. What was begun goes on at the next start.
batch-watch-no-renames = The system does not tell of renames ({ $why }): what is renamed into the folder is taken once it has not changed for a while.
batch-watch-rules-unreadable = { $path } cannot be read
batch-watch-rules-line = Line { $line } of { $path }: { $what }
batch-watch-rules = { $path }: { $what }
batch-watch-rules-whom = It has to say either for whom files are (recipient), or where their words go (words), and not both
batch-watch-rules-hint = For example: recipient = "age1…", or words = "words.csv", which is then beside the watched folder.
batch-watch-rules-broken = { $what }. Nothing more is taken until that is mended.
batch-watch-rules-mended = The rules are in order again.
batch-watch-words-inside = Words may not be kept in the watched folder
batch-watch-words-nowhere = There is no folder for { $path }
batch-watch-words-lost-hint = Nobody can open it without them. Take it back with: share revoke { $link }, then touch the file and put it into the folder again.
batch-watch-left-alone = It is neither file nor folder, and stays where it is
batch-watch-again = { $what }. It is tried again.
batch-watch-pause = { $what }. It is tried again until it works.
batch-watch-goes-on = It works again.
batch-watch-contents-hint = Put that right, then put it into the folder again.
batch-watch-not-moved = It was worked off, and cannot be moved to { $into }/ yet
batch-watch-sent = { $name }: { $link }
batch-watch-failed = { $name }: failed

# login, config
login-ask-token = Your sender token:
login-done = From now on, share sends through { $relay }.
login-token-malformed = A sender token has 64 hexadecimal digits
token-malformed = What { $source } gives is no sender token, which has 64 hexadecimal digits
token-unreadable = The file that { $source } names cannot be read
token-twice = SHARE_TOKEN and SHARE_TOKEN_FILE are both set; leave one of them empty
token-file-stdin = SHARE_TOKEN_FILE needs the path of a file, and cannot be - for standard input
config-relay-set = From now on, share sends through { $relay }.
config-relay = Relay: { $relay }
config-no-relay = No relay is set; share serves from this computer.
config-token = Sender token for: { $relay }

# doctor
doctor-page-released = { $relay } serves exactly the page of share { $version } to browsers.
doctor-page-now = This is what it serves to this computer now, by the bytes of every file and by the headers that decide what a browser does with them. `share get` need not trust any relay's page.
doctor-page-differs = { $relay } does not serve the page of share { $version }; these files differ: { $files }
doctor-page-differs-hint = The relay says it runs { $software }, and this is share { $version }. With another version another page is to be expected. With the same one, type no words into that page: use `share get`, and tell whoever runs the relay.
doctor-no-relay = There is no relay to check
doctor-no-relay-hint = Name one: share doctor --relay URL, or give a link: share doctor LINK

# batch: summary and monitoring
batch-summary = { $rows ->
    [one] One row
   *[other] { $rows } rows
}: { $results }; { $time }
batch-rows-done = { $count } done ({ $size })
batch-rows-before = { $count } done before
batch-rows-failed = { $count } failed
batch-rows-not-begun = { $count } not begun
batch-output-no-folder = The folder that { $path } is to be in is not there
batch-output-foreign = { $path } is there already, and share batch did not write it
batch-output-unreadable = { $path } is there already, and cannot be read
batch-output-unwritable = { $path } cannot be written
batch-ping-invalid = The address for --ping cannot be used
batch-ping-invalid-hint = Give the whole address, with https:// and without a user name. Plain http:// works only for this computer and for addresses in private networks.
batch-ping-unreadable = The address for --ping in { $path } cannot be read
batch-ping-failed = The monitoring service was not told: { $why }
ping-unreachable = it cannot be reached ({ $why })
ping-stalled = it does not answer
ping-untrusted = its certificate is not accepted ({ $why })
ping-status = it answered with error { $status }
batch-report-address = That is not an e-mail address for --report: { $address }
batch-report-complete = share batch { $command }: all is done
batch-report-incomplete = share batch { $command }: NOT all is done
batch-report-times = Began { $start }, ended { $end }.
batch-report-error = Ended by the error { $code } (exit code { $exit }).
batch-report-again = To do what is missing, run the same command again.
batch-report-failed = Rows that failed, by their keys:
batch-report-retryable = { $code } (may pass when run again)
batch-sendmail-missing = There is no sendmail program to send the report with
batch-sendmail-missing-hint = Install one, for example that of Postfix or msmtp, or have the report written to a file: --report FILE
batch-sendmail-failed = The report could not be handed to sendmail
batch-sendmail-ended = sendmail did not take the report ({ $how })
batch-sendmail-stalled = sendmail did not take the report in time

## ui
# (the terminal)

ui-warning = warning: { $text }
ui-hint = hint: { $text }
ui-cannot-ask = The question cannot be asked
ui-cannot-print = The output cannot be written
ui-stopped = Stopped
stdin-twice = Standard input can be read for one purpose only; - stands for it more than once
ui-no-terminal = A question must be answered, but nobody is at a terminal
ui-no-terminal-hint = Answer it on the command line with { $option }
ui-yes = yes
ui-no = no
ui-yes-or-no = Please answer yes or no.
