# Every sentence a user reads, English. One section a module; messages sorted by where they appear.
# Plain words, no blame. A failure says what happened; its "-hint" says what to do next.

## envelope
# (the header, the words, the payload)
words-unknown = Word { $position } is not on the list: { $word }.
words-unknown-alike = Word { $position } is not on the list: { $word }. Did you mean: { $alike }?
words-count = A share has { $min } to { $max } words; these are { $found }.
words-checksum = These words do not belong together: one of them is wrong, or two have changed places.

## content
# (files and folders: reading, packing, unpacking)

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
