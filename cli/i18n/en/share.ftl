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

## link

## client
# (talking to the relay)

## transfer
# (upload, download)

## ledger and configuration

## commands

## ui
# (the terminal)
