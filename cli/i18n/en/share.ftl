# Every sentence a user reads, English. One section a module; messages sorted by where they appear.
# Plain words, no blame. A failure says what happened; its "-hint" says what to do next.

## envelope
# (the header, the words, the payload)
envelope-header-malformed = This is not an age file, or its beginning is damaged.
envelope-header-tampered = The beginning of the file was changed after it was sealed.
envelope-needs-words = This was sealed with words; a private key does not open it.
envelope-needs-keys = This was sealed to a private key; words do not open it.
envelope-wrong-words = The words do not open this.
envelope-no-identity-fits = None of your private keys opens this.
envelope-too-much-work = Trying a passphrase on this would take too much work: 2^{ $found }, where 2^{ $max } is the most.
envelope-tampered = The content was changed or damaged after it was sealed (at chunk { $chunk }).
envelope-truncated = The content ends too early: a part of it is missing.
envelope-trailing-data = The content is longer than it should be.
envelope-no-recipients = No public key was given to seal to.
envelope-too-many-recipients = These are too many public keys for one file.
envelope-recipients-do-not-mix = Post-quantum and ordinary public keys cannot be used together.
envelope-system = The computer could not do what encryption needs.
key-unreadable = The file with keys cannot be read.
key-file-too-large = The file is too large to be a file with keys.
key-line = Line { $line } cannot be used.
key-not-a-recipient = This is not a public key: { $start }
key-secret = This is a private key. Keep it to yourself, and give the public key instead.
key-plugin = This key needs the program age-plugin-{ $name }; share does not start other programs.
key-unsupported = Keys of the kind { $kind } are not supported.
key-rsa-too-small = This RSA key is too weak: it has fewer than 2048 bits.
key-rsa-too-large = This RSA key is too long: it has more than 4096 bits.
key-none = There is no key in the file.
key-not-an-identity = This is not a private key, or it is damaged.
key-passphrase-needed = The private key is protected by a passphrase, and none was given.
key-passphrase-wrong = The passphrase does not open the private key.
key-encrypted = The encrypted file with private keys cannot be opened.

## content
# (files and folders: reading, packing, unpacking)
content-nothing = There is nothing to send: only links and special files were found.
content-not-found = { $path } does not exist.
content-unreadable = { $path } could not be read.
content-changed = { $path } changed while it was being sent.
content-special = { $path } is not an ordinary file or folder.
content-nameless = { $path } has no name that can be sent. Name a folder in it instead.
content-not-unicode = The name of { $path } is not valid Unicode text. Rename it and try again.
content-forbidden-name = { $path } has a name that not every computer can use. Rename it and try again.
content-same-name = { $first } and { $second } would have the same name at the recipient's computer. Rename one of them.
content-too-many = More files and folders than the { $limit } that fit in one share, or too large together. Put them in an archive first.
content-message-long = The message is too long: at most { $limit } KiB.
content-message-character = The message holds a character that cannot be sent: { $character }.
content-newer = This was sent by a newer version of share. Update share and try again.
content-manifest = The list of what is inside this share is wrong. Ask the sender to send it again.
content-archive = The content of this share is not what it should be, near “{ $path }”. Nothing was saved. Ask the sender to send it again.
content-input = The content could not be read.
content-disk-full = The disk is full: { $path } could not be written.
content-no-permission = You are not allowed to write { $path }.
content-in-the-way = { $path } is in the way, and will not be replaced.
content-write = { $path } could not be written.
name-empty = part of the name is empty
name-dots = “.” and “..” are not names
name-character = it holds the character { $character }
name-device = Windows keeps this name for a device
name-ending = it ends in a dot or a space
name-not-composed = its accents are not in the usual form (Unicode NFC)
name-long = it is longer than { $bytes } bytes, or { $total } with its folders
name-deep = it is more than { $depth } folders deep
fault-truncated = it ends too early
fault-trailing = something follows its end
fault-malformed = it is not in the form it should have ({ $detail })
fault-type = it holds something that is neither a file nor a folder (type { $kind })
fault-name = it holds a forbidden name
fault-same-name = it holds the same name twice
fault-no-folder = it holds a file outside any folder it lists
fault-order = it is not in order
fault-totals = its sizes or counts contradict each other
fault-too-many = it holds more than { $limit } files and folders, or too long a list
fault-unlisted = it holds something else than was announced
fault-message = its message is too long or holds control characters
skip-link = a link; --follow sends what it points to
skip-broken = a link to nothing
skip-loop = a link to a folder it is in
skip-special = a device, pipe or socket

## link
link-damaged = This link is damaged: a part of it is wrong or missing.
link-damaged-hint = Copy the whole link, or ask the sender to send it again.
link-not-a-link = This is not a link of share.
link-not-a-link-hint = A link looks like https://relay.example/s/… – give only the link, without other text.
link-hidden = This link leads through { $host }, which hides where it goes.
link-hidden-hint = Open it in a browser and copy the address you arrive at, or ask the sender for the link itself.
link-insecure = { $host } is named with http://, which is not safe on the internet.
link-insecure-hint = Use https://. Plain http:// is only for this computer and for addresses in a private network.
relay-url-invalid = This is not the address of a relay.
relay-url-invalid-hint = An address looks like https://relay.example, with nothing after it but a path.

## client
# (talking to the relay)

## transfer
# (upload, download)

## ledger and configuration

## commands

## ui
# (the terminal)
