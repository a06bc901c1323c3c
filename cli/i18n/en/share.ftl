# Every sentence a user reads, English. One section a module; messages sorted by where they appear.
# Plain words, no blame. A failure says what happened; its "-hint" says what to do next.

## envelope
# (the header, the words, the payload)

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

## client
# (talking to the relay)

## transfer
# (upload, download)

## ledger and configuration

## commands

## ui
# (the terminal)
